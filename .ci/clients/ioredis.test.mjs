// What ioredis does, against the server that ASHLAR_ADDR names: all of it by both
// protocols, because the replies and the pushes have other shapes.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Redis } from "ioredis";
import { connection, closeAll, closing, until } from "./rig.mjs";

for (const protocol of [2, 3]) describe(`RESP${protocol}`, () => suite(protocol));

function suite(protocol) {
  const open = (options = {}) => closing(new Redis({ ...connection, protocol, ...options }));

  afterEach(closeAll);
  beforeEach(async () => {
    const redis = open();
    await redis.flushall();
  });

  test("pipelines answer in order, each with its own error", async () => {
    const redis = open();
    const pipeline = redis.pipeline();
    for (let i = 0; i < 2000; i++) pipeline.set("k", i).get("k");
    pipeline.lpush("k", "not a list").get("k");
    const replies = await pipeline.exec();
    for (let i = 0; i < 2000; i++) assert.deepEqual(replies[2 * i + 1], [null, String(i)]);
    assert.match(replies[4000][0].message, /WRONGTYPE/);
    assert.deepEqual(replies[4001], [null, "1999"]);

    const automatic = open({ enableAutoPipelining: true });
    const values = await Promise.all(Array.from({ length: 500 }, (_, i) => automatic.incrby(`n${i % 5}`, i)));
    assert.equal(values.length, 500);
  });

  test("transactions, and those that somebody has spoilt", async () => {
    const redis = open(), other = open();
    assert.deepEqual(await redis.multi().set("a", 1).incr("a").get("a").exec(), [[null, "OK"], [null, 2], [null, "2"]]);
    await redis.watch("a");
    await other.set("a", 10);
    assert.equal(await redis.multi().incr("a").exec(), null);
    await assert.rejects(redis.multi().set("a").exec(), /EXECABORT/);
    await redis.multi({ pipeline: false });
    assert.equal(await redis.incr("a"), "QUEUED");
    assert.deepEqual(await redis.exec(), [[null, 11]]);
  });

  test("replies become what JavaScript has", async () => {
    const redis = open();
    await redis.hset("h", { a: 1, b: "two" });
    assert.deepEqual(await redis.hgetall("h"), { a: "1", b: "two" });
    await redis.mset(new Map([["x", "1"], ["y", "2"]]));
    assert.deepEqual(await redis.mget("x", "none", "y"), ["1", null, "2"]);
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    await redis.set("b", bytes);
    assert.deepEqual(await redis.getBuffer("b"), bytes);
    await redis.zadd("z", 1, "one", 2.5, "two");
    assert.deepEqual(await redis.zrange("z", 0, -1, "WITHSCORES"), ["one", "1", "two", "2.5"]);
    await redis.set("n", "9007199254740993");
    const strings = open({ stringNumbers: true });
    assert.equal(await strings.incr("n"), "9007199254740994");
    assert.deepEqual(await redis.blpop("none", 0.01), null);
  });

  test("pub/sub, with patterns, shards and bytes", async () => {
    const sub = open(), pub = open(), seen = [];
    sub.on("message", (channel, text) => seen.push([channel, text]));
    sub.on("pmessage", (pattern, channel, text) => seen.push([pattern, channel, text]));
    sub.on("smessage", (channel, text) => seen.push(["shard", channel, text]));
    assert.equal(await sub.subscribe("a", "b"), 2);
    assert.equal(await sub.psubscribe("n*"), 3);
    assert.equal(await sub.ssubscribe("s"), 1);
    assert.equal(await pub.publish("a", "one"), 1);
    assert.equal(await pub.publish("news", "two"), 1);
    assert.equal(await pub.spublish("s", "three"), 1);
    await until(() => seen.length === 3);
    assert.deepEqual(seen, [["a", "one"], ["n*", "news", "two"], ["shard", "s", "three"]]);
    assert.equal(await sub.unsubscribe("b"), 2);
    if (protocol === 2) await assert.rejects(sub.get("k"), /subscriber mode/);
    else assert.equal(await sub.get("k"), null, "RESP3 lets a subscriber do all else");
    await sub.quit();
  });

  test("a subscriber reconnects, and subscribes again", async () => {
    const sub = open({ retryStrategy: () => 1 }), admin = open(), seen = [];
    sub.on("message", (_, text) => seen.push(text));
    await sub.subscribe("a");
    for (let i = 0; i < 3; i++) {
      await until(async () => (await admin.pubsub("NUMSUB", "a"))[1] === 1);
      await admin.publish("a", i);
      await until(() => seen.length === i + 1);
      assert.equal(await admin.client("KILL", "TYPE", "pubsub"), 1);
    }
  });

  test("commands under way are sent again after a reconnect", async () => {
    const redis = open({ retryStrategy: () => 1, maxRetriesPerRequest: 20 }), admin = open();
    await redis.select(3);
    await redis.set("k", "v");
    const waiting = redis.blpop("queue", 0);
    await until(async () => /flags=b/.test(await admin.client("LIST")));
    await admin.client("KILL", "TYPE", "normal", "SKIPME", "yes");
    await until(async () => /flags=b/.test(await admin.client("LIST")));
    const other = open({ db: 3 });
    await other.rpush("queue", "job");
    assert.deepEqual(await waiting, ["queue", "job"]);
    assert.equal(await redis.get("k"), "v", "it has selected its database again");
  });

  test("scripts of one's own: EVALSHA, and EVAL when it is not known", async () => {
    const redis = open({ scripts: { twice: { numberOfKeys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1] * 2)" } } });
    assert.equal(await redis.twice("n", 4), 8);
    await redis.script("FLUSH");
    assert.equal(await redis.twice("n", 1), 10);
    redis.defineCommand("echoes", { lua: "return {KEYS[1], KEYS[2], ARGV[1], false, {1, 2}}" });
    assert.deepEqual(await redis.echoes(2, "a", "b", "c"), ["a", "b", "c", null, [1, 2]]);
    const replies = await redis.pipeline().twice("n", 1).echoes(2, "a", "b", "c").twice("n", 1).exec();
    assert.deepEqual(replies.map(([error]) => error), [null, null, null]);
    assert.equal(replies[2][1], 14);
    redis.defineCommand("fails", { numberOfKeys: 0, lua: "return redis.error_reply('MINE went wrong')" });
    await assert.rejects(redis.fails(), /MINE went wrong/);
  });

  test("keyPrefix is put before the keys of every command", async () => {
    const redis = open({ keyPrefix: "app:" }), plain = open();
    await redis.set("k", 1);
    await redis.mset("a", 1, "b", 2);
    await redis.eval("return redis.call('SET', KEYS[1], 1)", 1, "script");
    await redis.zunionstore("sum", 2, "none", "nor this");
    await redis.sort("none", "STORE", "to");
    assert.deepEqual((await plain.keys("*")).sort(), ["app:a", "app:b", "app:k", "app:script"]);
  });

  test("streams with consumer groups", async () => {
    const redis = open(), reader = open();
    await redis.xgroup("CREATE", "s", "g", "$", "MKSTREAM");
    const waiting = reader.xreadgroup("GROUP", "g", "c", "COUNT", 10, "BLOCK", 0, "STREAMS", "s", ">");
    await until(async () => /flags=b/.test(await redis.client("LIST")));
    const id = await redis.xadd("s", "*", "field", "value");
    assert.deepEqual(await waiting, [["s", [[id, ["field", "value"]]]]]);
    assert.equal((await redis.xpending("s", "g"))[0], 1);
    assert.deepEqual(await redis.xautoclaim("s", "g", "d", 0, "0"), ["0-0", [[id, ["field", "value"]]], []]);
    assert.equal(await redis.xack("s", "g", id), 1);
    assert.equal(await reader.xread("BLOCK", 5, "STREAMS", "s", "$"), null);
  });

  test("scan streams see every key", async () => {
    const redis = open();
    const pipeline = redis.pipeline();
    for (let i = 0; i < 1000; i++) pipeline.set(`key:${i}`, i).hset("h", `f${i}`, i).zadd("z", i, `m${i}`);
    await pipeline.exec();
    const gather = async (stream) => {
      const all = [];
      for await (const page of stream) all.push(...page);
      return all;
    };
    assert.equal(new Set(await gather(redis.scanStream({ match: "key:*", count: 50 }))).size, 1000);
    assert.equal(new Set(await gather(redis.scanStream({ type: "hash" }))).size, 1);
    assert.equal((await gather(redis.hscanStream("h", { count: 10 }))).length >= 2000, true);
    assert.equal((await gather(redis.zscanStream("z", { count: 10 }))).length >= 2000, true);
  });

  test("MONITOR, INFO and the ready check", async () => {
    const redis = open(), other = open({ connectionName: "watched" });
    await until(() => redis.status === "ready");
    assert.equal(redis.serverInfo?.redis_mode ?? "standalone", "standalone");
    const monitor = closing(await redis.monitor());
    const line = new Promise((resolve) => monitor.on("monitor", (_, args) => args[0] === "set" && resolve(args)));
    await other.set("k", "v");
    assert.deepEqual(await line, ["set", "k", "v"]);
    assert.match(await redis.info(), /redis_version:7\.4/);
    assert.equal(await other.client("GETNAME"), "watched");
  });
}
