package cache

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// setForms are sets of each form, with a member of theirs and one to come.
var setForms = []struct {
	name        string
	prefix      string
	size        int
	there, more string
}{
	{"ints", "", 500, "250", "77777"},
	{"packed20", "member:", 20, "member:10", "other"},
	{"packed128", "member:", 127, "member:100", "other"},
	{"table1k", "member:", 1000, "member:500", "other"},
	{"table1M", "member:", 1_000_000, "member:500000", "other"},
}

func benchSets(b *testing.B, run func(b *testing.B, r *setRig, key, there, more []byte)) {
	for _, f := range setForms {
		b.Run(f.name, func(b *testing.B) {
			r := newSetRig(b, DefaultLimits())
			r.add("set", setWords(f.prefix, f.size)...)
			b.ReportAllocs()
			run(b, r, []byte("set"), []byte(f.there), []byte(f.more))
		})
	}
}

func BenchmarkSIsMember(b *testing.B) {
	benchSets(b, func(b *testing.B, r *setRig, key, there, _ []byte) {
		for b.Loop() {
			_, _ = r.tx.SIsMember(key, there)
		}
	})
}

func BenchmarkSAddSRem(b *testing.B) {
	benchSets(b, func(b *testing.B, r *setRig, key, _, more []byte) {
		for b.Loop() {
			_, _ = r.tx.SAdd(key, more)
			_, _ = r.tx.SRem(key, more)
		}
	})
}

func BenchmarkSRandMember(b *testing.B) {
	benchSets(b, func(b *testing.B, r *setRig, key, _, _ []byte) {
		f := func([]byte) bool { return true }
		for b.Loop() {
			_ = r.tx.SRandMember(key, 1, f)
		}
	})
}

func BenchmarkSMembers(b *testing.B) {
	benchSets(b, func(b *testing.B, r *setRig, key, _, _ []byte) {
		n := 0
		for b.Loop() {
			m, _ := r.tx.SMembers(key)
			for member := range m.All() {
				n += len(member)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(max(1, len(r.members("set")))), "ns/member")
	})
}

// BenchmarkSetFill makes one large set, and tells what it takes over its members.
func BenchmarkSetFill(b *testing.B) {
	for b.Loop() {
		r := newSetRig(b, DefaultLimits())
		const n = 1_000_000
		payload := 0
		var buf []byte
		for i := range n {
			buf = strconv.AppendInt(append(buf[:0], "member:"...), int64(i), 10)
			payload += len(buf)
			_, err := r.tx.SAdd([]byte("set"), buf)
			require.NoError(b, err)
		}
		info, _ := r.tx.Object([]byte("set"))
		b.ReportMetric(float64(info.Bytes-payload)/n, "over/member")
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/member")
	}
}

// BenchmarkSmallSets makes many sets of 20 members.
func BenchmarkSmallSets(b *testing.B) {
	for b.Loop() {
		r := newSetRig(b, DefaultLimits())
		const sets, n = 20_000, 20
		payload, bytes := 0, 0
		for i := range sets {
			key := []byte("set:" + strconv.Itoa(i))
			payload += len(key)
			for j := range n {
				member := []byte("member:" + strconv.Itoa(i*n+j))
				payload += len(member)
				_, err := r.tx.SAdd(key, member)
				require.NoError(b, err)
			}
			info, _ := r.tx.Object(key)
			bytes += info.Bytes
		}
		b.ReportMetric(float64(bytes-payload)/(sets*n), "over/member")
	}
}
