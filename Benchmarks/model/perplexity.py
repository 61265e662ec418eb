"""Perplexity of one text on both sides: the same tokens in the same chunks, and the same ones of them counted."""

import math

import leadwright
import llama_tools

#: llama-perplexity's way: chunks of 512 tokens, each read from nothing, of which the last 255 are counted.
CHUNK, FIRST = 512, 256


def compare(leadwright_program, peer, model, threads, text, chunks):
    """Ours and llama.cpp's perplexity of the file's first chunks, and their ratio."""
    ids = leadwright.tokens(leadwright_program, model, text)
    if ids != llama_tools.tokens(peer("llama-tokenize"), model, text):
        raise RuntimeError(f"the two sides do not read {text} as the same tokens")
    chunks = min(chunks, len(ids) // CHUNK)
    parts = [ids[start * CHUNK:(start + 1) * CHUNK] for start in range(chunks)]
    theirs, error, run = llama_tools.perplexity(peer("llama-perplexity"), model, threads, text, chunks)
    return {
        "tokens_counted": chunks * (CHUNK - 1 - FIRST), "leadwright": ours(leadwright_program, model, threads, parts),
        "llama.cpp": theirs, "llama.cpp_standard_error": error, "command": run.command,
    }


def ours(program, model, threads, parts):
    """Our command means over a whole line, so the tokens that are not counted are taken out by a second, shorter one."""
    lines = [line for part in parts for line in (part, part[:FIRST + 1])]
    means, _ = leadwright.mean_negative_log_likelihood(program, model, threads, lines)
    total = sum(whole * (CHUNK - 1) - head * FIRST for whole, head in zip(means[::2], means[1::2]))
    return math.exp(total / (len(parts) * (CHUNK - 1 - FIRST)))
