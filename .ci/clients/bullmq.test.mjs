// What bullmq does, against the server that ASHLAR_ADDR names. Its queues are Lua
// scripts over hashes, lists, sorted sets and streams, and workers that block.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { FlowProducer, Queue, QueueEvents, UnrecoverableError, Worker } from "bullmq";
import { Redis } from "ioredis";
import { connection, closeAll, closing, until } from "./rig.mjs";

afterEach(closeAll);

let queues = 0;

// rig is a queue of its own for a test, and what works on it.
function rig() {
  const name = `queue-${++queues}`;
  const queue = closing(new Queue(name, { connection }));
  const work = (processor, options = {}) =>
    closing(new Worker(name, processor, { connection, drainDelay: 0.1, ...options }));
  const counts = (...states) => queue.getJobCounts(...states);
  return { name, queue, work, counts };
}

const bulk = (n, name = "job") => Array.from({ length: n }, (_, i) => ({ name, data: { i } }));

test("each job runs once, over several workers with concurrency", async () => {
  const { queue, work, counts } = rig(), ran = new Map();
  for (let w = 0; w < 3; w++) {
    work(async (job) => {
      ran.set(job.data.i, (ran.get(job.data.i) ?? 0) + 1);
      return job.data.i * 2;
    }, { concurrency: 10 });
  }
  await Promise.all([queue.addBulk(bulk(200)), ...Array.from({ length: 100 }, (_, i) => queue.add("job", { i: 200 + i }))]);
  await until(async () => (await counts("completed")).completed === 300);
  assert.equal(ran.size, 300);
  assert.deepEqual(new Set(ran.values()), new Set([1]));
  const [job] = await queue.getJobs(["completed"], 0, 0);
  assert.equal(job.returnvalue, job.data.i * 2);
});

test("delayed, prioritised and last-in jobs come in their order", async () => {
  const { queue, work, counts } = rig(), order = [];
  await queue.add("delayed", {}, { delay: 300 });
  await queue.add("low", {}, { priority: 10 });
  await queue.add("high", {}, { priority: 1 });
  await queue.add("first", {});
  await queue.add("before it", {}, { lifo: true });
  assert.deepEqual(await counts("delayed", "prioritized", "waiting"), { delayed: 1, prioritized: 2, waiting: 2 });
  work(async (job) => void order.push(job.name));
  await until(() => order.length === 5);
  assert.deepEqual(order, ["before it", "first", "high", "low", "delayed"]);
});

test("jobs that fail are tried again, and then are failed", async () => {
  const { queue, work, counts } = rig(), tries = {};
  work(async (job) => {
    tries[job.name] = (tries[job.name] ?? 0) + 1;
    if (job.name === "never again") throw new UnrecoverableError("no use");
    if (job.name !== "at last" || job.attemptsMade < 2) throw new Error("went wrong");
  });
  await queue.add("at last", {}, { attempts: 5, backoff: { type: "exponential", delay: 5 } });
  await queue.add("always", {}, { attempts: 3, backoff: { type: "fixed", delay: 5 } });
  await queue.add("never again", {}, { attempts: 5 });
  await until(async () => (await counts("failed")).failed === 2 && (await counts("completed")).completed === 1);
  assert.deepEqual(tries, { "at last": 3, always: 3, "never again": 1 });
  const failed = await queue.getFailed();
  assert.deepEqual(new Set(failed.map((job) => job.failedReason)), new Set(["went wrong", "no use"]));
  await failed.find((job) => job.name === "always").retry();
  await until(() => tries.always === 4);
});

test("a scheduler makes jobs again and again", async () => {
  const { queue, work } = rig();
  let ran = 0;
  work(async () => void ran++);
  await queue.upsertJobScheduler("tick", { every: 50 }, { name: "tick", data: { from: "scheduler" } });
  await queue.upsertJobScheduler("nightly", { pattern: "0 3 * * *" }, { name: "nightly" });
  await until(() => ran >= 3);
  const schedulers = await queue.getJobSchedulers();
  assert.deepEqual(schedulers.map((s) => s.key).sort(), ["nightly", "tick"]);
  assert.equal(await queue.removeJobScheduler("tick"), true);
  assert.equal(await queue.getJobSchedulersCount(), 1);
});

test("a flow's parent waits for its children", async () => {
  const { name, queue, work, counts } = rig(), order = [];
  const flow = closing(new FlowProducer({ connection }));
  const tree = await flow.add({
    name: "parent", queueName: name, data: {},
    children: [
      { name: "child", queueName: name, data: { n: 1 } },
      { name: "child", queueName: name, data: { n: 2 }, children: [{ name: "grandchild", queueName: name, data: { n: 3 } }] },
    ],
  });
  assert.equal((await counts("waiting-children"))["waiting-children"], 2);
  work(async (job) => {
    order.push(job.name);
    return job.name === "parent" ? Object.values(await job.getChildrenValues()).reduce((a, b) => a + b) : job.data.n;
  }, { concurrency: 4 });
  await until(async () => (await counts("completed")).completed === 4);
  assert.equal(order.at(-1), "parent");
  assert.equal((await queue.getJob(tree.job.id)).returnvalue, 3);
  assert.equal((await flow.getFlow({ id: tree.job.id, queueName: name })).children.length, 2);
});

