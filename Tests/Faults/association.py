"""An association with a witnessed log, made by the real tools, and what an instance of it needs to begin with.

Release 1.0 is published and installed on a first instance, then 1.1 is published, with a patch from 1.0. Experiments are
made on copies of that instance as it was before 1.0, with 1.0, and with 1.1. Releases may bring programs that run around
the switch.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

OLD, NEW = "1.0", "1.1"
PRODUCT = "mail-suite"
KEYHOLDERS = ("alice", "bob")


class SetupError(Exception):
    """Nothing can be tried: a tool is missing, or does not do what it does everywhere else."""


def call(tool: Path, *arguments: str | Path) -> str:
    ran = subprocess.run(
        [str(tool), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True)
    if ran.returncode != 0:
        raise SetupError(f"exit status {ran.returncode} of {tool.name} {' '.join(map(str, arguments))}:\n{ran.stdout}")
    return ran.stdout


class Listener:
    """A tool that says on standard error where it listens, until it is closed."""

    def __init__(self, log: Path, *command: str | Path) -> None:
        with log.open("w") as said:
            self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stderr=said)
        for _ in range(600):
            if found := re.search(r"listening on (http://127\.0\.0\.1:\d+/)", log.read_text()):
                self.url = found[1]
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.close()
        raise SetupError(f"{Path(command[0]).name} did not start:\n{log.read_text()}")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


@dataclass(frozen=True)
class Way:
    """From which release to which the agent is to go in some of the experiments, and how it is configured and called."""

    name: str
    lines: str = ""
    programs: bool = False
    """Programs run around the switch: one that fails makes the agent go back by itself."""
    command: str = "update"
    begin: str | None = OLD
    """What is installed before."""
    goal: str = NEW


WITH_PROGRAMS = (
    "lock: {take: [/bin/true], give_back: [/bin/true], seconds: 20}\n"
    "services: {through: commands, start: [/bin/true], stop: [/bin/true], seconds: 20}\n")
ARCHIVE = Way("archive", "prefer: archive\n")
PATCH = Way("patch")
PROGRAMS = Way("programs", WITH_PROGRAMS, programs=True)
WAYS = (
    ARCHIVE, PATCH, PROGRAMS,
    Way("first", begin=None),
    Way("first-programs", WITH_PROGRAMS, programs=True, begin=None),
    Way("revert", command="revert", begin=NEW, goal=OLD),
    Way("revert-programs", WITH_PROGRAMS, programs=True, command="revert", begin=NEW, goal=OLD))

STAGES = ("pre", "migrate", "post", "health")
INSTALL = """\
services: [mail-suite.service]
shared: [data]
pre: {run: [hooks/step, pre], seconds: 60}
migrate: {run: [hooks/step, migrate], seconds: 60, undo: {run: [hooks/step, undo], seconds: 60}}
post: {run: [hooks/step, post], seconds: 60}
health: {run: [hooks/step, health], seconds: 60, every: 1, within: 120}
"""
STEP = """\
#!/bin/sh
# Notes that it runs, and as which process; stays as long as it is told to; changes data, and undoes that.
cd "$SCEAU_SHARED/data" || exit 1
echo $$ >"running-$1" || exit 1
while [ -e "stay-$1" ]; do sleep 0.05; done
case $1 in
    migrate) [ -e rules.v2 ] || { echo 2 >rules.new && mv rules.new rules.v2; } ;;
    undo) rm -f rules.v2 rules.new ;;
