#!/usr/bin/env python3
"""Compares our TUF client and the agent with python-tuf, side by side in one run. `make bench` calls it.

    bench.py --bin DIR [--pairs N] [--out FILE]

DIR holds the tools as they are shipped; python-tuf comes from .venv. All repositories and keys are made on the spot, and
one sceau-serve on loopback serves both clients. Prints tables in Markdown, and writes them to FILE.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import report
from measuring import Comparison, Run, run
from wire import Count, Wire

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parent / ".venv/bin/python"
WORK = HERE.parent / ".cache/bench"

PROBE = "mail-suite/stable/2.0/file-zero0"
ONE = "1 target"
BINS = ["10,000 in 256 bins (TAP 15)", "10,000 in 256 bins (hash prefixes)"]
# Names in tables, and what the generator is asked for.
LAYOUTS = {
    ONE: ["--targets", "1"],
    report.MANY: ["--targets", "10000"],
    BINS[0]: ["--targets", "10000", "--bins", "succinct"],
    BINS[1]: ["--targets", "10000", "--bins", "prefixes"],
}


class Server:
    """sceau-serve on a free port of loopback, until the end of a `with`."""

    def __init__(self, tools: Path, folder: Path) -> None:
        self.log = WORK / "sceau-serve.txt"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [tools / "sceau-serve", folder, "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL, stderr=log)
        for _ in range(300):
            if said := re.search(r"listening on http://127\.0\.0\.1:(\d+)/", self.log.read_text()):
                self.port = int(said[1])
                return
            time.sleep(0.1)
        raise SystemExit(f"bench: error: sceau-serve did not start, see {self.log}")

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


class Client:
    """One of the two TUF clients; both speak the same three commands."""

    def __init__(self, name: str, command: list[str | Path]) -> None:
        self.command = [str(part) for part in command]
        self.states = WORK / "states" / name

    def call(self, state: Path, *arguments: str | Path) -> Run:
        return run([*self.command, "--metadata-dir", str(state), *map(str, arguments)])

    def new_state(self, label: str, root: Path) -> Path:
        """A state that holds the trusted root and nothing else."""
        state = self.states / label
        shutil.rmtree(state, ignore_errors=True)
        state.parent.mkdir(parents=True, exist_ok=True)
        self.call(state, "init", root)
        return state

    def warm_refresh(self, root: Path, url: str) -> Callable[[], Run]:
        state = self.new_state(f"warm {url.rpartition('/')[2]}", root)
        self.call(state, "--metadata-url", f"{url}/metadata/", "refresh")
        return lambda: self.call(state, "--metadata-url", f"{url}/metadata/", "refresh")

    def cold_refresh(self, root: Path, url: str) -> Callable[[], Run]:
        new = self.new_state("new", root)
        state = self.states / "cold"

        def measure() -> Run:
            shutil.rmtree(state, ignore_errors=True)
            shutil.copytree(new, state)
            return self.call(state, "--metadata-url", f"{url}/metadata/", "refresh")

        return measure

    def download(self, root: Path, url: str) -> Callable[[], Run]:
        """One target, with a refresh that finds nothing new."""
        state = self.new_state("download", root)
        folder = self.states / "downloaded"

        def measure() -> Run:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            result = self.call(
                state, "--metadata-url", f"{url}/metadata/", "--target-name", PROBE,
                "--target-base-url", f"{url}/targets/", "--target-dir", folder, "download")
            if sum(1 for path in folder.rglob("*") if path.is_file()) != 1:
                raise SystemExit(f"bench: error: nothing was downloaded\n{result.said}")
            return result

        return measure


class Association:
    """A workspace with one published release, made with the real tools, and an instance that has it."""

    def __init__(self, tools: Path) -> None:
        self.tools = tools
        self.folder = WORK / "association"
        self.releases = self.folder / "Releases"
        self.root = self.folder / "Keys/root.json"

    def call(self, tool: str, *arguments: str | Path) -> None:
        run([str(self.tools / tool), *map(str, arguments)])

    def publish(self) -> None:
        keys = WORK / "keys"
        keys.mkdir()
        names = ["alice", "bob", "online"]
        for name in names:
            self.call("sceau", "key", "generate", name, "--out", keys / f"{name}.key", "--unencrypted")
        self.call(
            "sceau", "init", "--workspace", self.folder, "--product", "mail-suite", "--channel", "stable",
            "--keyholder", keys / "alice.pub", "--keyholder", keys / "bob.pub", "--threshold", "2",
            "--online-key", keys / "online.key")
        self.call(
            "sceau", "release", "add", HERE, "--workspace", self.folder, "--channel", "stable", "--version", "1.0",
            "--severity", "none", "--summary", "a release to measure with")
        for name in ["alice", "bob"]:
            self.call("sceau", "sign", "--workspace", self.folder, "--key", keys / f"{name}.key", "--yes")
        self.call("sceau", "publish", "--workspace", self.folder)

    def check(self, url: str) -> Callable[[], Run]:
        """An instance that is up to date asks whether it is."""
        instance = WORK / "instance"
        shutil.rmtree(instance, ignore_errors=True)
        instance.mkdir()
        configuration = instance / "agent.yaml"
        configuration.write_text(
            f"product: mail-suite\nchannel: stable\nmirrors: [{url}/]\n"
            f"prefix: {instance}/prefix\nstate: {instance}/state\ntransparency: off\n")
        self.call("sceau-agent", "init", "--config", configuration, "--root", self.root)
        self.call("sceau-agent", "update", "--config", configuration)
        return lambda: run([str(self.tools / "sceau-agent"), "check", "--config", str(configuration)])


def counted(server: Server, prepare: Callable[[str], Callable[[], Run]]) -> Count:
    """What one run puts on the wire, everything before it left out."""
    wire = Wire(server.port)
    try:
        measure = prepare(f"http://127.0.0.1:{wire.port}")
        wire.count = Count()
        measure()
    finally:
        wire.close()
    return wire.count


def make_repositories(served: Path, tools: Path) -> tuple[dict[str, str], Association]:
    """What is served: a folder for each layout, by its name in tables, and `association`."""
    folders = {}
    for number, (name, options) in enumerate(LAYOUTS.items()):
        folders[name] = f"repository-{number}"
        run([str(PYTHON), str(HERE / "make_repository.py"), str(served / folders[name]), "--probe", PROBE, *options])
    association = Association(tools)
    association.publish()
    shutil.copytree(association.releases, served / "association")
    return folders, association


def compare(tools: Path, pairs: int) -> report.Results:
    ours = Client("ours", [tools / "tuf-client"])
    theirs = Client("theirs", [PYTHON, HERE / "tuf_client.py"])
    served = WORK / "served"
    folders, association = make_repositories(served, tools)
    results = report.Results()
    with Server(tools, served) as server:
        url = f"http://127.0.0.1:{server.port}"

        def measure(label: str, our_run: Callable[[], Run], their_run: Callable[[], Run]) -> None:
            print(f"bench: {label}", flush=True)
            results.times[label] = Comparison.of(pairs, our_run, their_run)

        warm: dict[str, Callable[[], Run]] = {}
        for name, folder in folders.items():
            root, base = served / folder / "root.json", f"{url}/{folder}"
            warm[name] = ours.warm_refresh(root, base)
            measure(f"{name}: refresh, nothing new", warm[name], theirs.warm_refresh(root, base))
            measure(f"{name}: first refresh", ours.cold_refresh(root, base), theirs.cold_refresh(root, base))
            measure(f"{name}: download of one target", ours.download(root, base), theirs.download(root, base))
        root, base = association.root, f"{url}/association"
        measure(report.AGENT, association.check(base), theirs.warm_refresh(root, base))

        for name in BINS:
            results.flatness[name] = Comparison.of(pairs, warm[name], warm[ONE])
        results.wire = {
            "our client": counted(server, lambda url: ours.warm_refresh(root, f"{url}/association")),
            "agent's check": counted(server, lambda url: association.check(f"{url}/association")),
            "python-tuf": counted(server, lambda url: theirs.warm_refresh(root, f"{url}/association")),
        }
    return results


def machine(pairs: int) -> str:
    versions = run([str(PYTHON), "-c", "import tuf; print(tuf.__version__)"]).said.strip()
    return (
        f"{os.cpu_count()} cores, Linux {platform.release().split('-')[0]}; python-tuf {versions} on Python "
        f"{platform.python_version()}; medians of {pairs} pairs of runs, ours and theirs in turn; "
        f"load average {os.getloadavg()[1]:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--out", type=Path, default=WORK / "tuf.md")
    arguments = parser.parse_args()
    shutil.rmtree(WORK, ignore_errors=True)
    (WORK / "served").mkdir(parents=True)
    text = report.markdown(compare(arguments.bin.resolve(), arguments.pairs), machine(arguments.pairs))
    print(f"\n{text}", end="")
    arguments.out.write_text(text, encoding="utf-8")
    print(f"\nbench: written to {arguments.out}")


if __name__ == "__main__":
    main()
