"""llama.cpp's server under the worker's load: 16 requests in flight over one shared prompt prefix."""

import http.client
import json
import queue
import socket
import subprocess
import threading
import time

from machine import Meter, processor_seconds
from program import shown

SLOTS = 16
CONTEXT = 1024


class Server:
    """A running llama-server; a context manager."""

    def __init__(self, program, model, threads, flash_attention):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        # Not --kv-unified: every slot would then attend over the cells of all sixteen. Continuous batching, prompt
        # caching and weight repacking are on unless turned off.
        command = [
            program, "-m", model, "-t", str(threads), "-np", str(SLOTS), "-c", str(SLOTS * CONTEXT),
            "-fa", flash_attention, "--no-webui", "--port", str(self.port),
        ]
        self.command = shown(command[:-2])
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.ask("GET", "/health")
                return self
            except (OSError, RuntimeError):
                time.sleep(0.1)
        self.__exit__()
        raise RuntimeError(f"{self.command} did not become ready")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, method, path, body=None, connection=None):
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=900)
        own.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = own.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {text[:300]}")
        if connection is None:
            own.close()
        return json.loads(text)

    def prompt(self, conversation):
        messages = [{"role": role, "content": conversation[role]} for role in ("system", "user")]
        return self.ask("POST", "/apply-template", {"messages": messages})["prompt"]

    def complete(self, prompt, tokens, connection=None, **more):
        return self.ask("POST", "/completion", {
            "prompt": prompt, "n_predict": tokens, "temperature": 0, "ignore_eos": True, "cache_prompt": True, **more,
        }, connection)

    def peak_rss_mib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def nurture(server, conversations, tokens, warms_every_slot=True):
    """Texts a minute. The chat template is applied before the clock starts.

    The server's prompt cache belongs to a slot. So each slot is warmed by a request of its own; with
    `warms_every_slot` off, one request warms one slot, and the others compute the prefix when their first one comes.
    What warms has a user message that is none of the measured ones.
    """
    prompts = [server.prompt(conversation) for conversation in conversations]
    warm = server.prompt({**conversations[0], "user": "Good morning."})
    warming = SLOTS if warms_every_slot else 1
    together([lambda slot=slot: server.complete(warm, 1, id_slot=slot) for slot in range(warming)])

    waiting = queue.SimpleQueue()
    for prompt in prompts:
        waiting.put(prompt)
    timings = []

    def work():
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=900)
        while True:
            try:
                prompt = waiting.get_nowait()
            except queue.Empty:
                return connection.close()
            timings.append(server.complete(prompt, tokens, connection)["timings"])

    meter = Meter()
    used = processor_seconds(server.process.pid) + time.process_time()
    start = time.monotonic()
    together([work] * SLOTS)
    seconds = time.monotonic() - start
    noise = meter.stop(processor_seconds(server.process.pid) + time.process_time() - used)
    written = sum(timing["predicted_n"] for timing in timings)
    if written != len(prompts) * tokens:
        raise RuntimeError(f"{written} tokens came back, not {len(prompts)} times {tokens}")
    read, known = sum(timing["prompt_n"] for timing in timings), sum(timing["cache_n"] for timing in timings)
    return {
        "requests": len(prompts), "seconds": seconds, "completion_tokens": written,
        "completion_tokens_s": written / seconds, "requests_min": len(prompts) * 60 / seconds,
        "prefix_hit_rate": known / (read + known), "peak_rss_mib": server.peak_rss_mib(),
    }, noise


def together(works):
    """Does all of them at once; raises what the first of them raised."""
    failures = []

    def guarded(work):
        try:
            work()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
