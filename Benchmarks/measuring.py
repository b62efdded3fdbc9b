"""Runs two commands in turn and measures the processes: wall time, peak memory, and what they say of themselves."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Run:
    seconds: float
    """Wall time of the whole process."""
    processor_seconds: float
    peak_bytes: int
    said: str


def run(command: list[str], expected_status: int = 0) -> Run:
    """Runs a command to its end. Peak memory never reads below this harness's own, which a child starts from."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    # All that is said here fits into a pipe.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    with process.stdout:
        said = process.stdout.read()
    if process.returncode != expected_status:
        raise SystemExit(f"bench: error: exit status {process.returncode} of: {' '.join(command)}\n{said}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, said)


def run_alone(command: list[str]) -> Run:
    """The same, with the peak memory of the command however little it is: GNU time starts it, which is small itself."""
    with tempfile.NamedTemporaryFile("r") as peak:
        found = run(["/usr/bin/time", "--quiet", "--format=%M", f"--output={peak.name}", *command])
        return replace(found, peak_bytes=int(peak.read()) * 1024)


@dataclass(frozen=True)
class Comparison:
    """Medians of runs made in turn: ours, theirs, ours, theirs …"""

    ours: list[Run]
    theirs: list[Run]

    @staticmethod
    def of(count: int, ours: Callable[[], Run], theirs: Callable[[], Run]) -> "Comparison":
        ours(), theirs()  # Once for the caches of the machine.
        pairs = [(ours(), theirs()) for _ in range(count)]
        return Comparison([pair[0] for pair in pairs], [pair[1] for pair in pairs])

    @property
    def our_seconds(self) -> float:
        return statistics.median(run.seconds for run in self.ours)

    @property
    def their_seconds(self) -> float:
        return statistics.median(run.seconds for run in self.theirs)

    @property
    def their_seconds_loaded(self) -> float:
        """Of the work alone, after Python and python-tuf were loaded."""
        return statistics.median(float(run.said) for run in self.theirs)

    @property
    def ratio(self) -> float:
        """Median of the ratios of pairs: what else the machine was doing falls on both."""
        return statistics.median(a.seconds / b.seconds for a, b in zip(self.ours, self.theirs))

    @property
    def processor_ratio(self) -> float:
        """The same of processor time, which a busy machine disturbs less."""
        return statistics.median(a.processor_seconds / b.processor_seconds for a, b in zip(self.ours, self.theirs))

    @property
    def ratio_loaded(self) -> float:
        """Our whole process against the work alone of theirs."""
        return statistics.median(a.seconds / float(b.said) for a, b in zip(self.ours, self.theirs))

    @property
    def our_peak(self) -> float:
        return statistics.median(run.peak_bytes for run in self.ours)

    @property
    def their_peak(self) -> float:
        return statistics.median(run.peak_bytes for run in self.theirs)
