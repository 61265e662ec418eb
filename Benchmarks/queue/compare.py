"""Measures the queue beside a bare loop and PgQueuer in turns, and under what slows queues down; writes results.json and
RESULTS.md."""

import argparse
import json
import os
import re
import statistics
import subprocess
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
SQL = "Sources/JobQueue/SQL"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each side is drained; 3 unless given")
    parser.add_argument("--jobs", type=int, default=100_000, help="jobs of a drain; 100000 unless given")
    parser.add_argument("--finished", type=int, default=1_000_000, help="finished jobs behind the claims of a full queue")
    parser.add_argument("--waiting", type=int, default=1_000_000, help="waiting jobs in it")
    parser.add_argument("--tenants", type=int, default=10_000, help="tenants beside the one that floods")
    parser.add_argument("--each", type=int, default=10, help="jobs of each of them; the flood is as many as all of these")
    parser.add_argument("--snapshot", type=int, default=60, help="seconds that a snapshot is held open under load")
    parser.add_argument("--output", default=HERE, help="where results.json and RESULTS.md go; beside this file unless given")
    return parser.parse_args()


class Comparison:
    def __init__(self, options, server):
        self.options = options
        self.server = server
        self.databases = 0
        self.raw = {"measured": [], "commands": {}}

    # MARK: Sides

    def fresh(self):
        # What the last one left to be cleaned up and written to the disk would be counted against this one.
        if self.databases:
            self.server.query("postgres", f"DROP DATABASE queue_{self.databases} WITH (FORCE)")
        self.server.query("postgres", "CHECKPOINT")
        self.databases += 1
        url = self.server.database(f"queue_{self.databases}")
        program.run([LEADWRIGHT, "migrate", "--database-url", url])
        return url

    def ours(self, *options, jobs=None, url=None):
        run = program.run([
            LEADWRIGHT, "bench", "queue", "--database-url", url or self.fresh(), "--json", "--jobs",
            str(jobs or self.options.jobs), *options])
        return json.loads(run.output), run.command

    def bare(self, script="bare.sql"):
        self.server.run("psql", "--host", self.server.folder, "--username=leadwright", "--quiet", "--dbname=bare",
                        "--file", os.path.abspath(f"{HERE}/bare_setup.sql"))
        self.server.query("bare", "INSERT INTO bare (payload) SELECT '{\"event\": 12345}' "
                          f"FROM generate_series(1, {self.options.jobs})")
        self.server.query("bare", "VACUUM ANALYZE bare")
        run = program.run([
            os.path.join(POSTGRES, "pgbench"), "--no-vacuum", "--protocol=prepared", "--client=2", "--jobs=2",
            f"--transactions={self.options.jobs // 200}", f"--file={HERE}/{script}",
            f"postgresql://leadwright@/bare?host={self.server.folder}"])
        rate = float(re.search(r"tps = ([\d.]+)", run.output).group(1)) * 100
        return {"completed_jobs_s": rate}, run.command

    def pgqueuer(self):
        self.server.query("postgres", "DROP DATABASE IF EXISTS by_pgqueuer")
        self.server.database("by_pgqueuer")
        environment = {**os.environ, "PYTHONPATH": os.path.abspath(".local/pgqueuer")}
        command = [sys.executable, f"{HERE}/pgqueuer_drain.py", self.server.folder, str(self.options.jobs)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"PgQueuer failed: {done.stderr[-2000:]}")
        return json.loads(done.stdout), program.shown(command)

    # MARK: What slows queues down

    def claims(self, finished, waiting):
        """The median milliseconds of a claim of 100, with its commit, by psql."""
        url = self.fresh()
        name = url.partition("@/")[2].partition("?")[0]
        columns = "lane, id, turn, tenant_id, connection_id, run_at, enqueued_at, priority, max_attempts, stage, payload"
        self.server.query(name, f"""
            INSERT INTO jobs ({columns})
            SELECT hashint8extended(i, 0), i, (1 + i / 10)::bigint * 1000000, i % 10, i % 10, now(), now(), 0, 12, 'bench',
                   '{{"event": 12345}}' FROM generate_series(1, {max(waiting, 20_000)}) AS i""")
        if finished:
            self.server.query(name, f"""
                INSERT INTO job_history (
                    job_id, enqueued_at, tenant_id, connection_id, lane, attempts, stage, outcome, payload)
                SELECT i, now(), i % 10, i % 10, hashint8extended(i, 0), 1, 'bench', 'done', '{{"event": 12345}}'
                FROM generate_series(1, {finished}) AS i""")
        self.server.query(name, "VACUUM ANALYZE")
        with open(f"{SQL}/claim.sql", encoding="utf-8") as file:
            claim = file.read()
        script = os.path.join(self.server.folder, "claims.sql")
        with open(script, "w", encoding="utf-8") as file:
            file.write("\\set ON_ERROR_STOP on\nSET plan_cache_mode = force_generic_plan; SET jit = off; "
                       "SET enable_bitmapscan = off;\n"
                       f"PREPARE claim AS {claim};\n\\timing on\n")
            # A worker begins where the last claims ended.
            for token in range(150):
                file.write("SELECT coalesce(max(turn), 0) AS clock FROM leases WHERE stage = 'bench' \\gset\n"
                           f"EXECUTE claim('bench', 100, 'w', 30, NULL, ARRAY[0, :clock, 0], ARRAY[0, {token}, 0], 1, 100) "
                           "\\g /dev/null\n")
        os.chmod(script, 0o644)
        output = self.server.run("psql", "--host", self.server.folder, "--username=leadwright", "--dbname", name,
                                 "--file", script)
        times = [float(text) for text in re.findall(r"Time: ([\d.]+) ms", output)][1::2][-140:]
        return {"claim_ms": statistics.median(times)}, "150 times claim.sql with a limit of 100, by psql"

    def snapshot(self, held):
        seconds = self.options.snapshot
        holder = None
        url = self.fresh()
        if held:
            holder = subprocess.Popen(
                ["psql", "--quiet", url, "--command", "BEGIN ISOLATION LEVEL REPEATABLE READ", "--command",
                 "SELECT count(*) FROM tenants", "--command", f"SELECT pg_sleep({seconds + 600})"],
                stdout=subprocess.DEVNULL)
            time.sleep(1)
        try:
            figures, command = self.ours("--sustained", str(seconds), jobs=1000, url=url)
        finally:
            if holder:
                holder.kill()
        rates = figures["sustained_jobs_s"]
        return {"sustained_jobs_s": rates, "mean_jobs_s": statistics.mean(rates),
                "last_jobs_s": statistics.mean(rates[-6:]), "dead_tuples": figures["dead_tuples"]}, command

    def flood(self, size):
        options = ["--tenants", str(self.options.tenants)] + (["--flood", str(size)] if size else ["--flood", "1"])
        figures, command = self.ours(*options, jobs=self.options.tenants * self.options.each)
        return {name: figures[name] for name in ("wait_p99_s", "completed_jobs_s")}, command

    # MARK: One run

    def measured(self, name, measure, round=0):
        meter = machine.Meter()
        figures, command = measure()
        self.raw["commands"][name] = command.replace(self.server.folder, "…")
        stolen = meter.stop(0)["stolen"]
        self.raw["measured"].append({"name": name, "round": round, "figures": figures, "stolen": stolen})
        print(f"{name}: {figures}", file=sys.stderr, flush=True)

    def run(self):
        self.raw.update({
            "started": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "machine": machine.description(),
            "commit": machine.commit(), "postgres": self.server.run("postgres", "--version").strip(),
            "settings": self.server.settings, "options": vars(self.options),
        })
        self.server.database("bare")
        blocked = lambda: self.ours("--blocked", "100000")
        deep = lambda: self.ours("--lanes", str(self.options.jobs // 100))
        kept = lambda: self.bare("bare_kept.sql")
        sides = [("bare loop", self.bare), ("bare loop with a history", kept), ("Leadwright", self.ours),
                 ("Leadwright, 100,000 blocked", blocked), ("Leadwright, 100 jobs a lead", deep),
                 ("PgQueuer", self.pgqueuer)]
        for number in range(self.options.rounds):
            # Every other round the other way round, so that nothing always follows the same neighbour.
            for name, side in sides if number % 2 == 0 else reversed(sides):
                self.measured(name, side, number)
        self.measured("claims of an empty queue", lambda: self.claims(0, 0))
        self.measured("claims of a full queue", lambda: self.claims(self.options.finished, self.options.waiting))
        self.measured("without a snapshot", lambda: self.snapshot(False))
        self.measured("with a snapshot held open", lambda: self.snapshot(True))
        self.measured("small tenants alone", lambda: self.flood(0))
        self.measured("small tenants beside a flood", lambda: self.flood(self.options.tenants * self.options.each))
        results.write(self.raw, self.options.output)


if __name__ == "__main__":
    options = arguments()
    with Postgres(POSTGRES) as server:
        Comparison(options, server).run()
