package loadgen

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/mix"
)

// scan gives a skim a stream in pieces of at most size bytes.
func scan(s *skim, stream string, size int) (answers []answer, err error) {
	for len(stream) > 0 {
		piece := []byte(stream[:min(size, len(stream))])
		stream = stream[len(piece):]
		for len(piece) > 0 {
			used, ok, err := s.next(piece)
			if err != nil {
				return answers, err
			}
			if piece = piece[used:]; ok {
				a := s.answer
				a.text = append([]byte(nil), a.text...)
				answers = append(answers, a)
			}
		}
	}
	return answers, nil
}

func TestScan(t *testing.T) {
	for stream, want := range map[string]string{
		"+OK\r\n":                          "+ 0/0 OK",
		"-ERR no\r\n":                      "- 0/0 ERR no",
		":-12\r\n":                         ": 0/0 -12",
		"$3\r\na\r\n\r\n":                  "$ 0/0 ",
		"$0\r\n\r\n":                       "$ 0/0 ",
		"$-1\r\n":                          "$ 1/0 missed ",
		"*-1\r\n":                          "* 1/0 missed ",
		"_\r\n":                            "_ 1/0 missed ",
		"*0\r\n":                           "* 0/0 missed ",
		"%0\r\n":                           "% 0/0 missed ",
		"*3\r\n$1\r\nx\r\n$-1\r\n_\r\n":    "* 2/3 ",
		"*2\r\n*1\r\n-ERR inner\r\n*0\r\n": "* 0/2 ",
		"%1\r\n+a\r\n#t\r\n":               "% 0/2 ",
		"|1\r\n+ttl\r\n:5\r\n$2\r\nab\r\n": "$ 0/0 ",
		">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n+OK\r\n": "+ 0/0 OK",
		"=7\r\ntxt:abc\r\n":                             "= 0/0 ",
	} {
		for _, size := range []int{1, 2, 5, 1 << 20} {
			got, err := scan(new(skim), stream+stream, size)
			require.NoError(t, err, "%q", stream)
			require.Len(t, got, 2, "%q in pieces of %d", stream, size)
			for _, a := range got {
				missed := ""
				if a.missed() {
					missed = "missed "
				}
				assert.Equal(t, want, fmt.Sprintf("%c %d/%d %s%s", a.kind, a.nulls, a.size, missed, a.text), "%q", stream)
			}
		}
	}
}

func TestScanRefuses(t *testing.T) {
	for _, stream := range []string{
		"hello\r\n", "\r\n", "\n", "+OK\n", "$x\r\n", "$\r\n", "$-2\r\n", "*99999999999\r\n", strings.Repeat("x", maxLine+1),
	} {
		_, err := scan(new(skim), stream, 1<<20)
		assert.Error(t, err, "%.20q", stream)
	}
}

// Messages count as replies where somebody waits for them, and say when they were due.
func TestScanPushes(t *testing.T) {
	stamp := make([]byte, stampSize)
	writeStamp(stamp, 123456789)
	text := ">3\r\n+message\r\n$1\r\nc\r\n" + bulk(string(stamp)+"more")
	for _, size := range []int{1, 7, 1 << 20} {
		got, err := scan(&skim{pushes: true}, text, size)
		require.NoError(t, err)
		require.Len(t, got, 1)
		at, ok := readStamp(got[0].head[:got[0].heads])
		assert.True(t, ok)
		assert.Equal(t, int64(123456789), at)
	}
	_, ok := readStamp([]byte("0123456789abcdeX"))
	assert.False(t, ok)
	_, ok = readStamp([]byte("0123"))
	assert.False(t, ok)
}

// reply draws a reply of any shape.
func reply(t *rapid.T, depth int) string {
	kinds := 8
	if depth > 2 {
		kinds = 5
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return "+" + rapid.StringMatching(`[a-z ]{0,20}`).Draw(t, "status") + "\r\n"
	case 1:
		return fmt.Sprintf(":%d\r\n", rapid.Int64().Draw(t, "integer"))
	case 2:
		return rapid.SampledFrom([]string{"$-1\r\n", "_\r\n", "*-1\r\n"}).Draw(t, "null")
	case 3:
		return "-" + rapid.StringMatching(`[A-Z]{1,9}`).Draw(t, "error") + "\r\n"
	case 4:
		return bulk(rapid.StringOf(rapid.SampledFrom([]rune("ab\r\n$*"))).Draw(t, "string"))
	case 5:
		n := rapid.IntRange(0, 3).Draw(t, "pairs")
		text := fmt.Sprintf("%%%d\r\n", n)
		for range 2 * n {
			text += reply(t, depth+1)
		}
		return text
	}
	n := rapid.IntRange(0, 4).Draw(t, "elements")
	text := fmt.Sprintf("*%d\r\n", n)
	for range n {
		text += reply(t, depth+1)
	}
	return text
}

