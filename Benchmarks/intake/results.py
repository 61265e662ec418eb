"""Turns the raw measurements into RESULTS.md and results.json."""

import json
import statistics

import page
from page import spread

PEERS = {"transaction": "pgbench, a statement a row", "statement": "pgbench, one statement for all rows"}


def write(raw, folder):
    text = document(raw)
    page.write(raw, text, folder)
    print(text)


def values(raw, name, figure):
    return [step["figures"][figure] for step in raw["rounds"] if step["name"] == name]


def rates(raw):
    ours = values(raw, "intake, as fast as it goes", "deliveries_s")
    rows = ["| | a second | intake's share |", "|---|---|---|", f"| intake, committed deliveries | {spread(ours)} | |"]
    for script, title in PEERS.items():
        theirs = values(raw, f"pgbench, {script}", "deliveries_s")
        share = statistics.median(ours) / statistics.median(theirs)
        rows.append(f"| {title} | {spread(theirs)} | {share:.0%} |")
    return "\n".join(rows)


def latencies(raw):
    rows = ["| | a second | p50, ms | p99, ms | refused | p99 of refusals, ms |", "|---|---|---|---|---|---|"]
    for name in ("intake, half of that", "intake, as fast as it goes", "intake, overload"):
        figure = lambda key, places=1: spread(values(raw, name, key), places)
        rows.append(f"| {name} | {figure('deliveries_s', 0)} | {figure('p50_ms')} | {figure('p99_ms')} | "
                    f"{figure('refused', 0)} | {figure('refused_p99_ms')} |")
    return "\n".join(rows)


def shortfalls(raw):
    """A line for each figure in which pgbench is ahead or an aim is missed."""
    ours = statistics.median(values(raw, "intake, as fast as it goes", "deliveries_s"))
    lines = []
    for script, title in PEERS.items():
        share = ours / statistics.median(values(raw, f"pgbench, {script}", "deliveries_s"))
        if share < 0.6:
            lines.append(f"- {title}: intake commits {share:.0%} of it, and 60 % is the aim.")
        elif share < 1:
            lines.append(f"- {title} is ahead: intake commits {share:.0%} of it (60 % is the aim).")
    latency = statistics.median(values(raw, "intake, half of that", "p99_ms"))
    if latency >= 50:
        lines.append(f"- p99 at half of the load is {latency:.0f} ms, and 50 ms is the aim.")
    return "\n".join(lines) or "In none of these figures."


def document(raw):
    commands = "\n".join(f"{name}: {command}" for name, command in raw["commands"].items())
    steps = "\n".join(
        f"{step['round']}  {step['name']}: {json.dumps(step['figures'])}; others {step['noise']['others']:.1%}, stolen "
        f"{step['noise']['stolen']:.1%}" for step in raw["rounds"])
    generator = spread(values(raw, "intake, as fast as it goes", "generator_cpu_us"))
    return f"""# The gateway's intake beside pgbench

Made by `Benchmarks/intake/run` in one run on one private Postgres, {raw['connections']} connections for each side,
{raw['seconds']} seconds a measurement, in turns; medians over the rounds with the least and the greatest.

{rates(raw)}

{latencies(raw)}

- Intake: signed HubSpot deliveries of one fresh event each over HTTP, from the request's bytes to the answer after the
  commit. Load generator and gateway run in one process, with Postgres on the same cores; making, signing and sending one
  delivery and reading its answer took the generator {generator} µs of processor time.
- pgbench: the same four rows (event key, delivery, event, job) in a transaction, prepared, over a Unix socket; once with
  a statement a row and once in a single statement. It reads no HTTP, checks no signature, reads no JSON, looks for no
  duplicates and keeps no order of a lead's jobs.
- "half of that": at fixed times, latency from the time that was meant. "overload": {raw['flood']:,} connections that each
  send their next delivery as soon as the last one is answered; refusals are 503.
- In every run of ours all acknowledged deliveries were in the database afterwards, or the run would have failed.

## Where we lose

{shortfalls(raw)}

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

The round, what was measured, its figures, and the share of the machine that others took meanwhile. `results.json` holds
the same for programs.

```
{steps}
```
"""
