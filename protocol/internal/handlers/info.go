package handlers

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// statusRows is INFO.
var statusRows = []Row{
	{
		Spec: command.Spec{
			Name: "info", Arity: -1, Summary: "Get information and statistics about the server",
			Flags: command.Loading | command.Stale | command.KeyspaceWalk, Categories: command.CatDangerous,
			Since: "1.0.0", Group: "server", Complexity: "O(1)",
			Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
			History: []command.Change{
				{Since: "7.0.0", What: "Added support for taking multiple section arguments."},
			},
			Args: []command.Arg{
				{Name: "section", Type: "string", Optional: true, Multiple: true},
			},
		},
		Run: runInfo,
	},
}

// infoSection is one section of INFO: what a client calls it, its heading, and
// what writes its fields.
type infoSection struct {
	name, title string
	standard    bool // part of INFO without arguments
	write       func(*infoWriter)
}

// infoSections are the sections in the order in which INFO prints them. Names
// and fields are those of Redis 7.4; what it counts and this server has not is
// there as 0, since programs read these texts by name.
var infoSections = []infoSection{
	{"server", "Server", true, infoServer},
	{"clients", "Clients", true, infoClients},
	{"memory", "Memory", true, infoMemory},
	{"persistence", "Persistence", true, infoPersistence},
	{"stats", "Stats", true, infoStats},
	{"replication", "Replication", true, infoReplication},
	{"cpu", "CPU", true, infoCPU},
	{"modules", "Modules", true, func(*infoWriter) {}},
	{"commandstats", "Commandstats", false, infoCommandStats},
	{"errorstats", "Errorstats", true, infoErrorStats},
	{"latencystats", "Latencystats", false, infoLatencyStats},
	{"cluster", "Cluster", true, func(w *infoWriter) { w.fixed("cluster_enabled:0") }},
	{"keyspace", "Keyspace", true, infoKeyspace},
	{"ashlar", "Ashlar", false, infoAshlar},
}

// runInfo writes the sections that are asked for, each once and in the usual
// order. A name that is no section's asks for nothing, so INFO nonsense is the
// empty text. Lines end with CR LF and an empty one parts the sections: that is
// what parsers split at.
func runInfo(ctx *Context) {
	w := infoWriter{server: ctx.Server, now: time.Now()}
	sections := 0
	for i := range infoSections {
		s := &infoSections[i]
		if !s.wanted(ctx.Args[1:]) {
			continue
		}
		if sections > 0 {
			w.line("")
		}
		sections++
		w.line("# " + s.title)
		s.write(&w)
	}
	ctx.Verbatim("txt", w.String())
}

// wanted says whether the arguments of INFO ask for a section.
func (s *infoSection) wanted(names [][]byte) bool {
	if len(names) == 0 {
		return s.standard
	}
	for _, name := range names {
		switch {
		case args.Is(name, "all"), args.Is(name, "everything"), args.Is(name, s.name):
			return true
		case args.Is(name, "default") && s.standard:
			return true
		case args.Is(name, "module_list") && s.name == "modules":
			return true
		}
	}
	return false
}

// infoWriter collects the text of INFO. Figures that several sections need are
// taken once.
type infoWriter struct {
	strings.Builder
	server *Server
	now    time.Time

	haveStats bool
	cacheHas  cache.Stats
}

// stats are the engine's figures, which are summed up over all shards.
func (w *infoWriter) stats() *cache.Stats {
	if !w.haveStats {
		w.cacheHas, w.haveStats = w.server.Cache.Stats(), true
	}
	return &w.cacheHas
}

// line writes a line of the report.
func (w *infoWriter) line(text string) {
	w.WriteString(text)
	w.WriteString("\r\n")
}

// text, int, uint, ratio and percent write a field in the form that its kind has in
// Redis.
func (w *infoWriter) text(name, value string) { w.line(name + ":" + value) }

func (w *infoWriter) int(name string, n int64) { w.text(name, strconv.FormatInt(n, 10)) }

func (w *infoWriter) uint(name string, n uint64) { w.text(name, strconv.FormatUint(n, 10)) }

func (w *infoWriter) ratio(name string, f float64) { w.text(name, fmt.Sprintf("%.2f", f)) }

func (w *infoWriter) percent(name string, f float64) { w.text(name, fmt.Sprintf("%.2f%%", f)) }

// human writes a size only in the form for people.
func (w *infoWriter) human(name string, bytes int64) { w.text(name, humanBytes(bytes)) }

// size writes a size in bytes, and then for people.
func (w *infoWriter) size(name string, bytes int64) {
	w.int(name, bytes)
	w.human(name+"_human", bytes)
}

// fixed writes fields that never change here, given as "name:value name:value".
func (w *infoWriter) fixed(fields string) {
	for _, field := range strings.Fields(fields) {
		w.line(field)
	}
}

// infoPersistence is that of a server which saves nothing: what clients wait for
// (a load or a save that is under way) has always ended.
func infoPersistence(w *infoWriter) {
	w.fixed(`loading:0 async_loading:0 current_cow_peak:0 current_cow_size:0 current_cow_size_age:0
		current_fork_perc:0.00 current_save_keys_processed:0 current_save_keys_total:0
		rdb_changes_since_last_save:0 rdb_bgsave_in_progress:0`)
	w.int("rdb_last_save_time", w.server.Process.Started.Unix())
	w.fixed(`rdb_last_bgsave_status:ok rdb_last_bgsave_time_sec:-1 rdb_current_bgsave_time_sec:-1
		rdb_saves:0 rdb_last_cow_size:0 rdb_last_load_keys_expired:0 rdb_last_load_keys_loaded:0
		aof_enabled:0 aof_rewrite_in_progress:0 aof_rewrite_scheduled:0 aof_last_rewrite_time_sec:-1
		aof_current_rewrite_time_sec:-1 aof_last_bgrewrite_status:ok aof_rewrites:0
		aof_rewrites_consecutive_failures:0 aof_last_write_status:ok aof_last_cow_size:0
		module_fork_in_progress:0 module_fork_last_cow_size:0`)
}

// infoReplication is that of a master without replicas.
func infoReplication(w *infoWriter) {
	w.fixed("role:master connected_slaves:0 master_failover_state:no-failover")
	w.text("master_replid", w.server.Process.ReplID())
	w.text("master_replid2", strings.Repeat("0", 40))
	w.fixed(`master_repl_offset:0 second_repl_offset:-1 repl_backlog_active:0 repl_backlog_size:1048576
		repl_backlog_first_byte_offset:0 repl_backlog_histlen:0`)
}

// infoKeyspace writes a line for each database that has keys. Fields of hashes
// do not expire here, so none is counted as doing so.
func infoKeyspace(w *infoWriter) {
	for _, db := range w.server.usedDatabases() {
		w.line(fmt.Sprintf("db%d:keys=%d,expires=%d,avg_ttl=%d,subexpires=0",
			db.index, db.Keys, db.Expires, db.AvgTTLms))
	}
}
