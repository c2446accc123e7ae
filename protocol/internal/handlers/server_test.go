package handlers_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// headings are the sections of an INFO.
func headings(reply string) (list []string) {
	for _, match := range regexp.MustCompile(`(?m)^# (\w+)\r$`).FindAllStringSubmatch(reply, -1) {
		list = append(list, match[1])
	}
	return list
}

func TestInfoSections(t *testing.T) {
	r := newRig(t)
	const standard = "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace"
	const all = "Server Clients Memory Persistence Stats Replication CPU Modules Commandstats Errorstats" +
		" Latencystats Cluster Keyspace Ashlar"
	for arguments, want := range map[string]string{
		"": standard, "default": standard, "ALL": all, "everything": all, "nosuch": "",
		"server": "Server", "Keyspace CPU server cpu": "Server CPU Keyspace", "module_list": "Modules",
		"default commandstats": strings.Replace(standard, "Errorstats", "Commandstats Errorstats", 1),
		"nosuch all":           all,
	} {
		assert.Equal(t, want, strings.Join(headings(r.do("INFO "+arguments)), " "), arguments)
	}
	assert.Equal(t, "$0\r\n\r\n", r.do("INFO nosuch"))
	assert.Equal(t, "$11\r\n# Modules\r\n\r\n", r.do("INFO modules"))
	assert.Equal(t, "$43\r\n# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n", r.do("INFO cluster modules"))
	r.session.Proto = 3
	assert.Equal(t, "=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n", r.do("INFO cluster"))
}

// fields reads an INFO into a map.
func fields(reply string) map[string]string {
	m := map[string]string{}
	for _, line := range strings.Split(reply, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			m[name] = value
		}
	}
	return m
}

func TestInfoFields(t *testing.T) {
	r := newRig(t, "--maxmemory", "64mb")
	r.fill(100)
	r.do("EXPIRE key:1 100")
	r.do("SELECT 2")
	r.do("SET x 1")
	r.do("GET x")
	r.do("GET y")
	r.do("INCR")
	r.do("NOSUCH")
	r.server.Metrics.ClientsEvicted.Add(7)
	f := fields(r.do("INFO everything"))
	for name, want := range map[string]string{
		"redis_mode": "standalone", "ashlar_version": "1.2.3", "tcp_port": "6379",
		"connected_clients": "3", "client_recent_max_input_buffer": "20", "client_recent_max_output_buffer": "30", "evicted_clients": "7",
		"maxclients": "10000", "mem_clients_normal": "100",
		"maxmemory": "67108864", "maxmemory_human": "64.00M", "maxmemory_policy": "noeviction",
		"keyspace_hits": "1", "keyspace_misses": "1", "total_error_replies": "2", "role": "master",
		"errorstat_ERR": "count=2", "db2": "keys=1,expires=0,avg_ttl=0,subexpires=0",
		"cluster_enabled": "0", "rdb_last_bgsave_status": "ok", "ashlar_loops": "1",
	} {
		assert.Equal(t, want, f[name], name)
	}
	assert.Regexp(t, `^keys=100,expires=1,avg_ttl=\d+,subexpires=0$`, f["db0"])
	assert.Regexp(t, `^calls=2,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=0,failed_calls=0$`, f["cmdstat_get"])
	assert.Regexp(t, `^calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0$`, f["cmdstat_incr"])
	assert.Regexp(t, `^p50=\d+\.\d{3},p99=\d+\.\d{3},p99\.9=\d+\.\d{3}$`, f["latency_percentiles_usec_get"])
	assert.Contains(t, f["listener0"], "name=tcp,bind=127.0.0.1,")
	for _, name := range []string{"used_memory", "used_memory_rss", "used_memory_peak", "ashlar_resident",
		"ashlar_items", "ashlar_go_heap", "uptime_in_seconds", "total_system_memory", "allocator_allocated"} {
		n, err := strconv.ParseInt(f[name], 10, 64)
		assert.NoError(t, err, name)
		assert.GreaterOrEqual(t, n, int64(0), name)
	}
	assert.Equal(t, f["used_memory"], f["ashlar_resident"])
}

// Every line of every section is name:value.
func TestInfoIsWellFormed(t *testing.T) {
	r := newRig(t)
	r.fill(3)
	text := bulks(r.do("INFO everything"))
	require.NotEmpty(t, text)
	reply := r.do("INFO everything")
	body := reply[strings.Index(reply, "\r\n")+2:]
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSuffix(body, "\r\n"), "\r\n") {
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		name, _, ok := strings.Cut(line, ":")
		assert.True(t, ok, line)
		assert.Regexp(t, `^[a-z][a-z0-9_.|-]*$|^errorstat_[A-Z]+$`, name)
		assert.False(t, seen[name], "%s twice", name)
		seen[name] = true
	}
}

func TestTime(t *testing.T) {
	r := newRig(t)
	assert.Regexp(t, `^\*2\r\n\$10\r\n\d{10}\r\n\$\d\r\n\d{1,6}\r\n$`, r.do("TIME"))
	r.script([2]string{"TIME x", "-ERR wrong number of arguments for 'time' command"})
}

