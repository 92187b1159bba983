"""The workload of redis-py's cluster client.

Usage: workload.py <port>...   Reads the names of phases from its input, one a line, and works in
each until the next; at the end of its input it looks at what is there and prints one line of JSON.
"""

import json
import queue
import sys
import threading
import time

import redis
from redis.backoff import ConstantBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry

TAGS = 40


def classify(error):
    words = str(error).split()
    first = words[0] if words and words[0].isupper() else ""
    return f"{type(error).__name__} {first}".strip()


class Workload:
    def __init__(self, ports):
        nodes = [ClusterNode("127.0.0.1", port) for port in ports]
        self.cluster = RedisCluster(
            startup_nodes=nodes,
            socket_timeout=2,
            socket_connect_timeout=2,
            retry=Retry(ConstantBackoff(0.1), 3),
        )
        self.errors = {}
        self.wrong = []
        self.operations = 0
        self.counted = {}
        self.attempted = {}
        self.phase = "start"

    def run(self, what, body):
        try:
            body()
            self.operations += 1
        except AssertionError as error:
            self.wrong.append(f"{self.phase} {what}: {error}")
        except (redis.RedisError, OSError) as error:
            found = self.errors.setdefault(self.phase, {})
            name = classify(error)
            found[name] = found.get(name, 0) + 1
            time.sleep(0.02)

    def turn(self, n):
        at = self.cluster
        tag = f"{{py{n % TAGS}}}"

        def string():
            at.set(f"{tag}:s", f"value-{n}", px=600_000)
            assert at.get(f"{tag}:s") == f"value-{n}".encode()

        def counter():
            self.attempted[tag] = self.attempted.get(tag, 0) + 1
            at.incr(f"{tag}:n")
            self.counted[tag] = self.counted.get(tag, 0) + 1

        def listed():
            at.delete(f"{tag}:l")
            at.rpush(f"{tag}:l", "a", "b", n)
            assert at.lrange(f"{tag}:l", 0, -1) == [b"a", b"b", str(n).encode()]

        def hashed():
            at.hset(f"{tag}:h", mapping={"n": n, "tag": tag})
            assert at.hgetall(f"{tag}:h") == {b"n": str(n).encode(), b"tag": tag.encode()}

        def member():
            at.sadd(f"{tag}:m", "one", "two")
            assert at.smembers(f"{tag}:m") == {b"one", b"two"}

        def ranked():
            at.zadd(f"{tag}:z", {"a": 1, "b": 2.5})
            assert at.zrange(f"{tag}:z", 0, -1, withscores=True) in (
                [(b"a", 1.0), (b"b", 2.5)],
                [[b"a", 1.0], [b"b", 2.5]],
            )

        def transaction():
            with at.pipeline(transaction=True) as pipe:
                pipe.set(f"{tag}:t", n)
                pipe.incr(f"{tag}:t")
                pipe.get(f"{tag}:t")
                answers = pipe.execute()
            assert answers[1:] == [n + 1, str(n + 1).encode()], answers

        def pipelined():
            keys = [f"{{py{(n + step) % TAGS}}}:p" for step in range(10)]
            with at.pipeline() as pipe:
                for key in keys:
                    pipe.set(key, n)
                for key in keys:
                    pipe.get(key)
                answers = pipe.execute()
            assert answers[10:] == [str(n).encode()] * 10, answers

        def many():
            keys = [f"{{py{step}}}:p" for step in range(TAGS)]
            assert len(at.mget_nonatomic(keys)) == TAGS

        steps = [string, counter, listed, hashed, member, ranked, transaction, pipelined, many]
        for step in steps:
            self.run(step.__name__, step)

    def heard(self, shard):
        """Publishes and hears, through a subscription of its own."""

        def body():
            name = f"news:{shard}:{time.monotonic_ns()}"
            pubsub = self.cluster.pubsub()
            try:
                (pubsub.ssubscribe if shard else pubsub.subscribe)(name)
                listen = pubsub.get_sharded_message if shard else pubsub.get_message
                until = time.monotonic() + 5
                sent = False
                while time.monotonic() < until:
                    message = listen(timeout=0.2) if shard else listen(timeout=0.2)
                    if message is None:
                        continue
                    if message["type"] in ("subscribe", "ssubscribe") and not sent:
                        sent = True
                        (self.cluster.spublish if shard else self.cluster.publish)(name, "hello")
                    elif message["type"] in ("message", "smessage"):
                        assert message["data"] == b"hello", message
                        return
                raise redis.TimeoutError("no message came")
            finally:
                pubsub.close()

        self.run("sharded pub/sub" if shard else "pub/sub", body)

    def check(self):
        """Counters after all: what was counted is there, and no more than was tried."""
        lost = 0
        for tag, counted in self.counted.items():
            value = None
            for _ in range(50):
                try:
                    value = int(self.cluster.get(f"{tag}:n") or 0)
                    break
                except redis.RedisError:
                    time.sleep(0.1)
            if value is None:
                self.wrong.append(f"{tag}:n is not served")
            elif value > self.attempted[tag] * 4:
                # A client that tries again after an unknown outcome counts more than once.
                self.wrong.append(f"{tag}:n is {value} after {self.attempted[tag]} tries")
            else:
                lost += max(0, counted - value)
        return lost


def main():
    work = Workload([int(port) for port in sys.argv[1:]])
    phases = queue.Queue()

    def read():
        for line in sys.stdin:
            phases.put(line.strip())
        phases.put(None)

    threading.Thread(target=read, daemon=True).start()
    work.phase = phases.get()
    n = 0
    while work.phase is not None:
        n += 1
        work.turn(n)
        if n % 25 == 0:
            work.heard(False)
            work.heard(True)
        try:
            work.phase = phases.get_nowait()
        except queue.Empty:
            pass
    lost = work.check()
    print(json.dumps({
        "client": f"redis-py {redis.__version__}",
        "operations": work.operations,
        "errors": work.errors,
        "wrong": work.wrong[:20],
        "lost": lost,
    }))


main()
