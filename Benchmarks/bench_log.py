#!/usr/bin/env python3
"""Measures the transparency log: does anything cost more in a log of a million entries? `make bench` calls it.

    bench_log.py --bin DIR [--pairs N] [--size N] [--out FILE]

DIR holds the tools as they are shipped, and log-measure. Logs and keys are made on the spot. Verification is set against
libsodium's own loop (ed25519_loop.c), everything else against the same in a log of a thousand entries, in turn. Prints
tables in Markdown, and writes them to FILE.
"""

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
from pathlib import Path

from logged_association import LoggedAssociation
from measuring import Comparison, run
from report import ms, table

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / ".cache/bench-log"
SMALL = 1000
NEW = 3
"""Entries that a release appends: the release, its channel's metadata, the snapshot."""
MANY_RELEASES = 10_000
MESSAGE = 120
"""Bytes that a witness signs, about."""


class Measure:
    """log-measure, which prints one JSON object."""

    def __init__(self, tools: Path) -> None:
        self.program = str(tools / "log-measure")

    def __call__(self, *arguments: str | Path | int) -> dict:
        return json.loads(run([self.program, *map(str, arguments)]).said)

    def fill(self, folder: Path, *arguments: str | Path | int) -> None:
        run([self.program, "fill", str(folder), *map(str, arguments)])


def libsodium_loop() -> list[str]:
    program = WORK / "ed25519_loop"
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "libsodium"], check=True, capture_output=True, text=True).stdout
    compiler = shutil.which("clang") or shutil.which("cc") or "cc"
    run([compiler, "-O2", "-o", str(program), str(HERE / "ed25519_loop.c"), *shlex.split(flags)])
    return [str(program), str(MESSAGE), "5000"]


def verification(measure: Measure, pairs: int) -> tuple[float, float, float]:
    """Microseconds a signature, ours and libsodium's, and how fast ours is to its."""
    loop = libsodium_loop()
    results = [
        (measure("verify", "--rounds", 3000)["microseconds_per_signature"], float(run(loop).said))
        for _ in range(pairs + 1)][1:]
    ours, theirs = (statistics.median(values) for values in zip(*results))
    return ours, theirs, statistics.median(b / a for a, b in results)


def paired(measure: Measure, pairs: int, command: str, logs: dict[int, Path]) -> dict[int, list[dict]]:
    """The same command over both logs in turn."""
    results: dict[int, list[dict]] = {size: [] for size in logs}
    for _ in range(pairs + 1):
        for size, folder in logs.items():
            results[size].append(measure(command, folder))
    return {size: found[1:] for size, found in results.items()}


def ratio(larger: list[float], smaller: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(larger, smaller))


def us(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} µs"


def loops(measure: Measure, pairs: int, size: int) -> tuple[list[list[str]], list[tuple]]:
    """Appending and proving: rows of the table, and goals. The last bundle of both logs is as full: it is written anew."""
    size += SMALL % 256 - size % 256
    logs = {count: WORK / f"filled-{count}" for count in (SMALL, size)}
    for count, folder in logs.items():
        print(f"bench: filling a log of {count:,} entries", flush=True)
        measure.fill(folder, "--size", count)
    print("bench: appending and proving", flush=True)
    appended, proved = (paired(measure, pairs, command, logs) for command in ("append", "prove"))
    rows, goals = [], []

    def row(label: str, values: dict[int, list[float]], note: str) -> float:
        found = ratio(values[size], values[SMALL])
        rows.append([label, us(values[SMALL]), us(values[size]), f"**{found:.2f}**", note])
        return found

    last = appended[size][-1]
    times = {count: [one["microseconds"] for one in found] for count, found in appended.items()}
    note = f"{last['loaded']} files read, {last['written']} to write, {last['bytes']:,} B"
    goals.append(("appending: time, log of 1,000 = 1", row(f"appending {NEW} entries", times, note), 1.5))
    for kind, sides in (("inclusion", 1), ("consistency", 2)):
        times = {count: [one[kind]["microseconds"] for one in found] for count, found in proved.items()}
        last = proved[size][-1]
        row(f"{kind} proof, nothing loaded yet", times, f"at most {last[kind]['most_tiles']} tiles")
        # One a level for the entry or the older size, and one a level at the right end, where the tree's root comes from.
        goals.append((f"{kind} proof: tiles loaded", last[kind]["most_tiles"], 2 * last["levels"]))
    return rows, goals


