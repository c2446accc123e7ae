package exec

import "testing"

// BenchmarkEvalSHA is the cost of a script around one GET.
func BenchmarkEvalSHA(b *testing.B) {
	r := newRig(b)
	sha := r.raw("SCRIPT", "LOAD", "return redis.call('GET',KEYS[1])")
	r.do("set k v")
	argv := [][]byte{[]byte("evalsha"), []byte(sha[5:45]), []byte("1"), []byte("k")}
	out := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		out = r.x.Execute(r.session, argv, out[:0])
	}
	if string(out) != "$1\r\nv\r\n" {
		b.Fatal(string(out))
	}
}
