package exec

import "testing"

// BenchmarkScripts is the cost of scripts that do what people's scripts do.
func BenchmarkScripts(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"calls", "for i=1,10 do redis.call('GET', KEYS[1]) end return 1"},
		{"sum", "local s=0 for i=1,100 do s = s + redis.call('INCRBY', KEYS[1], i) end return s"},
		{"text", "local s='' for i=1,100 do s = s .. i .. ',' end return #s"},
		{"table", "local t={} for i=1,100 do t[#t+1]=i*2 end local s=0 for i,v in ipairs(t) do s=s+v end for k,v in pairs(t) do s=s+v end return s"},
		{"arithmetic", "local s=0 for i=1,1000 do s = s + i % 7 * 2 end return s"},
		{"recursion", "local function f(n) if n < 2 then return n end return f(n-1)+f(n-2) end return f(12)"},
		{"json", `local o = cjson.decode('{"id":123,"name":"some name","count":5,"tags":["a","b","c"],"nested":{"x":1.5,"y":true,"z":null}}') o.count = o.count + 1 return cjson.encode(o)`},
		{"concat", "local t={} for i=1,50 do t[i]='item:'..i end return table.concat(t,',')"},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, resumed := patientRig(b)
			sha := r.raw("SCRIPT", "LOAD", c.text)
			r.do("set k 1")
			argv := [][]byte{[]byte("evalsha"), []byte(sha[5:45]), []byte("1"), []byte("k")}
			out := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				out = r.x.Execute(r.session, argv, out[:0])
				if r.session.Blocked { // the collector came in between
					<-resumed
					r.session.Blocked = false
				} else if out[0] == '-' {
					b.Fatal(string(out))
				}
			}
		})
	}
}
