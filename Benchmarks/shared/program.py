"""Runs one program to its end and says what it printed and took."""

import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass

from machine import Meter


@dataclass
class Run:
    command: str
    output: str
    complaints: str
    peak_rss_mib: float
    #: Its own processor time.
    processor_seconds: float
    #: Shares of the machine that others took meanwhile.
    noise: dict


def shown(command):
    """A command as a reader would type it: programs without their folders, files relative to the repository."""
    words = [os.path.basename(command[0])] + list(command[1:])
    return shlex.join(os.path.relpath(word) if os.path.isabs(word) else word for word in words)


def run(command, stdin=""):
    """Raises when the program fails, with the end of what it complained about."""
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+", errors="replace") as output, \
            tempfile.TemporaryFile("w+", errors="replace") as complaints:
        given.write(stdin)
        given.seek(0)
        meter = Meter()
        process = subprocess.Popen(command, stdin=given, stdout=output, stderr=complaints)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        processor_seconds = usage.ru_utime + usage.ru_stime
        noise = meter.stop(processor_seconds)
        for file in (output, complaints):
            file.seek(0)
        result = Run(shown(command), output.read(), complaints.read(), usage.ru_maxrss / 1024, processor_seconds, noise)
    if process.returncode != 0:
        raise RuntimeError(f"{result.command} failed ({process.returncode}): {result.complaints[-2000:]}")
    return result