// A skim sees the same replies as the parser that keeps them, in whatever pieces.
func TestScanAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := ""
		for range rapid.IntRange(1, 6).Draw(t, "replies") {
			stream += reply(t, 0)
		}
		var p client.Parser
		p.Filled(copy(p.Room(), stream))
		var want []client.Reply
		for {
			r, ok, err := p.Next()
			require.NoError(t, err)
			if !ok {
				break
			}
			want = append(want, r)
		}
		got, err := scan(new(skim), stream, rapid.IntRange(1, 40).Draw(t, "size"))
		require.NoError(t, err)
		require.Len(t, got, len(want))
		for i, r := range want {
			assert.Equal(t, r.Kind, got[i].kind)
			assert.Equal(t, len(r.Elems), got[i].size)
			assert.Equal(t, r.Null || got[i].size == 0 && strings.ContainsRune("*%", rune(r.Kind)), got[i].missed())
		}
	})
}

// Any stream ends in replies or an error, however it is cut.
func FuzzScan(f *testing.F) {
	f.Add("+OK\r\n$3\r\nabc\r\n*2\r\n:1\r\n$-1\r\n", 3)
	f.Fuzz(func(t *testing.T, stream string, size int) {
		if size < 1 || len(stream) > 1<<12 {
			return
		}
		whole, err := scan(new(skim), stream, 1<<20)
		pieces, errPieces := scan(new(skim), stream, size)
		assert.Equal(t, len(whole), len(pieces))
		assert.Equal(t, err == nil, errPieces == nil)
	})
}

func TestSchedule(t *testing.T) {
	// Two threads take turns, at a pace that does not drift.
	c := &Config{Rate: 3000 * 7, Burst: 7, Threads: 2}
	a, b := newSchedule(c, 0, 1000), newSchedule(c, 1, 1000)
	for i := range int64(9000) {
		s := &a
		if i%2 == 1 {
			s = &b
		}
		assert.InDelta(t, 1000+float64(i)*1e9/3000, float64(s.next), 2)
		s.advance()
	}
	// Random moments have exponential gaps: mean and deviation are alike.
	const n = 100_000
	c = &Config{Rate: 1e6, Burst: 1, Threads: 1, Poisson: true, Seed: 1}
	s := newSchedule(c, 0, 0)
	sum, squares, last := 0.0, 0.0, int64(0)
	for range n {
		gap := float64(s.next - last)
		sum, squares, last = sum+gap, squares+gap*gap, s.next
		s.advance()
	}
	mean := sum / n
	assert.InDelta(t, 1000, mean, 4*1000/316)
	assert.InDelta(t, 2*mean*mean, squares/n, 0.05*2*mean*mean)
	again := newSchedule(c, 0, 0)
	assert.NotEqual(t, again.next, newSchedule(&Config{Rate: 1e6, Burst: 1, Threads: 1, Poisson: true, Seed: 2}, 0, 0).next)
}

func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue[int]
		var model []int
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) { v := rapid.Int().Draw(t, "v"); q.push(v); model = append(model, v) },
			"pop": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip()
				}
				assert.Equal(t, model[0], q.pop())
				model = model[1:]
			},
			"clear": func(*rapid.T) { q.clear(); model = nil },
			"":      func(t *rapid.T) { assert.Equal(t, len(model), q.held) },
		})
	})
}

// The path of a command allocates nothing.
func TestNoAllocation(t *testing.T) {
	w, err := mix.New(mix.Config{Mix: "get=9,set=1,mget:10=1", Keys: 1000})
	require.NoError(t, err)
	for _, rate := range []float64{0, 1e6} {
		c := &Config{Workload: Mix(w), Depth: 16, Connections: 1, Rate: rate, Duration: time.Hour}
		require.NoError(t, c.settle())
		r := &run{ctx: t.Context(), cfg: c, names: w.Commands(), base: time.Now(), end: int64(time.Hour), line: newTimeline(1)}
		worker := newWorker(r, 0)
		worker.begin()
		m := worker.conns[0]
		m.open, m.quota = true, 1<<60
		now := int64(0)
		one := bulk("a value")
		replies := []byte(strings.Repeat(one, 16))
		step := func() {
			now += 16_000
			if rate > 0 {
				worker.release(now)
				worker.dirty, m.marked = worker.dirty[:0], false
			}
			worker.compose(m, now)
			if err := worker.take(m, replies[:m.flights.held*len(one)], now+50); err != nil {
				t.Fatal(err)
			}
		}
		for range 100 {
			step()
		}
		assert.Zero(t, testing.AllocsPerRun(1000, step))
		assert.Greater(t, worker.total, int64(10_000))
	}
}