def instance(tools: Path, measure: Measure, pairs: int, size: int) -> tuple[list[list[str]], list[tuple]]:
    """An agent's check that finds a new release: rows of the table, and goals."""
    associations = {}
    for count in (SMALL, size):
        print(f"bench: an association with a log of {count:,} entries", flush=True)
        associations[count] = LoggedAssociation(tools, WORK / f"association-{count}", measure.fill, count)
    try:
        print("bench: the agent's check, one release new", flush=True)
        checks = Comparison.of(pairs, associations[size].check, associations[SMALL].check)
        wire = associations[size].counted_check()
        heads = {count: association.first_read_seconds for count, association in associations.items()}
    finally:
        for association in associations.values():
            association.close()
    log_files = [path for path in wire.requests if "/log/" in path]
    rows = [
        [f"agent's check, {NEW} entries new", ms(checks.their_seconds), ms(checks.our_seconds), f"**{checks.ratio:.2f}**",
         f"{len(log_files)} files of the log, {len(wire.requests)} in all, {wire.received:,} B received"],
        ["agent's first reading of all entries", ms(heads[SMALL]), ms(heads[size]), "", "once in an instance's life"]]
    return rows, [
        ("agent's check: time, log of 1,000 = 1", checks.ratio, 2),
        ("agent's check: files of the log fetched", len(log_files), 6)]


def many_releases(tools: Path, measure: Measure, pairs: int) -> tuple[float, int]:
    """The agent's check when a third of a log are releases, which an instance remembers one by one: seconds, and bytes of
    what it remembers."""
    print(f"bench: an association with {MANY_RELEASES:,} releases in its log", flush=True)
    association = LoggedAssociation(
        tools, WORK / "association-releases",
        lambda folder, *more: measure.fill(folder, "--releases", MANY_RELEASES, *more), 3 * MANY_RELEASES)
    try:
        seconds = statistics.median(association.check().seconds for _ in range(pairs))
        return seconds, (association.instance / "state/log/state").stat().st_size
    finally:
        association.close()


def markdown(arguments: argparse.Namespace) -> str:
    measure = Measure(arguments.bin)
    print("bench: verification", flush=True)
    ours, theirs, speed = verification(measure, arguments.pairs)
    loop_rows, loop_goals = loops(measure, arguments.pairs, arguments.size)
    agent_rows, agent_goals = instance(arguments.bin, measure, arguments.pairs, arguments.size)
    seconds, state_bytes = many_releases(arguments.bin, measure, arguments.pairs)
    goals = [
        [text, f"at most {limit:g}", f"{found:.2f}".removesuffix(".00"), "met" if found <= limit else "**not met**"]
        for text, found, limit in loop_goals + agent_goals]
    goals.insert(0, [
        "signatures a second, libsodium's own loop = 1", "at least 0.9", f"{speed:.2f}",
        "met" if speed >= 0.9 else "**not met**"])
    return f"""{table(["log of", f"{SMALL:,}", f"{arguments.size:,}", "ratio", ""], loop_rows + agent_rows)}
All but a handful of entries of these logs are metadata, of which an instance remembers the newest versions. It remembers
every release: {MANY_RELEASES:,} of them are {state_bytes / 1e6:.1f} MB of state, and its check takes {ms(seconds)}.

A checkpoint with three cosignatures, decoding included: {ours:.1f} µs a signature; libsodium's own loop {theirs:.1f} µs.
{os.cpu_count()} cores; medians of {arguments.pairs} runs of each, in turn; load average {os.getloadavg()[1]:.1f}.

{table(["goal", "", "measured", ""], goals)}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, default=WORK / "log.md")
    arguments = parser.parse_args()
    arguments.bin = arguments.bin.resolve()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    text = markdown(arguments)
    print(f"\n{text}", end="")
    arguments.out.write_text(text, encoding="utf-8")
    print(f"\nbench: written to {arguments.out}")


if __name__ == "__main__":
    main()
