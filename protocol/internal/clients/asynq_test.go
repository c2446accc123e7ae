package clients

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// jobs is asynq around a started Ashlar: a client, workers, and the inspector that
// its web interface and command line are made of.
type jobs struct {
	t       *testing.T
	redis   asynq.RedisClientOpt
	client  *asynq.Client
	inspect *asynq.Inspector

	mu  sync.Mutex
	ran map[string]int // how often each task has run, by type and payload
}

func newJobs(t *testing.T) *jobs {
	t.Helper()
	o := asynq.RedisClientOpt{Addr: start(t)}
	j := &jobs{t: t, redis: o, client: asynq.NewClient(o), inspect: asynq.NewInspector(o), ran: make(map[string]int)}
	t.Cleanup(func() { _ = j.client.Close(); _ = j.inspect.Close() })
	return j
}

// work starts workers that look for new, due and retried tasks all the time; they
// stop with the test, or when the returned server is shut down before.
func (j *jobs) work(handler asynq.HandlerFunc, change ...func(*asynq.Config)) *asynq.Server {
	j.t.Helper()
	cfg := asynq.Config{
		Concurrency: 8, LogLevel: asynq.FatalLevel, ShutdownTimeout: patience,
		TaskCheckInterval: time.Millisecond, DelayedTaskCheckInterval: 10 * time.Millisecond,
		Queues:         map[string]int{"default": 2, "low": 1},
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return time.Millisecond },
	}
	for _, f := range change {
		f(&cfg)
	}
	s := asynq.NewServer(j.redis, cfg)
	require.NoError(j.t, s.Start(asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		j.mu.Lock()
		j.ran[task.Type()+string(task.Payload())]++
		j.mu.Unlock()
		return handler(ctx, task)
	})))
	var once sync.Once
	j.t.Cleanup(func() { once.Do(s.Shutdown) })
	return s
}

func (j *jobs) count(name string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ran[name]
}

func (j *jobs) enqueue(name string, options ...asynq.Option) *asynq.TaskInfo {
	j.t.Helper()
	info, err := j.client.Enqueue(asynq.NewTask(name, nil), options...)
	require.NoError(j.t, err)
	return info
}

// queue waits until a queue is as ok wants it.
func (j *jobs) queue(name string, ok func(q *asynq.QueueInfo) bool, what string) {
	j.t.Helper()
	eventually(j.t, func() bool {
		q, err := j.inspect.GetQueueInfo(name)
		return err == nil && ok(q)
	}, what)
}

func well(context.Context, *asynq.Task) error { return nil }