func TestShutdown(t *testing.T) {
	r := newRig(t)
	r.script(
		[2]string{"SHUTDOWN NOSUCH", "-ERR syntax error"},
		[2]string{"SHUTDOWN SAVE NOSAVE", "-ERR syntax error"},
		[2]string{"SHUTDOWN ABORT NOW", "-ERR syntax error"},
		[2]string{"SHUTDOWN FORCE ABORT", "-ERR syntax error"},
		[2]string{"SHUTDOWN ABORT", "-ERR No shutdown in progress."},
		[2]string{"SHUTDOWN SAVE", "-ERR Errors trying to SHUTDOWN. Check logs."},
	)
	assert.False(t, r.stopped)
	for _, command := range []string{"SHUTDOWN", "SHUTDOWN NOSAVE", "shutdown now", "SHUTDOWN SAVE FORCE", "SHUTDOWN NOW FORCE"} {
		r := newRig(t)
		assert.Empty(t, r.do(command), "no reply")
		assert.True(t, r.stopped, command)
		assert.True(t, r.session.Closing)
	}
}

func TestDebug(t *testing.T) {
	r := newRig(t)
	r.script(
		[2]string{"DEBUG", "-ERR wrong number of arguments for 'debug' command"},
		[2]string{"DEBUG NOSUCH", "-ERR unknown subcommand or wrong number of arguments for 'NOSUCH'. Try DEBUG HELP."},
		[2]string{"DEBUG SLEEP", "-ERR unknown subcommand or wrong number of arguments for 'SLEEP'. Try DEBUG HELP."},
		[2]string{"DEBUG SLEEP 0", "+OK"},
		[2]string{"DEBUG SLEEP x", "+OK"},
		[2]string{"DEBUG SLEEP -1", "+OK"},
		[2]string{"DEBUG sleep 0.001", "+OK"},
		[2]string{"DEBUG OBJECT a", "-ERR no such key"},
		[2]string{"SET a 12", "+OK"},
		[2]string{"SET b hello", "+OK"},
	)
	object := `^\+Value at:0x[0-9a-f]+ refcount:\d+ encoding:%s serializedlength:%d lru:\d+ lru_seconds_idle:\d+\r\n$`
	for value, want := range map[string]int{
		"12": 2, "-128": 2, "128": 3, "-32768": 3, "32768": 5, "2147483647": 5, "2147483648": 11,
	} {
		r.do("SET n " + value)
		assert.Regexp(t, strings.NewReplacer("%s", "int", "%d", strconv.Itoa(want)).Replace(object), r.do("DEBUG OBJECT n"), value)
	}
	for length, want := range map[int]int{1: 2, 63: 64, 64: 66, 16383: 16385, 16384: 16389} {
		r.do("SET s " + strings.Repeat("x", length))
		assert.Contains(t, r.do("DEBUG OBJECT s"), " serializedlength:"+strconv.Itoa(want)+" ")
	}
	assert.Contains(t, r.do("DEBUG HELP"), "+SLEEP <seconds>\r\n")
}

func TestDebugActiveExpire(t *testing.T) {
	r := newRig(t)
	r.script(
		[2]string{"DEBUG SET-ACTIVE-EXPIRE 0", "+OK"},
		[2]string{"SET a 1 PX 5", "+OK"},
	)
	r.now += 10
	r.server.Cache.Maintain(0)
	r.script(
		[2]string{"DBSIZE", ":1"}, // still counted: nobody has looked at it
		[2]string{"GET a", "$-1"},
		[2]string{"DBSIZE", ":0"},
		[2]string{"DEBUG SET-ACTIVE-EXPIRE 1", "+OK"},
		[2]string{"DEBUG SET-ACTIVE-EXPIRE", "-ERR unknown subcommand or wrong number of arguments for 'SET-ACTIVE-EXPIRE'. Try DEBUG HELP."},
	)
}

func TestDebugIsGated(t *testing.T) {
	r := newRig(t, "--enable-debug-command", "no")
	r.script([2]string{"DEBUG SLEEP 0", `-ERR DEBUG command not allowed. If the enable-debug-command option is set` +
		` to "local", you can run it from a local connection, otherwise you need to set this option in the` +
		` configuration file, and then restart the server.`})
	r = newRig(t, "--enable-debug-command", "local") // a unix socket, as it is not TCP
	r.script([2]string{"DEBUG SLEEP 0", "+OK"})
}

func TestLolwut(t *testing.T) {
	r := newRig(t)
	for _, command := range []string{"LOLWUT", "LOLWUT VERSION 5", "LOLWUT version 6 30 4", "LOLWUT 20", "LOLWUT 0 -5",
		"LOLWUT 100000 100000"} {
		reply := r.do(command)
		assert.Equal(t, byte('$'), reply[0])
		assert.Regexp(t, `\nAshlar ver\. 1\.2\.3 \(Redis ver\. 7\.4\.\d\)\n\r\n$`, reply, command)
		assert.Contains(t, reply, "┌─")
	}
	r.script(
		[2]string{"LOLWUT VERSION x", "-ERR value is not an integer or out of range"},
		[2]string{"LOLWUT x", "-ERR value is not an integer or out of range"},
	)
	r.session.Proto = 3
	assert.Regexp(t, `^=\d+\r\ntxt:┌`, r.do("LOLWUT"))
	assert.NotEqual(t, r.do("LOLWUT"), r.do("LOLWUT"))
}
