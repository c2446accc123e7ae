package handlers

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/internal/blocking"
	"github.com/ashlar-cache/ashlar/protocol/internal/process"
	"github.com/ashlar-cache/ashlar/protocol/internal/script"
)

// The sections of INFO about the process: who it is, whom it serves, and what
// it takes of the machine.

// infoServer says who this is. Clients go by redis_version, so that is the Redis
// whose commands and replies these are; ashlar_version is the program's own.
func infoServer(w *infoWriter) {
	c, id := w.server.Config, w.server.Process
	w.text("redis_version", RedisVersion)
	w.text("ashlar_version", id.Version)
	w.fixed("redis_git_sha1:00000000 redis_git_dirty:0 redis_build_id:0 redis_mode:standalone")
	w.text("os", process.System())
	w.int("arch_bits", strconv.IntSize)
	w.text("monotonic_clock", "POSIX clock_gettime")
	w.text("multiplexing_api", process.Multiplexing)
	w.fixed("atomicvar_api:c11-builtin gcc_version:0.0.0")
	w.text("go_version", runtime.Version())
	w.int("process_id", int64(os.Getpid()))
	w.text("process_supervised", supervisor(c.Supervised.Text()))
	w.text("run_id", id.RunID)
	port := c.Port.Int()
	if port == 0 {
		port = c.TLSPort.Int()
	}
	w.int("tcp_port", port)
	w.int("server_time_usec", w.now.UnixMicro())
	w.int("uptime_in_seconds", id.Uptime())
	w.int("uptime_in_days", id.Uptime()/(24*60*60))
	w.int("hz", c.Hz.Int())
	w.int("configured_hz", c.Hz.Int())
	w.int("lru_clock", lruClock(w.now.UnixMilli()))
	executable, _ := os.Executable()
	w.text("executable", executable)
	w.text("config_file", c.File)
	w.fixed("io_threads_active:0")
	if w.server.Loops != nil {
		w.int("ashlar_loops", int64(w.server.Loops()))
	}
	w.listeners()
}

// supervisor is who watches over the process: systemd where the configuration
// says so, or says to find out and there are signs of it.
func supervisor(setting string) string {
	if setting == "systemd" || setting == "auto" && os.Getenv("NOTIFY_SOCKET") != "" {
		return "systemd"
	}
	return "no"
}

// listeners writes a line for each kind of socket that is listened on, as Redis
// does since 7.2: all addresses of one kind stand in its line. A kind has its number.
func (w *infoWriter) listeners() {
	c := w.server.Config
	var binds strings.Builder
	for _, address := range c.Bind.Words() {
		binds.WriteString(",bind=" + address)
	}
	if port := c.Port.Int(); port != 0 {
		w.line(fmt.Sprintf("listener0:name=tcp%s,port=%d", &binds, port))
	}
	if path := c.UnixSocket.Text(); path != "" {
		w.line("listener1:name=unix,bind=" + path)
	}
	if port := c.TLSPort.Int(); port != 0 {
		w.line(fmt.Sprintf("listener2:name=tls%s,port=%d", &binds, port))
	}
}

// infoClients counts connections, and who waits for keys, watches some, keeps copies of
// some, or subscribes.
func infoClients(w *infoWriter) {
	c := w.server.connections()
	w.int("connected_clients", int64(c.Open))
	w.fixed("cluster_connections:0")
	w.int("maxclients", w.server.Config.MaxClients.Int())
	w.int("client_recent_max_input_buffer", c.MaxInput)
	w.int("client_recent_max_output_buffer", c.MaxOutput)
	var waits blocking.Stats
	if w.server.Blocking != nil {
		waits = w.server.Blocking.Stats()
	}
	w.int("blocked_clients", int64(waits.Clients+w.server.Pause.Parked()))
	w.int("tracking_clients", int64(w.server.Tracking.Clients()))
	w.int("pubsub_clients", int64(w.server.Exchange.Clients()))
	w.int("watching_clients", int64(w.server.Watch.Clients()))
	w.int("clients_in_timeout_table", int64(waits.Timed))
	w.int("total_watched_keys", int64(w.server.Watch.Total()))
	w.int("total_blocking_keys", int64(waits.Keys))
	w.int("total_blocking_keys_on_nokey", int64(waits.GoneKeys))
}

// scripts writes what scripts take. The states run scripts and functions alike, so all
// stand under eval; what one takes while it runs is not counted.
func (w *infoWriter) scripts() {
	var s script.Stats
	if w.server.Scripts != nil {
		s = w.server.Scripts.Stats()
	}
	w.size("used_memory_lua", s.StateBytes)
	w.int("used_memory_vm_eval", s.StateBytes)
	w.int("used_memory_scripts_eval", s.ScriptBytes)
	w.int("number_of_cached_scripts", int64(s.Scripts))
	w.int("number_of_functions", int64(s.Functions))
	w.int("number_of_libraries", int64(s.Libraries))
	w.int("used_memory_vm_functions", 0)
	w.size("used_memory_vm_total", s.StateBytes)
	w.int("used_memory_functions", s.LibraryBytes)
	w.size("used_memory_scripts", s.ScriptBytes+s.LibraryBytes)
}

