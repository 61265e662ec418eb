"""llama.cpp's own measuring programs, and the files that they read."""

import json
import os
import re

from program import run

#: A prompt of 512 tokens that all sequences share, 128 tokens decoded behind it by each.
PREFIX, DECODED = 512, 128


def bench(program, model, threads, file_type):
    """llama-bench: prefill of 512, and 128 tokens decoded from nothing; the better of both kinds of attention."""
    result = run([
        program, "-m", model, "-t", str(threads), "-p", "512", "-n", "128", "-r", "3", "-fa", "0,1", "-o", "json"])
    rows = json.loads(result.output)
    if not all(row["model_type"].endswith(file_type) for row in rows):
        raise RuntimeError(f"{model} holds {rows[0]['model_type']}, not {file_type}")
    best = lambda name, size: max(row["avg_ts"] for row in rows if row[name] == size)
    return {"prefill_512_tokens_s": best("n_prompt", 512), "decode_1_cold_tokens_s": best("n_gen", 128)}, result


#: What llama-batched-bench can be told about its attention: flash attention or not, each sequence's keys and values
#: apart or all in one buffer. Which is fastest depends on the machine, so it is tried.
ATTENTION = [(flash, *unified) for flash in ("off", "on") for unified in ((), ("-kvu",))]


def batched_bench(program, model, threads, attention):
    """llama-batched-bench: one and sixteen sequences that decode behind a shared prompt of 512."""
    flash, *unified = attention
    cells = PREFIX + 16 * DECODED if unified else 16 * (PREFIX + DECODED)
    result = run([
        program, "-m", model, "-t", str(threads), "-c", str(cells), "-npp", str(PREFIX), "-ntg", str(DECODED),
        "-npl", "1,16", "-pps", "--output-format", "jsonl", "-fa", flash, *unified,
    ])
    rows = [json.loads(line) for line in result.output.splitlines() if line.startswith("{")]
    speeds = {row["pl"]: row["speed_tg"] for row in rows}
    return {"decode_1_tokens_s": speeds[1], "decode_16_tokens_s": speeds[16]}, result


def perplexity(program, model, threads, text, chunks):
    result = run([program, "-m", model, "-t", str(threads), "-c", "512", "--chunks", str(chunks), "-f", text])
    found = re.search(r"Final estimate: PPL = ([0-9.]+) \+/- ([0-9.]+)", result.output + result.complaints)
    if not found:
        raise RuntimeError(f"{result.command} gave no estimate")
    return float(found[1]), float(found[2]), result


def tokens(program, model, text):
    """A file's tokens; the names of special tokens in it are ordinary characters, as llama-perplexity reads them."""
    result = run([program, "-m", model, "-f", text, "--ids", "--no-bos", "--no-parse-special", "--log-disable"])
    return json.loads(result.output)


def requantize(program, source, target):
    """The same weights as Q4_0, the format that llama.cpp repacks: all matrices, the embedding too."""
    if os.path.exists(target):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    run([program, "--allow-requantize", "--pure", source, target + ".part", "Q4_0", "2"])
    os.rename(target + ".part", target)


def version(program):
    result = run([program, "--version"])
    return (result.output + result.complaints).strip().splitlines()