// TestAsynqRunsOnce: many tasks over many workers, each runs exactly once.
func TestAsynqRunsOnce(t *testing.T) {
	t.Parallel()
	j, n := newJobs(t), rounds(500)
	j.work(well)
	var all sync.WaitGroup
	for p := range 4 {
		all.Go(func() {
			for i := range n {
				_, err := j.client.Enqueue(asynq.NewTask("mail:", fmt.Append(nil, p, " ", i)), asynq.Queue([]string{"default", "low"}[i%2]))
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	for _, name := range []string{"default", "low"} {
		j.queue(name, func(q *asynq.QueueInfo) bool { return q.Processed == 2*n && q.Size == 0 }, "all have run")
	}
	assert.Len(t, j.ran, 4*n)
	for task, times := range j.ran {
		require.Equal(t, 1, times, task)
	}
}

// TestAsynqLives follows tasks through what may become of them.
func TestAsynqLives(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	j.enqueue("fails twice", asynq.MaxRetry(5))
	archived := j.enqueue("always fails", asynq.MaxRetry(2))
	j.enqueue("is skipped", asynq.MaxRetry(5))
	kept := j.enqueue("is kept", asynq.Retention(time.Hour))
	j.enqueue("soon", asynq.ProcessIn(time.Second))
	j.enqueue("later", asynq.ProcessIn(time.Hour))
	late := j.enqueue("too late", asynq.Deadline(time.Now().Add(-time.Hour)), asynq.MaxRetry(0))
	j.work(func(ctx context.Context, task *asynq.Task) error {
		retried, _ := asynq.GetRetryCount(ctx)
		switch {
		case task.Type() == "always fails", task.Type() == "fails twice" && retried < 2:
			return errors.New("went wrong")
		case task.Type() == "is skipped":
			return fmt.Errorf("no use: %w", asynq.SkipRetry)
		case task.Type() == "is kept":
			_, err := task.ResultWriter().Write([]byte("the result"))
			return err
		}
		return nil
	})
	j.queue("default", func(q *asynq.QueueInfo) bool {
		return q.Archived == 3 && q.Completed == 1 && q.Scheduled == 1 && q.Pending+q.Active+q.Retry == 0
	}, "all have come to where they belong")
	for name, times := range map[string]int{"fails twice": 3, "always fails": 3, "is skipped": 1, "is kept": 1, "soon": 1, "later": 0, "too late": 0} {
		assert.Equal(t, times, j.count(name), name)
	}

	info, err := j.inspect.GetTaskInfo("default", archived.ID)
	require.NoError(t, err)
	assert.Equal(t, "went wrong", info.LastErr)
	assert.Equal(t, asynq.TaskStateArchived, info.State)
	info, err = j.inspect.GetTaskInfo("default", kept.ID)
	require.NoError(t, err)
	assert.Equal(t, "the result", string(info.Result))
	info, err = j.inspect.GetTaskInfo("default", late.ID)
	require.NoError(t, err)
	assert.Contains(t, info.LastErr, "deadline")

	n, err := j.inspect.RunAllScheduledTasks("default")
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	eventually(t, func() bool { return j.count("later") == 1 }, "what was for later runs now")
	require.NoError(t, j.inspect.RunTask("default", archived.ID))
	eventually(t, func() bool { return j.count("always fails") == 4 }, "what was archived runs again")
	j.queue("default", func(q *asynq.QueueInfo) bool { return q.Archived == 3 && q.Active == 0 }, "and is archived again")
	history, err := j.inspect.History("default", 1)
	require.NoError(t, err)
	require.Len(t, history, 1)
	assert.GreaterOrEqual(t, history[0].Failed, 6)
}

// TestAsynqUnique: a second task like one that still waits is refused, by its
// content or by an id of the user's.
func TestAsynqUnique(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	task := asynq.NewTask("once", []byte("payload"))
	_, err := j.client.Enqueue(task, asynq.Unique(time.Hour))
	require.NoError(t, err)
	_, err = j.client.Enqueue(task, asynq.Unique(time.Hour))
	assert.ErrorIs(t, err, asynq.ErrDuplicateTask)
	_, err = j.client.Enqueue(task, asynq.TaskID("mine"))
	require.NoError(t, err)
	_, err = j.client.Enqueue(task, asynq.TaskID("mine"))
	assert.ErrorIs(t, err, asynq.ErrTaskIDConflict)
	j.work(well)
	j.queue("default", func(q *asynq.QueueInfo) bool { return q.Processed == 2 && q.Size == 0 }, "both have run")
	_, err = j.client.Enqueue(task, asynq.Unique(time.Hour))
	assert.NoError(t, err, "the lock is gone with the task")
}

// TestAsynqInspector does what an operator does to queues.
func TestAsynqInspector(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	require.NoError(t, func() error { j.enqueue("first"); return j.inspect.PauseQueue("default") }())
	assert.Error(t, j.inspect.PauseQueue("default"))
	var ids []string
	for i := range 30 {
		ids = append(ids, j.enqueue("paused", asynq.TaskID(fmt.Sprint("task", i))).ID)
	}
	j.enqueue("scheduled", asynq.ProcessIn(time.Hour))
	j.enqueue("elsewhere", asynq.Queue("low"))
	j.work(well)
	j.queue("low", func(q *asynq.QueueInfo) bool { return q.Processed == 1 }, "the other queue is served")
	assert.Zero(t, j.count("paused"))

	queues, err := j.inspect.Queues()
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"default", "low"}, queues)
	pending, err := j.inspect.ListPendingTasks("default", asynq.PageSize(10), asynq.Page(2))
	require.NoError(t, err)
	assert.Len(t, pending, 10)
	require.NoError(t, j.inspect.DeleteTask("default", ids[3]))
	assert.ErrorIs(t, j.inspect.DeleteTask("default", ids[3]), asynq.ErrTaskNotFound)
	require.NoError(t, j.inspect.ArchiveTask("default", ids[4]))
	n, err := j.inspect.DeleteAllArchivedTasks("default")
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	n, err = j.inspect.DeleteAllScheduledTasks("default")
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	q, err := j.inspect.GetQueueInfo("default")
	require.NoError(t, err)
	assert.Equal(t, 29, q.Size)
	assert.True(t, q.Paused)
	assert.Positive(t, q.MemoryUsage)
	assert.ErrorIs(t, j.inspect.DeleteQueue("default", false), asynq.ErrQueueNotEmpty)

	require.NoError(t, j.inspect.UnpauseQueue("default"))
	j.queue("default", func(q *asynq.QueueInfo) bool { return q.Size == 0 }, "all have run")
	assert.Equal(t, 28, j.count("paused"))
	servers, err := j.inspect.Servers()
	require.NoError(t, err)
	assert.Len(t, servers, 1)
	require.NoError(t, j.inspect.DeleteQueue("default", true))
	assert.ErrorIs(t, j.inspect.DeleteQueue("default", false), asynq.ErrQueueNotFound)
}

// TestAsynqShutdown: workers that are stopped in the middle of tasks put them back,
// and others run them.
func TestAsynqShutdown(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	const n = 4
	for i := range n {
		j.enqueue(fmt.Sprint("long ", i), asynq.MaxRetry(3))
	}
	release := make(chan struct{})
	defer close(release)
	first := j.work(func(context.Context, *asynq.Task) error { <-release; return nil },
		func(c *asynq.Config) { c.Concurrency, c.ShutdownTimeout = n, time.Millisecond })
	j.queue("default", func(q *asynq.QueueInfo) bool { return q.Active == n }, "all are in work")
	first.Shutdown()
	j.queue("default", func(q *asynq.QueueInfo) bool { return q.Pending == n && q.Active == 0 }, "all wait again")
	j.work(well)
	j.queue("default", func(q *asynq.QueueInfo) bool { return q.Size == 0 }, "all have run")
	for i := range n {
		assert.Equal(t, 2, j.count(fmt.Sprint("long ", i)))
	}
}

// TestAsynqPeriodic: a scheduler enqueues by the clock, and cancels through pub/sub.
func TestAsynqPeriodic(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	s := asynq.NewScheduler(j.redis, &asynq.SchedulerOpts{LogLevel: asynq.FatalLevel})
	id, err := s.Register("@every 1s", asynq.NewTask("tick", nil))
	require.NoError(t, err)
	require.NoError(t, s.Start())
	cancelled := make(chan error, 1)
	j.work(func(ctx context.Context, task *asynq.Task) error {
		if task.Type() == "endless" {
			<-ctx.Done()
			cancelled <- ctx.Err()
		}
		return nil
	})
	endless := j.enqueue("endless", asynq.MaxRetry(0))
	eventually(t, func() bool { return j.count("endless") == 1 }, "it runs")
	eventually(t, func() bool {
		require.NoError(t, j.inspect.CancelProcessing(endless.ID)) // lost if the worker does not listen yet
		return len(cancelled) == 1
	}, "it is cancelled")
	assert.ErrorIs(t, <-cancelled, context.Canceled)

	eventually(t, func() bool { return j.count("tick") >= 1 }, "ticks")
	eventually(t, func() bool {
		events, err := j.inspect.ListSchedulerEnqueueEvents(id)
		return err == nil && len(events) >= 1
	}, "what was enqueued is on record")
	s.Shutdown()
}

// TestAsynqGroups: tasks of a group are handed to an aggregator as one.
func TestAsynqGroups(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	for i := range 10 {
		_, err := j.client.Enqueue(asynq.NewTask("part", fmt.Append(nil, i)), asynq.Group("g"))
		require.NoError(t, err)
	}
	groups, err := j.inspect.Groups("default")
	require.NoError(t, err)
	require.Len(t, groups, 1)
	assert.Equal(t, 10, groups[0].Size)
	j.work(well, func(c *asynq.Config) {
		c.GroupGracePeriod, c.GroupMaxSize = time.Second, 10
		c.GroupAggregator = asynq.GroupAggregatorFunc(func(_ string, tasks []*asynq.Task) *asynq.Task {
			return asynq.NewTask("whole", fmt.Append(nil, len(tasks)))
		})
	})
	eventually(t, func() bool { return j.count("whole10") == 1 }, "all parts have become one task")
}
