"""Turns the raw measurements into a table for the terminal, RESULTS.md and results.json."""

import statistics

import page


def write(raw, folder):
    page.write(raw, document(raw), folder)
    print(table(HEAD, speed_rows(raw)))
    print(table(PERPLEXITY_HEAD, perplexity_rows(raw)))


def values(raw, prefix, figure):
    """A figure in every round; where several settings of a program were measured, the best of the round."""
    rounds = {}
    for step in raw["rounds"]:
        name, _, file = step["name"].rpartition(", ")
        if (f"{name.split(' ')[0]}, {file}") == prefix and figure in step["figures"]:
            rounds.setdefault(step["round"], []).append(step["figures"][figure])
    return [max(found) for _, found in sorted(rounds.items())]


#: Title, our figure, llama.cpp's program and figure, and the ratios to reach against its Q4_1 and Q4_0 figures.
SPEEDS = [
    ("texts a minute", "texts", "requests_min", "llama-server", "requests_min", "5", "2.5"),
    ("prefill of 512, tokens/s", "model", "prefill_512_tokens_s", "llama-bench", "prefill_512_tokens_s", None, "1.25"),
    ("16 sequences behind 512 shared, tokens/s", "model", "decode_16_tokens_s", "llama-batched-bench",
     "decode_16_tokens_s", None, "2.5"),
    ("one sequence behind 512, tokens/s", "model", "decode_1_tokens_s", "llama-batched-bench", "decode_1_tokens_s",
     None, "1.2"),
    ("one sequence; llama-bench's from nothing", "model", "decode_1_tokens_s", "llama-bench", "decode_1_cold_tokens_s",
     None, None),
]
HEAD = ["", "Leadwright, Q4_1", "llama.cpp, Q4_1", "llama.cpp, Q4_0", "× Q4_1", "× Q4_0", "aim"]
PERPLEXITY_HEAD = ["perplexity", "Leadwright", "llama.cpp", "ratio"]


def speed_rows(raw):
    rows = []
    for title, step, figure, program, their_figure, aim_q4_1, aim_q4_0 in SPEEDS:
        ours = values(raw, f"leadwright, {step}", figure)
        theirs = {file: values(raw, f"{program}, {file}", their_figure) for file in ("Q4_1", "Q4_0")}
        ratios = {file: statistics.median(ours) / statistics.median(found) for file, found in theirs.items()}
        aims = [f"{aim} × {file}" for aim, file in ((aim_q4_1, "Q4_1"), (aim_q4_0, "Q4_0")) if aim]
        rows.append([
            title, spread(ours), spread(theirs["Q4_1"]), spread(theirs["Q4_0"]), f"{ratios['Q4_1']:.2f}",
            f"{ratios['Q4_0']:.2f}", ", ".join(aims)])
    memory = lambda prefix: spread(values(raw, prefix, "peak_rss_mib"))
    rows.append(["peak memory of the texts, MiB", memory("leadwright, texts"), memory("llama-server, Q4_1"),
                 memory("llama-server, Q4_0"), "", "", "ours under 400"])
    rows.append(["load, seconds", spread(values(raw, "leadwright, model", "load_seconds"), 2), "", "", "", "",
                 "under 1"])
    return rows


def shortfalls(raw):
    """A line for each figure in which llama.cpp is ahead, or we are but not as far as we want."""
    lines = []
    for row, (*_, aim_q4_1, aim_q4_0) in zip(speed_rows(raw), SPEEDS):
        for file, ratio, aim in (("Q4_1", row[4], aim_q4_1), ("Q4_0", row[5], aim_q4_0)):
            if float(ratio) < 1:
                lines.append(f"- {row[0]}: llama.cpp with {file} is ahead; ours is {ratio} of it.")
            elif aim and float(ratio) < float(aim):
                lines.append(f"- {row[0]}: {ratio} × llama.cpp with {file}, not yet {aim} ×.")
    return "\n".join(lines) or "In none of these figures."


def perplexity_rows(raw):
    return [[f"{file}, {found['tokens_counted']} tokens", f"{found['leadwright']:.4f}",
             f"{found['llama.cpp']:.4f} ± {found['llama.cpp_standard_error']:.4f}",
             f"{found['leadwright'] / found['llama.cpp']:.5f}"] for file, found in raw["perplexity"].items()]


def spread(found, digits=1):
    """The median, and the least and greatest."""
    if not found:
        return "–"
    return f"{statistics.median(found):.{digits}f} ({min(found):.{digits}f}–{max(found):.{digits}f})"


def table(head, rows):
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    line = lambda row: "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
    return "\n".join([line(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(line, rows)]) + "\n"


def document(raw):
    commands = "\n".join(f"{name}\n    {command}" for name, command in raw["commands"].items())
    lines = "\n".join(
        f"{step['round']}  {step['name']}: "
        + ", ".join(f"{key} {value:.6g}" for key, value in step["figures"].items() if isinstance(value, (int, float)))
        + f"; others {step['noise']['others']:.1%}, stolen {step['noise']['stolen']:.1%}"
        for step in raw["rounds"] + [{"round": "-", **step} for step in [*raw["trials"], raw["one_warm_slot"]]])
    kernels = next(step["figures"]["kernels"] for step in raw["rounds"] if step["name"] == "leadwright, model")
    one_slot = raw["one_warm_slot"]["figures"]["requests_min"]
    return f"""# The model core beside llama.cpp

Made by `Benchmarks/model/run` (`make bench`) in one run, {raw['threads']} threads for each side, in turns; medians over
the rounds with the least and the greatest. A measurement that others disturbed was repeated.

{table(HEAD, speed_rows(raw))}
{table(PERPLEXITY_HEAD, perplexity_rows(raw))}
- Texts: {raw['prompts']} conversations of `nurture-prompts.jsonl` (one system message of about 440 tokens, a short user
  message each), {raw['tokens']} tokens each, greedy, past the end of the turn, 16 in flight. llama-server's prompt cache
  belongs to a slot, so each of its 16 slots was warmed by a request of its own; with one request for warming, as ours
  has, it made {one_slot:.1f} texts a minute from Q4_0. It is asked over HTTP and ours in the process; a request takes
  seconds, so that does not show.
- llama.cpp at its best: built for this processor; flash attention and a unified cache were tried, and the fastest were
  kept (server: flash attention {raw['settled']['server']}; llama-batched-bench: the best of the round). Q4_0 are the same
  weights rounded again; what that costs is in the perplexities.
- Perplexity of `{raw['text']}`: chunks of 512 tokens, the last 255 of each counted, the same tokens on both sides.
- Ours reads the Q4_1 file throughout.

## Where we lose

{shortfalls(raw)}

## Where and what

| | |
|---|---|
{chr(10).join(f"| {name} | {value} |" for name, value in raw['machine'])}
| Leadwright | commit {raw['commit']}, {kernels} kernels |
| llama.cpp | {'; '.join(raw['llama.cpp'])} |
| model | {raw['model']} |
| started | {raw['started']} |

## Commands

```
{commands}
```

## Every measurement

The round, what was measured, its figures, and the share of the machine that others took meanwhile; "-" for trials and
what was measured once. `results.json` holds the same for programs.

```
{lines}
```
"""
