package handlers

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// The sections of INFO that count what the server has done.

// infoStats writes the totals since the start or the last CONFIG RESETSTAT. The
// fields of replication, defragmentation and the like are those of a
// server where nothing of the kind has happened.
func infoStats(w *infoWriter) {
	w.server.connections() // brings their counts up to date
	m, s := w.server.Metrics, w.stats()
	w.uint("total_connections_received", m.ConnectionsReceived.Load())
	w.uint("total_commands_processed", m.Commands())
	w.uint("instantaneous_ops_per_sec", m.OpsPerSec())
	w.uint("total_net_input_bytes", m.NetInput())
	w.uint("total_net_output_bytes", m.NetOutput())
	w.fixed("total_net_repl_input_bytes:0 total_net_repl_output_bytes:0")
	w.ratio("instantaneous_input_kbps", m.InputKbps())
	w.ratio("instantaneous_output_kbps", m.OutputKbps())
	w.fixed("instantaneous_input_repl_kbps:0.00 instantaneous_output_repl_kbps:0.00")
	w.uint("rejected_connections", m.ConnectionsRejected.Load())
	w.fixed("sync_full:0 sync_partial_ok:0 sync_partial_err:0")
	w.int("expired_subkeys", s.ExpiredFields)
	w.int("expired_keys", s.Expired)
	w.fixed("expired_stale_perc:0.00 expired_time_cap_reached_count:0 expire_cycle_cpu_milliseconds:0")
	w.int("evicted_keys", s.Evicted)
	w.uint("evicted_clients", m.ClientsEvicted.Load())
	var evicted uint64
	if w.server.Scripts != nil {
		evicted = w.server.Scripts.Stats().Evicted
	}
	w.uint("evicted_scripts", evicted)
	w.fixed("total_eviction_exceeded_time:0 current_eviction_exceeded_time:0")
	w.int("keyspace_hits", s.Hits)
	w.int("keyspace_misses", s.Misses)
	w.int("pubsub_channels", int64(w.server.Exchange.Len(pubsub.Channel)))
	w.int("pubsub_patterns", int64(w.server.Exchange.Len(pubsub.Pattern)))
	w.int("pubsubshard_channels", int64(w.server.Exchange.Len(pubsub.Sharded)))
	w.fixed(`latest_fork_usec:0 total_forks:0
		migrate_cached_sockets:0 slave_expires_tracked_keys:0 active_defrag_hits:0 active_defrag_misses:0
		active_defrag_key_hits:0 active_defrag_key_misses:0 total_active_defrag_time:0
		current_active_defrag_time:0`)
	w.int("tracking_total_keys", int64(w.server.Tracking.Keys()))
	w.int("tracking_total_items", int64(w.server.Tracking.Items()))
	w.int("tracking_total_prefixes", int64(w.server.Tracking.Prefixes()))
	w.fixed("unexpected_error_replies:0")
	w.uint("total_error_replies", m.Errors())
	w.fixed("dump_payload_sanitizations:0")
	w.uint("total_reads_processed", m.Reads())
	w.uint("total_writes_processed", m.Writes())
	w.fixed("io_threaded_reads_processed:0 io_threaded_writes_processed:0")
	w.uint("client_query_buffer_limit_disconnections", m.QueryBufferKills.Load())
	w.uint("client_output_buffer_limit_disconnections", m.OutputBufferKills.Load())
	w.fixed(`reply_buffer_shrinks:0 reply_buffer_expands:0 eventloop_cycles:0 eventloop_duration_sum:0
		eventloop_duration_cmd_sum:0 instantaneous_eventloop_cycles_per_sec:0
		instantaneous_eventloop_duration_usec:0`)
	w.uint("acl_access_denied_auth", m.AuthDenied.Load())
	w.uint("acl_access_denied_cmd", m.CommandDenied.Load())
	w.uint("acl_access_denied_key", m.KeyDenied.Load())
	w.uint("acl_access_denied_channel", m.ChannelDenied.Load())
}

// infoCommandStats writes a line for each command that has been called or
// refused. Times of commands that take about as long at each call are sampled,
// so usec is an estimate for them.
func infoCommandStats(w *infoWriter) {
	for _, c := range w.server.Metrics.CommandStats() {
		perCall := 0.0
		if c.Calls > 0 {
			perCall = float64(c.Usec) / float64(c.Calls)
		}
		w.line(fmt.Sprintf("cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
			c.Name, c.Calls, c.Usec, perCall, c.Rejected, c.Failed))
	}
}

// infoErrorStats counts error replies by their first word, the code (ERR, OOM).
func infoErrorStats(w *infoWriter) {
	for _, e := range w.server.Metrics.ErrorStats() {
		w.line(fmt.Sprintf("errorstat_%s:count=%d", e.Code, e.Count))
	}
}

// infoLatencyStats writes the percentiles that the configuration asks for, in
// microseconds with their fractions, for each command that was called and timed.
func infoLatencyStats(w *infoWriter) {
	if v := w.server.Config.Lookup("latency-tracking"); v != nil && !v.Bool() {
		return
	}
	var percentiles []string
	if v := w.server.Config.Lookup("latency-tracking-info-percentiles"); v != nil {
		percentiles = v.Words()
	}
	for _, l := range w.server.Metrics.Latencies() {
		var fields []string
		for _, text := range percentiles {
			// The names go without needless digits: 50.0 is p50.
			p, err := strconv.ParseFloat(text, 64)
			if err != nil {
				continue
			}
			fields = append(fields, fmt.Sprintf("p%s=%.3f",
				strconv.FormatFloat(p, 'f', -1, 64), float64(l.Percentile(p))/1000))
		}
		w.line("latency_percentiles_usec_" + l.Name + ":" + strings.Join(fields, ","))
	}
}
