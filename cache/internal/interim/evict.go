package interim

type State uint32
type Kind uint8

const (
	NoEviction Kind = iota
	LRU
	VolatileLRU
)

type Policy struct {
	kind Kind
	now  uint32
}

func (p *Policy) Init(k Kind)                                 { p.kind = k }
func (p *Policy) Kind() Kind                                  { return p.kind }
func (p *Policy) Volatile() bool                              { return p.kind == VolatileLRU }
func (p *Policy) Insert(hash uint64, size int) State          { return State(p.now & 0xffffff) }
func (p *Policy) Update(s State, hash uint64, size int) State { return State(p.now & 0xffffff) }
func (p *Policy) Touch(s State, hash uint64) State            { return State(p.now & 0xffffff) }
func (p *Policy) Score(s State, size int, at, now int64) uint64 {
	return uint64((p.now-uint32(s))&0xffffff) + 1
}
func (p *Policy) Evicted(hash uint64, s State, size int) {}
func (p *Policy) Idle(s State, now int64) int64          { return 0 }
func (p *Policy) Frequency(s State) uint8                { return 0 }
func (p *Policy) Tick(now int64)                         { p.now = uint32(now / 16) }
