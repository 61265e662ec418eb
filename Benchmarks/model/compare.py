"""Measures Leadwright's model core and llama.cpp in turns, and writes results.json and RESULTS.md."""

import argparse
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.relpath(__file__))
sys.path.append(os.path.join(HERE, "..", "shared"))

import leadwright
import llama_server
import llama_tools
import machine
import perplexity
import results

PROMPTS = os.path.join(HERE, "nurture-prompts.jsonl")
TOKENS = 96
#: Above this share of the machine a measurement is repeated, twice at most, and the least disturbed one counts.
NOISE_LIMIT = 0.03


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each side is measured; 3 unless given")
    parser.add_argument("--threads", type=int, default=2, help="threads of each side; 2 unless given")
    parser.add_argument("--prompts", type=int, default=64, help="how many of the prompts; all 64 unless given")
    parser.add_argument("--chunks", type=int, default=16, help="chunks of 512 tokens for perplexity; 16 unless given")
    parser.add_argument("--text", default="docs/architecture.md", help="the text for perplexity")
    parser.add_argument("--output", default=HERE, help="where results.json and RESULTS.md go; beside this file unless given")
    return parser.parse_args()


class Comparison:
    def __init__(self, options):
        self.options = options
        self.threads = options.threads
        self.folder = os.environ.get("LLAMA_CPP_BIN") or ".local/peer/build/bin"
        self.program = ".build/release/leadwright"
        self.source = os.environ.get("LEADWRIGHT_MODEL") or ".local/models/SmolLM2-135M-Instruct.Q4_1.gguf"
        requantized = os.path.basename(self.source).replace("Q4_1", "Q4_0")
        self.models = {"Q4_1": self.source, "Q4_0": f".local/peer/requantized/{requantized}"}
        with open(PROMPTS, encoding="utf-8") as file:
            lines = file.readlines()[:options.prompts]
        self.conversations = [json.loads(line) for line in lines]
        self.prompts = PROMPTS
        if len(lines) < 64:
            self.prompts = ".local/peer/prompts.jsonl"
            os.makedirs(os.path.dirname(self.prompts), exist_ok=True)
            with open(self.prompts, "w", encoding="utf-8") as file:
                file.writelines(lines)
        self.raw = {"rounds": [], "trials": [], "commands": {}}

    def peer(self, name):
        return os.path.join(self.folder, name)

    # What is measured: each returns figures, how much others disturbed it, and its command.

    def server(self, file, flash, **more):
        with llama_server.Server(self.peer("llama-server"), self.models[file], self.threads, flash) as server:
            figures, noise = llama_server.nurture(server, self.conversations, TOKENS, **more)
            return figures, noise, server.command

    def bench(self, file):
        figures, run = llama_tools.bench(self.peer("llama-bench"), self.models[file], self.threads, file)
        return {**figures, "peak_rss_mib": run.peak_rss_mib}, run.noise, run.command

    def batched(self, file, attention):
        figures, run = llama_tools.batched_bench(
            self.peer("llama-batched-bench"), self.models[file], self.threads, attention)
        return {**figures, "peak_rss_mib": run.peak_rss_mib}, run.noise, run.command

    def our_texts(self):
        figures, run = leadwright.generate(self.program, self.source, self.threads, self.prompts, TOKENS)
        return figures, run.noise, run.command

    def our_speed(self):
        figures, run = leadwright.model_speed(self.program, self.source, self.threads)
        return figures, run.noise, run.command

    # How it is measured.

    def measured(self, name, measure):
        """Waits for a quiet machine, measures, and repeats what was disturbed."""
        attempts = []
        while not attempts or disturbance(attempts[-1]) > NOISE_LIMIT and len(attempts) < 3:
            machine.wait_until_quiet()
            figures, noise, command = measure()
            attempts.append({"name": name, "command": command, "figures": figures, "noise": noise})
        best = min(attempts, key=disturbance)
        self.raw["commands"][name] = best["command"]
        shown = ", ".join(f"{key} {value:.1f}" for key, value in best["figures"].items() if isinstance(value, float))
        print(f"{name}: {shown}; others took {disturbance(best):.1%}", file=sys.stderr, flush=True)
        return best

    def settle(self):
        """llama.cpp at its best: its choices of attention are tried once each, and the fastest are kept."""
        server = {flash: self.measured(f"trial: server, flash attention {flash}", lambda: self.server("Q4_0", flash))
                  for flash in ("off", "on")}
        batched = {attention: self.measured(
            f"trial: batched-bench, {' '.join(('flash attention',) + attention)}",
            lambda: self.batched("Q4_0", attention)) for attention in llama_tools.ATTENTION}
        self.raw["trials"] = [*server.values(), *batched.values()]
        self.flash = max(server, key=lambda flash: server[flash]["figures"]["requests_min"])
        self.attention = {size: max(batched, key=lambda kind: batched[kind]["figures"][f"decode_{size}_tokens_s"])
                          for size in (1, 16)}

    def round(self, number):
        steps = [("leadwright, texts", self.our_texts), ("leadwright, model", self.our_speed)]
        for file in self.models:
            steps.append((f"llama-server, {file}", lambda file=file: self.server(file, self.flash)))
            steps.append((f"llama-bench, {file}", lambda file=file: self.bench(file)))
            for attention in dict.fromkeys(self.attention.values()):
                steps.append((
                    f"llama-batched-bench {' '.join(attention)}, {file}",
                    lambda file=file, attention=attention: self.batched(file, attention)))
        # Each round begins elsewhere, so that nothing always follows the same neighbour.
        shift = number * len(steps) // max(1, self.options.rounds)
        for name, measure in steps[shift:] + steps[:shift]:
            self.raw["rounds"].append({"round": number, **self.measured(name, measure)})

    def once(self):
        """What needs no repetition."""
        self.raw["one_warm_slot"] = self.measured(
            "llama-server, Q4_0, one slot warmed", lambda: self.server("Q4_0", self.flash, warms_every_slot=False))
        self.raw["perplexity"] = {file: perplexity.compare(
            self.program, self.peer, model, self.threads, self.options.text, self.options.chunks)
            for file, model in self.models.items()}

    def run(self):
        llama_tools.requantize(self.peer("llama-quantize"), self.source, self.models["Q4_0"])
        self.raw.update({
            "started": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "machine": machine.description(),
            "commit": machine.commit(), "llama.cpp": llama_tools.version(self.peer("llama-server")),
            "threads": self.threads, "prompts": len(self.conversations), "tokens": TOKENS,
            "model": os.path.basename(self.source), "text": self.options.text,
        })
        self.settle()
        self.raw["settled"] = {"server": self.flash, "batched-bench": self.attention}
        for number in range(self.options.rounds):
            self.round(number)
        self.once()
        results.write(self.raw, self.options.output)


def disturbance(measurement):
    return measurement["noise"]["others"] + measurement["noise"]["stolen"]


if __name__ == "__main__":
    Comparison(arguments()).run()