esac || exit 1
rm "running-$1"
"""


def write_tree(folder: Path, version: str, with_programs: bool) -> None:
    """Some files, a program, a link, folders; 200 KB of one file are the same in both releases."""
    noise = bytearray(b"".join((number * 2654435761 % 2**32).to_bytes(4, "big") for number in range(50_000)))
    noise[100_000:100_100] = version.encode().ljust(100, b".")
    for name, content in {
        "README": f"mail suite {version}\n".encode(), "lib/noise.bin": bytes(noise), "lib/same.txt": b"the same\n" * 99,
        "bin/mail-suite": f"#!/bin/sh\necho {version}\n".encode(), f"share/only-in-{version}.txt": b"only here\n",
        "share/\u00e9t\u00e9 1.txt": b"e",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "bin/mail-suite").chmod(0o755)
    if with_programs:
        (folder / "hooks").mkdir()
        (folder / "hooks/step").write_text(STEP)
        (folder / "hooks/step").chmod(0o755)
    (folder / "bin/suite").symlink_to("mail-suite")
    (folder / "share/empty").mkdir()


class Association:
    def __init__(self, tools: Path, folder: Path, with_programs: bool = False) -> None:
        self.tools, self.folder, self.with_programs = tools, folder, with_programs
        folder.mkdir()
        self.workspace = folder / "workspace"
        self.listeners: list[Listener] = []
        try:
            self._found()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()
        self.listeners = []

    @property
    def agent(self) -> Path:
        return self.tools / "sceau-agent"

    def configure(self, instance: Path, way: Way, url: str | None = None) -> Path:
        """Writes the configuration of the instance in this folder."""
        file = instance / "agent.yaml"
        file.write_text(
            f"product: {PRODUCT}\nchannel: stable\nmirrors: [{url or self.server.url}]\n"
            f"prefix: {instance}/prefix\nstate: {instance}/state\n"
            f"hold_back: {{critical: 0, important: 0, otherwise: 0}}\n{way.lines}")
        return file

    def copy(self, instance: Path, begin: str | None = OLD) -> None:
        """The instance once more, as it was when this was installed: with 1.0, 1.1 was never heard of."""
        subprocess.run(["cp", "-a", "--reflink=auto", str(self._model(begin)), str(instance)], check=True)

    def _model(self, installed: str | None) -> Path:
        return self.folder / f"with-{installed}"

    # What is made once.

    def _install(self, version: str, on: str | None) -> None:
        self.copy(self._model(version), on)
        configuration = self.configure(self._model(version), PROGRAMS if self.with_programs else ARCHIVE)
        for command in ("update", "verify"):
            call(self.agent, command, "--config", configuration)

    def _sceau(self, *arguments: str | Path) -> str:
        return call(self.tools / "sceau", *arguments)

    def _found(self) -> None:
        keys = self.folder / "keys"
        keys.mkdir()
        for name in (*KEYHOLDERS, "online", "witness"):
            self._sceau("key", "generate", name, "--out", keys / f"{name}.key", "--unencrypted")
        self._begin_log(keys)
        self._release(keys, OLD)
        self.server = Listener(
            self.folder / "server.txt", self.tools / "sceau-serve", self.workspace / "Releases", "--listen",
            "127.0.0.1:0")
        self.listeners.append(self.server)
        (self._model(None) / "prefix/shared/data").mkdir(parents=True)
        configuration = self.configure(self._model(None), ARCHIVE)
        call(self.agent, "init", "--config", configuration, "--root", self.workspace / "Keys/root.json")
        self._install(OLD, on=None)
        self._release(keys, NEW)
        self._wait_until_served()
        self._install(NEW, on=OLD)

    def _begin_log(self, keys: Path) -> None:
        """The policy names the witness's address, and the witness is told the log's key, which is made after that."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        audit, witness = self.tools / "sceau-audit", keys / "witness.key"
        vkey = call(audit, "witness", "--key", witness, "--show-key").strip()
        policy = self.folder / "witnesses.policy"
        policy.write_text(f"witness w {vkey} http://127.0.0.1:{port}\nquorum w\n")
        founded = self._sceau(
            "init", "--workspace", self.workspace, "--product", PRODUCT, "--channel", "stable",
            *(part for name in KEYHOLDERS for part in ("--keyholder", keys / f"{name}.pub")), "--threshold", "2",
            "--online-key", keys / "online.key", "--witness-policy", policy, "--log-key", keys / "log.key")
        log = re.search(r"sceau-log/\S+\+\S+", founded)
        if log is None:
            raise SetupError(f"sceau init named no log:\n{founded}")
        self.listeners.append(Listener(
            self.folder / "witness.txt", audit, "witness", "--key", witness, "--log", log[0], "--state",
            self.folder / "witness", "--listen", f"127.0.0.1:{port}"))

    def _release(self, keys: Path, version: str) -> None:
        tree = self.folder / f"tree-{version}"
        write_tree(tree, version, self.with_programs)
        install = self.folder / "install.yaml"
        install.write_text(INSTALL)
        self._sceau(
            "release", "add", tree, "--workspace", self.workspace, "--channel", "stable", "--version", version,
            "--severity", "none", "--summary", "a release to break",
            *(["--install", install] if self.with_programs else []))
        for name in KEYHOLDERS:
            self._sceau("sign", "--workspace", self.workspace, "--key", keys / f"{name}.key", "--yes")
        self._sceau("publish", "--workspace", self.workspace)

    def _wait_until_served(self) -> None:
        wanted = (self.workspace / "Releases/metadata/timestamp.json").read_bytes()
        for _ in range(200):
            said = subprocess.run(
                ["curl", "--silent", f"{self.server.url}metadata/timestamp.json"], stdout=subprocess.PIPE).stdout
            if said == wanted:
                return
            time.sleep(0.1)
        raise SetupError("the server does not serve what was published")


def remove(folder: Path) -> None:
    """A tree, also where it holds folders that even their owner may not write to."""
    for place, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(place, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