// infoMemory writes Redis's fields, with used_memory being what maxmemory
// bounds, and then where that memory is in this server's own terms. Redis's
// allocator_* fields lead from what was asked of the allocator (allocated) to
// the pages it holds (active, resident); here pages that are held are resident,
// so the last two are one figure and fragmentation is the room inside pages.
func infoMemory(w *infoWriter) {
	m := w.server.memoryOf(*w.stats())
	w.size("used_memory", m.used)
	w.size("used_memory_rss", m.rss)
	w.size("used_memory_peak", m.peak)
	w.percent("used_memory_peak_perc", percent(m.used, m.peak))
	w.int("used_memory_overhead", m.overhead())
	w.int("used_memory_startup", m.startup)
	w.int("used_memory_dataset", m.items)
	w.percent("used_memory_dataset_perc", percent(m.items, m.used-m.startup))
	w.int("allocator_allocated", m.allocated())
	w.int("allocator_active", m.used)
	w.int("allocator_resident", m.used)
	w.fixed("allocator_muzzy:0")
	total, _ := w.server.Config.MemoryTotal()
	w.size("total_system_memory", total)
	w.scripts()
	w.size("maxmemory", w.server.Config.MaxMemory.Int())
	w.text("maxmemory_policy", w.server.Config.MaxMemoryPolicy.Text())
	w.ratio("allocator_frag_ratio", ratio(m.used, m.allocated()))
	w.int("allocator_frag_bytes", m.used-m.allocated())
	w.fixed("allocator_rss_ratio:1.00 allocator_rss_bytes:0")
	w.ratio("rss_overhead_ratio", ratio(m.rss, m.used))
	w.int("rss_overhead_bytes", m.rss-m.used)
	w.ratio("mem_fragmentation_ratio", ratio(m.rss, m.used))
	w.int("mem_fragmentation_bytes", m.rss-m.used)
	w.fixed(`mem_not_counted_for_evict:0 mem_replication_backlog:0 mem_total_replication_buffers:0
		mem_clients_slaves:0`)
	w.int("mem_clients_normal", m.clients)
	w.fixed(`mem_cluster_links:0 mem_aof_buffer:0 mem_allocator:ashlar mem_overhead_db_hashtable_rehashing:0
		active_defrag_running:0 lazyfree_pending_objects:0 lazyfreed_objects:0`)
	w.ownMemory(m)
}

// ownMemory writes the parts that memoryReport's diagram shows.
func (w *infoWriter) ownMemory(m memoryReport) {
	w.int("ashlar_resident", m.used)
	w.int("ashlar_items", m.items)
	w.int("ashlar_index", m.index)
	w.int("ashlar_bookkeeping", m.meta)
	w.int("ashlar_free", m.free)
	w.int("ashlar_overhead", max(m.rss-m.used, 0)) // of the process, outside the cache
	w.int("ashlar_go_memory", m.goMemory)          // of that, the Go runtime's
	w.int("ashlar_go_heap", m.goHeap)
	w.int("ashlar_released", m.released)
	w.int("ashlar_compacted_items", m.compacted)
	w.int("ashlar_shards", m.shards)
}

// infoCPU writes the time that the process has spent, all loops together, in
// seconds.
func infoCPU(w *infoWriter) {
	system, user, childSystem, childUser := process.CPU()
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"used_cpu_sys", system}, {"used_cpu_user", user},
		{"used_cpu_sys_children", childSystem}, {"used_cpu_user_children", childUser},
		// There is no main thread that does the work alone: the loops are all one.
		{"used_cpu_sys_main_thread", system}, {"used_cpu_user_main_thread", user},
	} {
		w.text(f.name, fmt.Sprintf("%.6f", f.value))
	}
}

// infoAshlar writes what no Redis has: how the Go runtime fares. The share of
// the collector is that of all processor time the process has used.
func infoAshlar(w *infoWriter) {
	c := process.GoCollector()
	system, user, _, _ := process.CPU()
	w.int("go_heap_bytes", c.Heap)
	w.uint("go_gc_cycles", c.Cycles)
	w.text("go_gc_cpu_seconds", fmt.Sprintf("%.6f", c.CPU))
	w.text("go_gc_cpu_percent", fmt.Sprintf("%.3f", 100*c.CPU/max(system+user, 1e-3)))
	w.int("go_gc_max_pause_usec", c.MaxPause.Microseconds())
}
