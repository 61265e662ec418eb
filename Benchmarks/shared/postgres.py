"""A private Postgres for one benchmark, with fsync on, reached by a Unix socket only."""

import os
import pwd
import shutil
import subprocess
import tempfile

#: A quarter of it is the server's own, as the manual (19.4.1) has it.
MEMORY = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20

#: Everything else is as Postgres comes. A checkpoint in the middle of a measurement would strike one side and not the other;
#: ten minutes of jobs write ten gigabytes of log.
SETTINGS = {
    "listen_addresses": "", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
    "shared_buffers": f"{MEMORY // 4}MB", "max_wal_size": "32GB", "checkpoint_timeout": "1h", "max_connections": "200",
}


class Postgres:
    def __init__(self, programs):
        self.programs = os.path.realpath(programs)
        self.user = None
        if os.geteuid() == 0:
            # Postgres does not run as root.
            self.user = next(name for name in ("postgres", "nobody") if known(name))

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="leadwright-bench-", dir="/var/tmp")
        if self.user:
            shutil.chown(self.folder, self.user)
        self.cluster = os.path.join(self.folder, "cluster")
        self.run("initdb", "--pgdata", self.cluster, "--username=leadwright", "--auth=trust", "--encoding=UTF8",
                 "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8")
        self.settings = ", ".join(f"{name}={value}" for name, value in SETTINGS.items() if value)
        options = " ".join(
            f"-c {name}={value}" for name, value in {**SETTINGS, "unix_socket_directories": self.folder}.items())
        self.run("pg_ctl", "--pgdata", self.cluster, "--wait", "--log", os.path.join(self.folder, "log"),
                 "--options", options, "start")
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "--pgdata", self.cluster, "--wait", "--mode=fast", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def database(self, name):
        """Makes a database and returns its URL."""
        self.query("postgres", f"CREATE DATABASE {name}")
        return f"postgresql://leadwright@/{name}?host={self.folder}"

    def query(self, database, statement):
        return self.run("psql", "--host", self.folder, "--username=leadwright", "--no-psqlrc", "--tuples-only",
                        "--no-align", "--dbname", database, "--command", statement).strip()

    def processor_seconds(self):
        """The processor time of the server with all its processes so far, those that ended included."""
        with open(os.path.join(self.cluster, "postmaster.pid"), encoding="utf-8") as file:
            postmaster = file.readline().strip()
        with open(f"/proc/{postmaster}/task/{postmaster}/children", encoding="utf-8") as file:
            processes = [postmaster, *file.read().split()]
        return sum(seconds(process) for process in processes)

    def run(self, program, *words):
        command = [os.path.join(self.programs, program), *words]
        if self.user:
            entry = pwd.getpwnam(self.user)
            command = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "--", *command]
        # To a file: a server inherits it, and a pipe would stay open until it ends.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, cwd="/")
            output.seek(0)
            text = output.read()
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {text}")
        return text


def known(user):
    try:
        return bool(pwd.getpwnam(user))
    except KeyError:
        return False


def seconds(process):
    """The processor time of a process and of its children that ended; 0 when it has just ended itself."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
