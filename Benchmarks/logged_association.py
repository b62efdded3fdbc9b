"""A workspace with a witnessed log of any length, its witnesses and server on loopback, and an instance that follows it;
all with the real tools."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from measuring import Run, run
from wire import Count, Wire

HERE = Path(__file__).resolve().parent
ORIGIN = "sceau-log/bench"
WITNESSES = 3
KEYHOLDERS = ["alice", "bob"]


class Listener:
    """A tool that says on stderr where it listens, until it is closed."""

    def __init__(self, command: list[str | Path], log: Path) -> None:
        with log.open("w") as said:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stderr=said)
        for _ in range(600):
            if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", log.read_text()):
                self.port = int(found[1])
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.close()
        raise SystemExit(f"bench: error: {Path(command[0]).name} did not start, see {log}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def free_ports(count: int) -> list[int]:
    """Nobody listens there now, and nobody else is likely to in a second."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class LoggedAssociation:
    """Has a log of `size` entries before its first release, an instance that has read it and installed that release, and
    a second release that the instance has not seen."""

    def __init__(self, tools: Path, folder: Path, fill: Callable[..., None], size: int) -> None:
        self.tools, self.folder = tools, folder
        self.workspace, self.keys, self.instance = folder / "workspace", folder / "keys", folder / "instance"
        self.listeners: list[Listener] = []
        for path in (folder, self.keys, self.instance):
            path.mkdir()
        try:
            self._found(fill, size)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()
        self.listeners = []

    def call(self, tool: str, *arguments: str | Path, status: int = 0) -> Run:
        return run([str(self.tools / tool), *map(str, arguments)], status)

    def listen(self, name: str, *command: str | Path) -> Listener:
        listener = Listener([self.tools / command[0], *command[1:]], self.folder / f"{name}.txt")
        self.listeners.append(listener)
        return listener

    # What is there before the measurement.

    def _found(self, fill: Callable[..., None], size: int) -> None:
        for name in [*KEYHOLDERS, "online", *(f"w{number}" for number in range(1, WITNESSES + 1))]:
            self.call("sceau", "key", "generate", name, "--out", self.keys / f"{name}.key", "--unencrypted")
        self._initialise()
        self._lengthen(fill, size)
        self._release("1.0")
        self.server = self.listen("server", "sceau-serve", self.workspace / "Releases", "--listen", "127.0.0.1:0")
        self._configure(self.server.url)
        self.call("sceau-agent", "init", "--config", self.configuration, "--root", self.workspace / "Keys/root.json")
        self.first_read_seconds = self.call("sceau-agent", "update", "--config", self.configuration).seconds
        self._release("1.1")
        self._wait_until_served()
        # As the instance was before it saw the second release.
        shutil.copytree(self.instance / "state", self.folder / "state")

    def _initialise(self) -> None:
        """The policy names the witnesses' addresses, and the witnesses are told of the log's key that init makes: so
        their ports are found first."""
        ports, lines = free_ports(WITNESSES), []
        for number, port in enumerate(ports, 1):
            vkey = self.call("sceau-audit", "witness", "--key", self.keys / f"w{number}.key", "--show-key").said.strip()
            lines.append(f"witness w{number} {vkey} http://127.0.0.1:{port}\n")
        policy = self.folder / "witnesses.policy"
        names = " ".join(f"w{number}" for number in range(1, WITNESSES + 1))
        policy.write_text("".join(lines) + f"group enough {WITNESSES - 1} {names}\nquorum enough\n")
        founded = self.call(
            "sceau", "init", "--workspace", self.workspace, "--product", "mail-suite", "--channel", "stable",
            *(part for name in KEYHOLDERS for part in ("--keyholder", self.keys / f"{name}.pub")),
            "--threshold", "2", "--online-key", self.keys / "online.key", "--witness-policy", policy,
            "--log-origin", ORIGIN, "--log-key", self.keys / "log.key")
        log = re.search(rf"{ORIGIN}\+\S+", founded.said)[0]
        for number, port in enumerate(ports, 1):
            self.listen(
                f"w{number}", "sceau-audit", "witness", "--key", self.keys / f"w{number}.key", "--log", log,
                "--state", self.folder / f"w{number}", "--listen", f"127.0.0.1:{port}")

    def _lengthen(self, fill: Callable[..., None], size: int) -> None:
        """Puts `size` entries of nobody's into the log before anything else is in it."""
        filled, state = self.folder / "filled", self.keys / "log.key.state"
        fill(filled, "--size", size, "--key", self.keys / "log.key", "--origin", ORIGIN)
        state.mkdir(mode=0o700, exist_ok=True)
        shutil.move(filled / "state", state / "state")
        (self.workspace / "Releases").mkdir(exist_ok=True)
        shutil.move(filled / "log", self.workspace / "Releases/log")

    def _release(self, version: str) -> None:
        tree = self.folder / f"tree-{version}"
        tree.mkdir()
        (tree / "version").write_text(version)
        self.call(
            "sceau", "release", "add", tree, "--workspace", self.workspace, "--channel", "stable", "--version", version,
            "--severity", "none", "--summary", "a release to measure with")
        for name in KEYHOLDERS:
            self.call("sceau", "sign", "--workspace", self.workspace, "--key", self.keys / f"{name}.key", "--yes")
        self.call("sceau", "publish", "--workspace", self.workspace)

    def _configure(self, url: str) -> None:
        self.configuration = self.instance / "agent.yaml"
        self.configuration.write_text(
            f"product: mail-suite\nchannel: stable\nmirrors: [{url}/]\n"
            f"prefix: {self.instance}/prefix\nstate: {self.instance}/state\n"
            "hold_back: {critical: 0, important: 0, otherwise: 0}\n")

    def _wait_until_served(self) -> None:
        wanted = (self.workspace / "Releases/metadata/timestamp.json").read_bytes()
        for _ in range(100):
            said = subprocess.run(
                ["curl", "--silent", f"{self.server.url}/metadata/timestamp.json"], capture_output=True).stdout
            if said == wanted:
                return
            time.sleep(0.1)
        raise SystemExit("bench: error: the server does not serve what was published")

    # What is measured.

    def check(self) -> Run:
        """Finds that the second release is there; the instance forgets it again before the next time."""
        shutil.rmtree(self.instance / "state")
        shutil.copytree(self.folder / "state", self.instance / "state")
        return self.call("sceau-agent", "check", "--config", self.configuration, status=2)

    def counted_check(self) -> Count:
        """What that puts on the wire."""
        wire = Wire(self.server.port)
        try:
            self._configure(f"http://127.0.0.1:{wire.port}")
            self.check()
        finally:
            wire.close()
            self._configure(self.server.url)
        return wire.count
