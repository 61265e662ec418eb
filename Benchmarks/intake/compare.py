"""Measures the gateway's intake and pgbench in turns, and writes results.json and RESULTS.md."""

import argparse
import json
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.relpath(__file__))
sys.path.append(os.path.join(HERE, "..", "shared"))

import machine
import program
import results
from postgres import Postgres

LEADWRIGHT = ".build/release/leadwright"
POSTGRES = ".local/postgres/18/bin"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="how often each side is measured; 2 unless given")
    parser.add_argument("--seconds", type=int, default=10, help="how long each measurement takes; 10 unless given")
    parser.add_argument("--connections", type=int, default=32, help="connections of each side; 32 unless given")
    parser.add_argument("--flood", type=int, default=2000, help="connections of the overload; 2000 unless given")
    parser.add_argument("--output", default=HERE, help="where results.json and RESULTS.md go; beside this file unless given")
    return parser.parse_args()


class Comparison:
    def __init__(self, options, server):
        self.options = options
        self.server = server
        self.pgbench_url, self.gateway_url = server.database("by_pgbench"), server.database("by_gateway")
        for url in (self.pgbench_url, self.gateway_url):
            program.run([LEADWRIGHT, "migrate", "--database-url", url])
        self.raw = {"rounds": [], "commands": {}}

    def pgbench(self, script):
        run = program.run([
            os.path.join(POSTGRES, "pgbench"), "--no-vacuum", "--protocol=prepared",
            f"--client={self.options.connections}", "--jobs=2", f"--time={self.options.seconds}",
            f"--file={HERE}/{script}.sql", self.pgbench_url])
        figures = {"deliveries_s": r"tps = ([\d.]+)", "mean_ms": r"latency average = ([\d.]+)"}
        return {name: float(re.search(form, run.output).group(1)) for name, form in figures.items()}, run

    def intake(self, *options, connections=None):
        run = program.run([
            LEADWRIGHT, "bench", "intake", "--database-url", self.gateway_url, "--json", "--connections",
            str(connections or self.options.connections), "--seconds", str(self.options.seconds), *options])
        return json.loads(run.output), run

    def measured(self, number, name, measure):
        before = machine.Meter(), self.server.processor_seconds()
        figures, run = measure()
        noise = before[0].stop(self.server.processor_seconds() - before[1] + run.processor_seconds)
        # The database's address is a folder made for this run.
        command = run.command.replace(self.server.folder, "…")
        self.raw["commands"][name] = command
        self.raw["rounds"].append({"round": number, "name": name, "figures": figures, "noise": noise})
        shown = ", ".join(f"{key} {value:.1f}" for key, value in figures.items())
        print(f"{name}: {shown}; others took {noise['others'] + noise['stolen']:.1%}", file=sys.stderr, flush=True)
        return figures

    def round(self, number):
        """Odd rounds begin with the other side, so that nothing always follows the same neighbour."""
        sides = [self.peer, self.ours]
        for side in sides if number % 2 == 0 else reversed(sides):
            side(number)

    def peer(self, number):
        for script in ("transaction", "statement"):
            self.measured(number, f"pgbench, {script}", lambda: self.pgbench(script))

    def ours(self, number):
        closed = self.measured(number, "intake, as fast as it goes", self.intake)
        half = f"{closed['deliveries_s'] / 2:.0f}"
        self.measured(number, "intake, half of that", lambda: self.intake("--rate", half))
        self.measured(number, "intake, overload", lambda: self.intake(connections=self.options.flood))

    def run(self):
        self.raw.update({
            "started": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "machine": machine.description(),
            "commit": machine.commit(), "postgres": self.server.run("postgres", "--version").strip(),
            "settings": self.server.settings, "connections": self.options.connections, "flood": self.options.flood,
            "seconds": self.options.seconds,
        })
        for number in range(self.options.rounds):
            self.round(number)
        results.write(self.raw, self.options.output)


if __name__ == "__main__":
    options = arguments()
    with Postgres(POSTGRES) as server:
        Comparison(options, server).run()
