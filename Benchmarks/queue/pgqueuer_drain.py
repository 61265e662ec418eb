"""Puts jobs into PgQueuer and drains them, as fast as it goes: `pgqueuer_drain.py HOST JOBS`. Prints JSON.

Workers with batches of a hundred, each on one event loop in a process of its own, no work in the jobs: what the
queue itself takes."""

import asyncio
import json
import multiprocessing
import sys
import time

import asyncpg
from pgqueuer import AsyncpgDriver, QueueManager
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode


#: On two cores four processes drained as many jobs as two or eight, or more.
WORKERS = 4


async def connected(host):
    return AsyncpgDriver(await asyncpg.connect(host=host, user="leadwright", database="by_pgqueuer"))


async def fill(host, jobs):
    driver = await connected(host)
    queries = Queries(driver)
    await queries.install()
    start = time.monotonic()
    for first in range(0, jobs, 1000):
        size = min(1000, jobs - first)
        await queries.enqueue(["bench"] * size, [b'{"event": 12345}'] * size, [0] * size)
    seconds = time.monotonic() - start
    # As autovacuum would, and as the bare loop's table is.
    await driver.execute("VACUUM ANALYZE")
    return seconds


async def drain(host, ready):
    manager = QueueManager(Queries(await connected(host)))

    @manager.entrypoint("bench")
    async def nothing(job):
        pass

    ready.wait()
    await manager.run(batch_size=100, mode=QueueExecutionMode.drain)


def worker(host, ready):
    asyncio.run(drain(host, ready))


if __name__ == "__main__":
    host, jobs = sys.argv[1], int(sys.argv[2])
    filled = asyncio.run(fill(host, jobs))
    # The time of starting Python is not the queue's.
    ready = multiprocessing.Barrier(WORKERS + 1)
    workers = [multiprocessing.Process(target=worker, args=[host, ready]) for _ in range(WORKERS)]
    for process in workers:
        process.start()
    ready.wait()
    start = time.monotonic()
    for process in workers:
        process.join()
    if any(process.exitcode for process in workers):
        sys.exit("a worker failed")
    print(json.dumps({"insert_jobs_s": jobs / filled, "completed_jobs_s": jobs / (time.monotonic() - start)}))
