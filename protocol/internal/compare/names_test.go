package compare

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A redis-server's names of settings and of INFO's fields are all here, so that tools
// which look for them find them.

// ownDefaults are the settings whose values differ from redis-server's in this
// comparison, and why.
var ownDefaults = map[string]string{
	"port":              "another port",
	"dir":               "another directory",
	"logfile":           "another log",
	"maxmemory-samples": "another way to sample",
	"io-threads":        "0 is as many as there are cores",
}

// configOf is what CONFIG GET * gives.
func configOf(t *testing.T, c *client) map[string]string {
	t.Helper()
	reply, err := Parse(c.do("CONFIG", "GET", "*").raw)
	require.NoError(t, err)
	values := map[string]string{}
	for i := 0; i+1 < len(reply.Kids); i += 2 {
		values[reply.Kids[i].Text] = reply.Kids[i+1].Text
	}
	return values
}

func TestConfigNames(t *testing.T) {
	start(t)
	ours, err := dial(servers.ours.Addr())
	require.NoError(t, err)
	defer ours.Close()
	theirs, err := dial(servers.theirs.Addr())
	require.NoError(t, err)
	defer theirs.Close()
	have := configOf(t, ours)
	for name, want := range configOf(t, theirs) {
		value, ok := have[name]
		if !assert.True(t, ok, "redis-server has %s", name) {
			continue
		}
		if _, own := ownDefaults[name]; own {
			assert.NotEqual(t, want, value, "%s need not be among ownDefaults", name)
		} else {
			assert.Equal(t, want, value, name)
		}
		// What can be set to its own value there can be here.
		reply := string(ours.do("CONFIG", "SET", name, value).raw)
		if there := string(theirs.do("CONFIG", "SET", name, want).raw); there == "+OK\r\n" {
			assert.Equal(t, there, reply, name)
		}
	}
	for name := range strings.FieldsSeq(setSince70) {
		assert.Contains(t, have, name)
	}
	for name, value := range have {
		reply := string(ours.do("CONFIG", "SET", name, value).raw)
		assert.Regexp(t, `^(\+OK|-ERR CONFIG SET failed \(possibly related to argument '`+name+`'\) - can't set (immutable|protected) config)\r\n$`, reply)
	}
	assert.Equal(t, have, configOf(t, ours), "all is as it was")
}

var perCommand = regexp.MustCompile(`^(cmdstat|latency_percentiles_usec|errorstat|db\d|module|listener)`)

// infoOf is the sections of INFO and the fields of each, without those that hang on
// what was done before.
func infoOf(t *testing.T, c *client) map[string][]string {
	t.Helper()
	reply, err := Parse(c.do("INFO", "everything").raw)
	require.NoError(t, err)
	sections, section := map[string][]string{}, ""
	for line := range strings.SplitSeq(reply.Text, "\r\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			section = title
			sections[section] = []string{}
			continue
		}
		if name, _, ok := strings.Cut(line, ":"); ok && !perCommand.MatchString(name) {
			sections[section] = append(sections[section], name)
		}
	}
	return sections
}

// since70 are the fields that Redis 7.4 has and 7.0 has not.
const since70 = "pubsub_clients watching_clients total_watched_keys total_blocking_keys total_blocking_keys_on_nokey " +
	"allocator_muzzy mem_overhead_db_hashtable_rehashing expired_subkeys evicted_scripts current_eviction_exceeded_time " +
	"reply_buffer_shrinks reply_buffer_expands eventloop_cycles eventloop_duration_sum eventloop_duration_cmd_sum " +
	"instantaneous_eventloop_cycles_per_sec instantaneous_eventloop_duration_usec acl_access_denied_auth acl_access_denied_cmd " +
	"acl_access_denied_key acl_access_denied_channel client_query_buffer_limit_disconnections " +
	"client_output_buffer_limit_disconnections pubsubshard_channels async_loading rdb_saves aof_rewrites " +
	"rdb_last_load_keys_expired rdb_last_load_keys_loaded"

// setSince70 are such settings.
const setSince70 = "set-max-listpack-entries set-max-listpack-value cluster-announce-human-nodename locale-collate " +
	"max-new-connections-per-cycle max-new-tls-connections-per-cycle hide-user-data-from-log"

func TestInfoNames(t *testing.T) {
	start(t)
	ours, err := dial(servers.ours.Addr())
	require.NoError(t, err)
	defer ours.Close()
	theirs, err := dial(servers.theirs.Addr())
	require.NoError(t, err)
	defer theirs.Close()
	have := infoOf(t, ours)
	for section, fields := range infoOf(t, theirs) {
		require.Contains(t, have, section)
		for _, field := range fields {
			assert.Contains(t, have[section], field, section)
		}
	}
	all := []string{}
	for _, fields := range have {
		all = append(all, fields...)
	}
	for field := range strings.FieldsSeq(since70) {
		assert.Contains(t, all, field)
	}
}
