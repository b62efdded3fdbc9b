"""System calls of a real process that fail, or are the last thing it does: strace steps in before the call is made."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from association import SetupError

CALLS = (
    "write", "pwrite64", "writev", "sendfile", "copy_file_range", "rename", "renameat", "renameat2", "link", "linkat",
    "symlink", "symlinkat", "unlink", "unlinkat", "rmdir", "fsync", "fdatasync", "syncfs", "sync", "mkdir", "mkdirat", "open",
    "openat", "creat", "ftruncate", "truncate", "fallocate", "ioctl", "chmod", "fchmod", "fchmodat", "flock")
"""Whatever changes files. Of ioctl that is the one that shares the blocks of a file."""
ONLY_IF = {"open": "O_CREAT", "openat": "O_CREAT", "ioctl": "FICLONE"}
LONGEST = 120
"""Seconds after which a run of the agent counts as hanging."""


@dataclass(frozen=True, order=True)
class Point:
    """The `number`-th call of this name in a process or thread, counted from 1."""

    call: str
    number: int


@dataclass(frozen=True)
class Fault:
    name: str
    injected: str
    """As strace takes it."""
    every_later: bool = False
    kills: bool = False

    def expression(self, point: Point) -> str:
        return f"inject={point.call}:{self.injected}:when={point.number}{'+' if self.every_later else ''}"


KILL = Fault("killed", "signal=KILL", kills=True)
SINGLE = (Fault("ENOSPC", "error=ENOSPC"), Fault("EIO", "error=EIO"))
LASTING = (Fault("ENOSPC from then on", "error=ENOSPC", True), Fault("EIO from then on", "error=EIO", True))


@dataclass(frozen=True)
class Ran:
    status: int
    """Negative: the signal that ended it."""
    output: str
    errors: str
    trace: str = ""

    @property
    def was_hit(self) -> bool:
        return "(INJECTED)" in self.trace or "killed by SIGKILL" in self.trace

    @property
    def lost_its_voice(self) -> bool:
        """What failed was writing to standard output or error."""
        return re.search(r"^\d+ +write\([12],.*\(INJECTED\)", self.trace, re.MULTILINE) is not None


def run(*command: str | Path, seconds: float = LONGEST, environment: dict[str, str] | None = None) -> Ran:
    try:
        ended = subprocess.run(
            list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, env=environment)
    except subprocess.TimeoutExpired as late:
        return Ran(124, "", f"still running after {seconds} s: {(late.stderr or b'').decode(errors='replace')}")
    return Ran(ended.returncode, ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace"))


def traced(log: Path, options: list[str], *command: str | Path, looks_at_all: bool = False) -> Ran:
    """Only calls that are asked for stop the process; with that, strace 6.1 sends no signals, so `looks_at_all` for them."""
    ran = run("strace", "-f", "-qq", *([] if looks_at_all else ["--seccomp-bpf"]), "-o", log, *options, *command)
    return Ran(ran.status, ran.output, ran.errors, log.read_text(errors="replace") if log.exists() else "")


def inject(log: Path, point: Point, fault: Fault, *command: str | Path) -> Ran:
    options = ["-e", f"trace={point.call}", "-e", fault.expression(point)]
    return traced(log, options, *command, looks_at_all=fault.kills)


def points(log: Path, *command: str | Path) -> list[Point]:
    """Every call that changes files in an undisturbed run; of several processes each counts for itself, as strace does."""
    ran = traced(log, ["-e", "trace=" + ",".join(CALLS)], *command)
    if ran.status != 0:
        raise SetupError(f"exit status {ran.status} of an undisturbed run:\n{ran.errors}")
    counts: dict[tuple[str, str], int] = {}
    found: set[Point] = set()
    for line in ran.trace.splitlines():
        if match := re.match(r"(\d+) +(\w+)\(", line):
            process, call = match.groups()
            counts[process, call] = number = counts.get((process, call), 0) + 1
            if ONLY_IF.get(call, "") in line:
                found.add(Point(call, number))
    return sorted(found)


def check_strace(log: Path) -> None:
    """Throws where processes may not be traced."""
    try:
        ran = inject(log, Point("write", 1), KILL, "/bin/echo", "this is never said")
    except FileNotFoundError as missing:
        raise SetupError("strace is not installed; make faults installs it") from missing
    if not ran.was_hit or ran.output:
        raise SetupError(f"strace cannot inject faults here:\n{ran.errors}")
