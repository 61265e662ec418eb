"""What the figures were measured on, and whether it was quiet meanwhile."""

import os
import platform
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")
CORES = os.sysconf("SC_NPROCESSORS_ONLN")


def description():
    """The processor, its caches, the memory and the system, as lines of a table."""
    facts = {}
    for line in subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout.splitlines():
        name, _, value = line.partition(":")
        facts[name.strip()] = value.strip()
    flags = facts.get("Flags", "").split()
    wanted = ["avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "asimddp", "i8mm"]
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) // 1024
    rows = [("processor", f"{facts.get('Model name', '?')}, {CORES} cores online")]
    rows += [(name, facts[name]) for name in ("L1d cache", "L2 cache", "L3 cache", "Hypervisor vendor") if name in facts]
    rows += [
        ("instruction sets", ", ".join(flag for flag in wanted if flag in flags) or "none of " + ", ".join(wanted)),
        ("memory", f"{memory} MiB"),
        ("system", f"{platform.system()} {platform.release()}, {system_name()}"),
    ]
    return rows


def system_name():
    with open("/etc/os-release") as file:
        names = dict(line.rstrip().split("=", 1) for line in file if "=" in line)
    return names.get("PRETTY_NAME", "?").strip('"')


def commit():
    """What is measured, by its short hash."""
    git = lambda *words: subprocess.run(["git", *words], capture_output=True, text=True).stdout.strip()
    changed = " with uncommitted changes" if git("status", "--porcelain", "--", "Sources", "Package.swift") else ""
    return git("rev-parse", "--short=12", "HEAD") + changed


class Meter:
    """How much of the machine others took while something of ours ran."""

    def __init__(self):
        self.start = self.readings()

    def stop(self, own_seconds):
        """The share of all cores that others used and that the hypervisor took away, given our own processor time."""
        wall, busy, stolen = (after - before for after, before in zip(self.readings(), self.start))
        capacity = max(wall * CORES, 1e-9)
        return {"others": max(0.0, busy - own_seconds) / capacity, "stolen": stolen / capacity}

    @staticmethod
    def readings():
        with open("/proc/stat") as file:
            user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
        return time.monotonic(), (user + nice + system + irq + softirq) / TICKS, steal / TICKS


def processor_seconds(pid):
    """The processor time that a running process has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def wait_until_quiet(limit=0.03, patience=600):
    """Returns when others left the machine alone for two seconds, or when patience, in seconds, ends."""
    deadline = time.monotonic() + patience
    told = False
    while True:
        meter = Meter()
        time.sleep(2)
        noise = meter.stop(0)
        if noise["others"] + noise["stolen"] < limit:
            return
        if time.monotonic() > deadline:
            print("compare: the machine is not quiet; measuring all the same", file=sys.stderr)
            return
        if not told:
            print(f"compare: others use {noise['others']:.0%} of the machine; waiting", file=sys.stderr)
            told = True