test("a limiter holds jobs back", async () => {
  const { queue, work } = rig();
  let ran = 0;
  work(async () => void ran++, { limiter: { max: 2, duration: 600_000 }, concurrency: 5 });
  await queue.addBulk(bulk(10));
  await until(async () => ran === 2 && (await queue.getRateLimitTtl(2)) > 0);
  await queue.removeRateLimitKey();
  const { waiting } = await queue.getJobCounts("waiting");
  assert.equal(ran, 2);
  assert.equal(waiting, 8);
});

test("events of a queue are read from a stream", async () => {
  const { name, queue, work } = rig(), seen = [];
  const events = closing(new QueueEvents(name, { connection }));
  for (const kind of ["waiting", "active", "progress", "completed", "failed"]) {
    events.on(kind, ({ jobId, returnvalue, failedReason, data }) => seen.push([kind, jobId, returnvalue ?? failedReason ?? data]));
  }
  await events.waitUntilReady();
  const worker = work(async (job) => {
    if (job.name === "bad") throw new Error("went wrong");
    await job.updateProgress(50);
    return "well";
  }, { autorun: false });
  const job = await queue.add("good", {}, { jobId: "good" });
  const finished = job.waitUntilFinished(events, 20_000);
  await queue.add("bad", {}, { jobId: "bad" });
  worker.run();
  assert.equal(await finished, "well");
  await until(() => seen.some(([kind]) => kind === "failed"));
  const of = (id) => seen.filter(([, jobId]) => jobId === id).map(([kind, , value]) => [kind, value]);
  assert.deepEqual(of("good").filter(([kind]) => kind !== "waiting"), [["active", undefined], ["progress", 50], ["completed", "well"]]);
  assert.deepEqual(of("bad").filter(([kind]) => kind !== "waiting"), [["active", undefined], ["failed", "went wrong"]]);
});

test("a paused queue keeps its jobs, and a resumed one runs them", async () => {
  const { queue, work, counts } = rig();
  let ran = 0;
  work(async () => void ran++);
  await queue.pause();
  assert.equal(await queue.isPaused(), true);
  await queue.addBulk(bulk(20));
  assert.equal((await queue.getJobCountByTypes("paused", "waiting")), 20);
  assert.equal(ran, 0);
  await queue.resume();
  await until(() => ran === 20);
  await until(async () => (await counts("active", "waiting")).active === 0);
});

test("a job whose worker has died is run by another", async () => {
  const { queue, work } = rig();
  let started = 0;
  const dead = work(() => new Promise(() => void started++), { lockDuration: 100, skipLockRenewal: true, skipStalledCheck: true });
  await queue.add("job", {});
  await until(() => started === 1);
  let done = 0;
  const stalled = [];
  const alive = work(async () => void done++, { stalledInterval: 100, lockDuration: 5000 });
  alive.on("stalled", (id) => stalled.push(id));
  await until(() => done === 1);
  assert.equal(stalled.length, 1);
  await dead.close(true);
});

test("jobs with one id, or with a key against doubles, are one", async () => {
  const { queue, counts } = rig();
  await Promise.all(Array.from({ length: 20 }, () => queue.add("job", {}, { jobId: "mine" })));
  await queue.add("job", { n: 1 }, { deduplication: { id: "same" } });
  await queue.add("job", { n: 2 }, { deduplication: { id: "same" } });
  assert.equal((await counts("waiting")).waiting, 2);
});

test("obliterate leaves nothing of a queue", async () => {
  const { name, queue, work, counts } = rig();
  const worker = work(async (job) => {
    if (job.data.i % 2) throw new Error("odd");
  }, { concurrency: 10 });
  await queue.addBulk(bulk(50));
  await until(async () => { const c = await counts("completed", "failed"); return c.completed === 25 && c.failed === 25; });
  await worker.close();
  assert.equal((await queue.clean(0, 10, "completed")).length, 10);
  await queue.addBulk(bulk(50));
  await queue.add("later", {}, { delay: 600_000 });
  await queue.drain(true);
  assert.equal((await counts("waiting")).waiting, 0);
  await queue.addBulk(bulk(50));
  await queue.obliterate();
  const redis = closing(new Redis(connection));
  assert.deepEqual(await redis.keys(`bull:${name}:*`), []);
});
