package handlers

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDiagnosis(t *testing.T) {
	healthy := memoryReport{
		used: 100 << 20, peak: 101 << 20, items: 90 << 20, index: 5 << 20, meta: 4 << 20, free: 1 << 20,
		rss: 110 << 20, clients: 1000, connections: 10, keys: 1000,
	}
	assert.Equal(t, doctorFine, healthy.diagnosis())
	assert.Equal(t, doctorEmpty, memoryReport{}.diagnosis())

	for words, spoil := range map[string]func(*memoryReport){
		"Peak memory":                  func(m *memoryReport) { m.peak = 200 << 20 },
		"High total RSS":               func(m *memoryReport) { m.rss = 200 << 20 },
		"High allocator fragmentation": func(m *memoryReport) { m.items = 50 << 20 },
		"Big client buffers":           func(m *memoryReport) { m.clients = 10 << 20 },
	} {
		m := healthy
		spoil(&m)
		report := m.diagnosis()
		assert.Contains(t, report, " * "+words)
		assert.Contains(t, report, doctorAdvice)
		assert.NotContains(t, report, "%!")
		assert.NotContains(t, report, "%%")
	}
}

func TestMemoryReportDividesByNothing(t *testing.T) {
	var m memoryReport
	assert.Zero(t, m.bytesPerKey())
	assert.Zero(t, m.indexShare(5))
	assert.Zero(t, ratio(5, 0))
	assert.Zero(t, percent(5, -1))
	assert.EqualValues(t, 50, memoryReport{index: 100, keys: 10}.indexShare(5))
}

func TestHumanBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0B", 1023: "1023B", 1024: "1.00K", 1536: "1.50K", 1 << 20: "1.00M", 5 << 30: "5.00G", 3 << 40: "3.00T",
		1 << 50: "1.00P", 1 << 60: "1024.00P",
	} {
		assert.Equal(t, want, humanBytes(n))
	}
}
