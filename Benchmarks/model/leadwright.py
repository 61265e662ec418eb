"""Our side: the built leadwright command."""

import json

from program import run


def generate(program, model, threads, prompts, tokens):
    """Texts a minute with 16 requests in flight."""
    result = run([
        program, "bench", "generate", "--model", model, "--prompts", prompts, "--concurrency", "16",
        "--max-tokens", str(tokens), "--threads", str(threads), "--json",
    ])
    return json.loads(result.output), result


def model_speed(program, model, threads):
    """Prefill of 512, and one and sixteen sequences that decode behind it."""
    result = run([
        program, "bench", "model", "--model", model, "--threads", str(threads), "--repetitions", "3", "--json"])
    return json.loads(result.output), result


def tokens(program, model, text):
    with open(text, encoding="utf-8") as file:
        line = json.dumps({"text": file.read()})
    return json.loads(run([program, "model", "tokenize", "--model", model], line + "\n").output)["ids"]


def mean_negative_log_likelihood(program, model, threads, sequences):
    """For each sequence of tokens the mean of -log p of every token but the first."""
    lines = "".join(json.dumps({"ids": sequence}) + "\n" for sequence in sequences)
    result = run([program, "model", "logprobs", "--model", model, "--threads", str(threads), "--top", "1"], lines)
    return [json.loads(line)["mean_nll"] for line in result.output.splitlines()], result
