package compare

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDisagree(t *testing.T) {
	mask := []*regexp.Regexp{regexp.MustCompile(`id=\d+`)}
	group := []*regexp.Regexp{regexp.MustCompile(`\+\w\r\n:(?P<only>\d+)`)}
	for _, c := range []struct {
		name         string
		how          How
		ours, theirs string
		agree        bool
	}{
		{"equal", How{}, "+OK\r\n", "+OK\r\n", true},
		{"another byte", How{}, "+OK\r\n", "+ok\r\n", false},
		{"another type", How{}, "$1\r\n1\r\n", ":1\r\n", false},
		{"order", How{IgnoreOrder: 1}, "*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+a\r\n", true},
		{"order, another element", How{IgnoreOrder: 1}, "*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+c\r\n", false},
		{"order, a set for an array", How{IgnoreOrder: 1}, "~1\r\n+a\r\n", "*1\r\n+a\r\n", false},
		{"order of pairs", How{IgnoreOrder: 2}, "*4\r\n+a\r\n:1\r\n+b\r\n:2\r\n", "*4\r\n+b\r\n:2\r\n+a\r\n:1\r\n", true},
		{"order across pairs", How{IgnoreOrder: 2}, "*4\r\n+a\r\n:1\r\n+b\r\n:2\r\n", "*4\r\n+b\r\n:1\r\n+a\r\n:2\r\n", false},
		{"near", How{Approx: 2}, ":100\r\n", ":98\r\n", true},
		{"near, but negative", How{Approx: 2}, ":-1\r\n", ":-2\r\n", false},
		{"not near", How{Approx: 2}, ":100\r\n", ":97\r\n", false},
		{"near, of another type", How{Approx: 2}, ":1\r\n", "$1\r\n1\r\n", false},
		{"near in an array", How{Approx: 2}, "*2\r\n$3\r\n100\r\n+a\r\n", "*2\r\n$2\r\n99\r\n+a\r\n", true},
		{"type", How{TypeOnly: true}, ":1\r\n", ":2\r\n", true},
		{"another type alone", How{TypeOnly: true}, ":1\r\n", "+2\r\n", false},
		{"error code", How{TypeOnly: true}, "-ERR a\r\n", "-ERR b\r\n", true},
		{"another error code", How{TypeOnly: true}, "-ERR a\r\n", "-NOAUTH b\r\n", false},
		{"shape", How{Shape: true}, "*2\r\n:1\r\n$1\r\na\r\n", "*2\r\n:5\r\n$2\r\nbb\r\n", true},
		{"another shape", How{Shape: true}, "*2\r\n:1\r\n$1\r\na\r\n", "*2\r\n:5\r\n$-1\r\n", false},
		{"order within a page", How{IgnoreOrder: 1, Within: true}, "*2\r\n$1\r\n0\r\n*2\r\n+a\r\n+b\r\n", "*2\r\n$1\r\n0\r\n*2\r\n+b\r\n+a\r\n", true},
		{"order of a page", How{IgnoreOrder: 1, Within: true}, "*2\r\n$1\r\n0\r\n*1\r\n+a\r\n", "*2\r\n*1\r\n+a\r\n$1\r\n0\r\n", false},
		{"order of nested pairs", How{IgnoreOrder: 2}, "*2\r\n*2\r\n+a\r\n:1\r\n*2\r\n+b\r\n:2\r\n", "*2\r\n*2\r\n+b\r\n:2\r\n*2\r\n+a\r\n:1\r\n", true},
		{"the same double", How{Doubles: true}, "*2\r\n+a\r\n$3\r\n0.1\r\n", "*2\r\n+a\r\n$19\r\n0.10000000000000001\r\n", true},
		{"the same double, with an exponent", How{Doubles: true}, ",1.5e+4\r\n", ",15000\r\n", true},
		{"another double", How{Doubles: true}, ",0.1\r\n", ",0.10000000000000002\r\n", false},
		{"another zero", How{Doubles: true}, ",0\r\n", ",-0\r\n", false},
		{"without a field", How{Without: []string{"x"}}, "*1\r\n%2\r\n+a\r\n:1\r\n+x\r\n:2\r\n", "*1\r\n%1\r\n+a\r\n:1\r\n", true},
		{"without a flat field", How{Without: []string{"x"}}, "*4\r\n+x\r\n:2\r\n+a\r\n:1\r\n", "*4\r\n+a\r\n:1\r\n+x\r\n:3\r\n", true},
		{"without another field", How{Without: []string{"x"}}, "*2\r\n+y\r\n:2\r\n", "*0\r\n", false},
		{"mask of a group", How{Masks: group}, "*2\r\n+a\r\n:12\r\n", "*2\r\n+a\r\n:5\r\n", true},
		{"outside the group", How{Masks: group}, "*2\r\n+a\r\n:12\r\n", "*2\r\n+b\r\n:12\r\n", false},
		{"mask", How{Masks: mask}, "$4\r\nid=5\r\n", "$4\r\nid=7\r\n", true},
		{"outside the mask", How{Masks: mask}, "$5\r\nid=5x\r\n", "$5\r\nid=7y\r\n", false},
		{"more fields", How{Fields: true}, "$19\r\n# A\r\nx:1\r\ny:2\r\nz:\r\n\r\n", "$10\r\n# A\r\nx:9\r\n\r\n", true},
		{"a field that is missing", How{Fields: true}, "$10\r\n# A\r\nx:1\r\n\r\n", "$10\r\n# A\r\ny:1\r\n\r\n", false},
		{"a field of another section", How{Fields: true}, "$15\r\n# A\r\n# B\r\nx:1\r\n\r\n", "$10\r\n# A\r\nx:1\r\n\r\n", false},
		{"no reply to parse", How{Approx: 1}, "", ":1\r\n", false},
	} {
		why := c.how.Disagree([]byte(c.ours), []byte(c.theirs))
		require.Equal(t, c.agree, why == "", "%s: %s", c.name, why)
	}
}

func TestDisagreementPointsAtTheFirstByte(t *testing.T) {
	why := (&How{}).Disagree([]byte("+ab\r\n"), []byte("+ac\r\n"))
	require.Contains(t, why, "from byte 2 on")
}
