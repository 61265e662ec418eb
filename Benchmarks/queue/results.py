"""Turns the raw measurements into RESULTS.md and results.json."""

import json
import statistics

import page
from page import spread


def write(raw, folder):
    text = document(raw)
    page.write(raw, text, folder)
    print(text)


def values(raw, name, figure):
    return [step["figures"][figure] for step in raw["measured"] if step["name"] == name and figure in step["figures"]]


def median(raw, name, figure):
    return statistics.median(values(raw, name, figure))


def held(raw, figure):
    """Jobs a second under a held snapshot against those without."""
    return median(raw, "with a snapshot held open", figure) / median(raw, "without a snapshot", figure)


def aims(raw):
    """What is wanted, what was measured, and whether it was reached."""
    rate = lambda name: median(raw, name, "completed_jobs_s")
    ours, bare, peer = rate("Leadwright"), rate("bare loop"), rate("PgQueuer")
    full, empty = (median(raw, f"claims of {kind} queue", "claim_ms") for kind in ("a full", "an empty"))
    flood, alone = (median(raw, f"small tenants {how}", "wait_p99_s") for how in ("beside a flood", "alone"))
    return [
        ("completed jobs against the bare loop", ours / bare, "at least", 0.8),
        ("completed jobs against PgQueuer", ours / peer, "at least", 5),
        ("with 100,000 jobs blocked against without", rate("Leadwright, 100,000 blocked") / ours, "at least", 0.5),
        ("claim of a full queue against an empty one", full / empty, "at most", 1.3),
        ("throughput while a snapshot is held against without", held(raw, "mean_jobs_s"), "at least", 0.9),
        ("p99 wait of small tenants beside a flood against alone", flood / alone, "at most", 2),
    ]


def document(raw):
    options = raw["options"]
    rows = [
        f"| {name} | {value:.2f} | {bound} {limit:g} | "
        f"{'yes' if (value >= limit) == (bound == 'at least') or value == limit else '**no**'} |"
        for name, value, bound, limit in aims(raw)]
    sides = ["bare loop", "bare loop with a history", "Leadwright", "Leadwright, 100,000 blocked",
             "Leadwright, 100 jobs a lead", "PgQueuer"]
    rates = [f"| {name} | {spread(values(raw, name, 'completed_jobs_s'))} |" for name in sides]
    figure = lambda name, places=0: spread(values(raw, "Leadwright", name), places)
    steps = "\n".join(
        f"{step['round']}  {step['name']}: {json.dumps(step['figures'])}; stolen {step['stolen']:.1%}"
        for step in raw["measured"])
    commands = "\n".join(f"{name}: {command}" for name, command in raw["commands"].items())
    return f"""# The queue beside a bare loop and PgQueuer

Made by `Benchmarks/queue/run` in one run on one private Postgres with fsync on, in turns; medians over the rounds with the
least and the greatest.

| | measured | wanted | reached |
|---|---|---|---|
{chr(10).join(rows)}

| two workers, a hundred jobs a claim | completed a second |
|---|---|
{chr(10).join(rates)}

- Leadwright: {figure('insert_jobs_s')} jobs put in a second by four producers, {figure('wal_bytes_per_job')} bytes of WAL a
  job from there to its end, {figure('p50_ms', 1)} ms p50 and {figure('p99_ms', 1)} ms p99 from the time that a job was meant
  to be put in to its durable end, at half of the drain's rate (10,000 a second at most). Lane order, tenant shares and
  call budgets are on; each job leaves a row in the history; the client reads every job.
- The bare loop: `UPDATE … WHERE id IN (SELECT … LIMIT 100 FOR UPDATE SKIP LOCKED)` and `DELETE`, prepared, by pgbench, which
  reads nothing but two arrays of ids. No order, no shares, no budgets, no history, no leases. With a history, what it
  deletes goes into a table with one index.
- PgQueuer 1.6.0 with asyncpg, four processes in drain mode with batches of a hundred, as many jobs.
- The full queue: {options['finished']:,} finished and {options['waiting']:,} waiting jobs. The flood: as many jobs of one
  tenant, put in first, as {options['tenants']:,} others have together ({options['each']} each). The snapshot: held for
  {options['snapshot']} s while jobs keep coming, with 20,000 waiting, beside as long without one; in the last
  minute it was {held(raw, 'last_jobs_s'):.2f} of the same minute without.

## Where and what

| | |
|---|---|
{chr(10).join(f"| {name} | {value} |" for name, value in raw['machine'])}
| Postgres | {raw['postgres']}; {raw['settings']} |
| Leadwright | commit {raw['commit']} |
| started | {raw['started']} |

## Commands

```
{commands}
```

## Every measurement

```
{steps}
```
"""
