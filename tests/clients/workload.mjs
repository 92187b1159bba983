// The workload of ioredis' cluster client.
//
// Usage: node workload.mjs <port>...   Reads the names of phases from its input, one a line, and
// works in each until the next; at the end of its input it looks at what is there and prints one
// line of JSON.

import { createRequire } from "node:module";
import readline from "node:readline";

const require = createRequire(`${process.cwd()}/`);
const Redis = require("ioredis");
const { version } = require("ioredis/package.json");

const TAGS = 40;
const ports = process.argv.slice(2).map(Number);
const options = { redisOptions: { connectTimeout: 2000, commandTimeout: 5000 } };
const cluster = new Redis.Cluster(ports.map((port) => ({ host: "127.0.0.1", port })), options);
// Errors of single connections are its own business; what it cannot mend fails a command.
cluster.on("error", () => {});

const work = { operations: 0, errors: {}, wrong: [], counted: {}, attempted: {} };
let phase = "start";
let isOver = false;

class Wrong extends Error {}

function equal(got, wanted) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a !== b) throw new Wrong(`${a} instead of ${b}`);
}

function classify(error) {
  const first = /^[A-Z]{3,}/.exec(error.message)?.[0] ?? "";
  return `${error.name} ${first || error.code || ""}`.trim();
}

async function run(what, body) {
  try {
    await body();
    work.operations += 1;
  } catch (error) {
    if (error instanceof Wrong) {
      work.wrong.push(`${phase} ${what}: ${error.message}`);
      return;
    }
    const found = (work.errors[phase] ??= {});
    const name = classify(error);
    found[name] = (found[name] ?? 0) + 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function turn(n) {
  const tag = `{io${n % TAGS}}`;
  const key = (part) => `${tag}:${part}`;
  await run("string", async () => {
    await cluster.set(key("s"), `value-${n}`, "PX", 600000);
    equal(await cluster.get(key("s")), `value-${n}`);
  });
  await run("counter", async () => {
    work.attempted[tag] = (work.attempted[tag] ?? 0) + 1;
    await cluster.incr(key("n"));
    work.counted[tag] = (work.counted[tag] ?? 0) + 1;
  });
  await run("list", async () => {
    await cluster.del(key("l"));
    await cluster.rpush(key("l"), "a", "b", n);
    equal(await cluster.lrange(key("l"), 0, -1), ["a", "b", String(n)]);
  });
  await run("hash", async () => {
    await cluster.hset(key("h"), { n, tag });
    equal(await cluster.hget(key("h"), "n"), String(n));
    equal(Object.keys(await cluster.hgetall(key("h"))).sort(), ["n", "tag"]);
  });
  await run("set", async () => {
    await cluster.sadd(key("m"), "one", "two");
    equal((await cluster.smembers(key("m"))).sort(), ["one", "two"]);
  });
  await run("sorted set", async () => {
    await cluster.zadd(key("z"), 1, "a", 2.5, "b");
    const ranked = await cluster.zrange(key("z"), 0, -1, "WITHSCORES");
    equal(ranked.flat().map(String), ["a", "1", "b", "2.5"]);
  });
  await run("transaction", async () => {
    const answers = await cluster.multi().set(key("t"), n).incr(key("t")).get(key("t")).exec();
    for (const [error] of answers) if (error) throw error;
    equal(answers.map(([, answer]) => answer), ["OK", n + 1, String(n + 1)]);
  });
  await run("pipeline", async () => {
    // This client wants all keys of a pipeline at one node: one tag.
    const pipe = cluster.pipeline();
    for (let step = 0; step < 10; step += 1) pipe.set(key(`p${step}`), n);
    for (let step = 0; step < 10; step += 1) pipe.get(key(`p${step}`));
    const answers = await pipe.exec();
    for (const [error] of answers) if (error) throw error;
    equal(answers.slice(10).map(([, answer]) => answer), Array(10).fill(String(n)));
  });
  await run("many at once", async () => {
    const gets = Array.from({ length: TAGS }, (_, step) => cluster.get(`{io${step}}:p1`));
    equal((await Promise.all(gets)).length, TAGS);
  });
}

async function heard(isSharded) {
  await run(isSharded ? "sharded pub/sub" : "pub/sub", async () => {
    const name = `news:${isSharded}:${process.hrtime.bigint()}`;
    // One connection to one node, as anybody may have; for a shard, to the one at home.
    const node = cluster.nodes("master")[0];
    const { host, port } = node.options;
    const listener = new Redis({ host, port, maxRetriesPerRequest: 1, retryStrategy: null });
    listener.on("error", () => {});
    try {
      const message = new Promise((resolve, reject) => {
        listener.on(isSharded ? "smessage" : "message", (_, text) => resolve(text));
        setTimeout(() => reject(new Error("no message came")), 5000);
      });
      message.catch(() => {});
      if (isSharded) {
        // A channel of another slot is redirected: look for one that is at home here.
        let channel = name;
        for (let n = 0; ; n += 1) {
          try {
            await listener.ssubscribe(channel);
            break;
          } catch (error) {
            if (!/^MOVED/.test(error.message) || n > 200) throw error;
            channel = `${name}:${n}`;
          }
        }
        await node.spublish(channel, "hello");
      } else {
        await listener.subscribe(name);
        await cluster.publish(name, "hello");
      }
      equal(await message, "hello");
    } finally {
      listener.disconnect();
    }
  });
}

async function check() {
  let lost = 0;
  for (const [tag, counted] of Object.entries(work.counted)) {
    let value = null;
    for (let n = 0; n < 50 && value === null; n += 1) {
      try {
        value = Number((await cluster.get(`${tag}:n`)) ?? 0);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    if (value === null) work.wrong.push(`${tag}:n is not served`);
    else if (value > work.attempted[tag] * 4) {
      work.wrong.push(`${tag}:n is ${value} after ${work.attempted[tag]} tries`);
    } else lost += Math.max(0, counted - value);
  }
  return lost;
}

const lines = readline.createInterface({ input: process.stdin });
const first = new Promise((resolve) => lines.once("line", resolve));
lines.on("line", (line) => { phase = line.trim(); });
lines.on("close", () => { isOver = true; });
await first;
for (let n = 1; !isOver; n += 1) {
  await turn(n);
  if (n % 25 === 0) {
    await heard(false);
    await heard(true);
  }
}
const lost = await check();
const { operations, errors, wrong } = work;
const client = `ioredis ${version}`;
console.log(JSON.stringify({ client, operations, errors, wrong: wrong.slice(0, 20), lost }));
process.exit(0);
