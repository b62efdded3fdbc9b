"""An instance in the machine, set up as Documentation/instance.md tells administrators to."""

import json
import os
import signal
from pathlib import Path

from machine import Machine, wait_until
from publisher import PRODUCT, Publisher

AGENT = "/usr/local/bin/sceau-agent"
HOLD_BACK = "hold_back: {critical: 0, important: 0, otherwise: 0}\ntransparency: off\n"
# So that no test waits half a minute.
AT_ONCE = f"[Service]\nExecStart=\nExecStart={AGENT} run --now --config /etc/sceau/%i.yaml\nRestartSec=1\n"


class Instance:
    """`/etc/sceau/NAME.yaml`, `/srv/NAME`, `sceau-agent@NAME`."""

    def __init__(self, machine: Machine, publisher: Publisher, name: str, lines: str = "", user: str = "sceau") -> None:
        self.machine, self.publisher, self.name = machine, publisher, name
        self.unit = f"sceau-agent@{name}.service"
        self.prefix = machine.root / "srv" / name
        self.state = machine.root / "var/lib/sceau" / name
        self.data = self.prefix / "shared/data"
        self.configuration = f"/etc/sceau/{name}.yaml"
        self.configure(lines)
        machine.do("install", "-d", "-o", user, "-g", user, f"/srv/{name}")
        self.trust()
        self.drop_in(AT_ONCE)

    def configure(self, lines: str = "") -> None:
        (self.machine.root / self.configuration.lstrip("/")).write_text(
            f"product: {PRODUCT}\nchannel: stable\nmirrors: [{self.publisher.url}]\nprefix: /srv/{self.name}\n"
            f"state: /var/lib/sceau/{self.name}\n{HOLD_BACK}{lines}")

    def trust(self) -> None:
        root = self.machine.root / "root/root.json"
        root.write_bytes(self.publisher.root.read_bytes())
        self.agent("init", "--root", "/root/root.json")

    def make_data(self, user: str = "sceau") -> None:
        """The administrator gives the product's data a place."""
        self.machine.do("install", "-d", "-o", user, "-g", user, f"/srv/{self.name}/shared", f"/srv/{self.name}/shared/data")

    def agent(self, *words: str) -> str:
        """By hand, as root."""
        return self.machine.do(AGENT, *words, "--config", self.configuration)

    def drop_in(self, text: str, name: str = "test", unit: str | None = None) -> None:
        folder = self.machine.root / f"etc/systemd/system/{unit or self.unit}.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.conf").write_text(text)
        self.machine.do("systemctl", "daemon-reload")

    # What it does.

    def start(self) -> None:
        self.machine.do("systemctl", "start", self.unit)

    def look(self) -> None:
        """At once, instead of within the hour."""
        self.machine.do("systemctl", "reload", self.unit)

    def show(self, name: str, unit: str | None = None) -> str:
        return self.machine.do("systemctl", "show", "--value", f"--property={name}", unit or self.unit).strip()

    @property
    def status(self) -> str:
        return self.show("StatusText")

    @property
    def journal(self) -> str:
        return self.machine.run("journalctl", "--no-pager", "--output=cat", f"--unit={self.unit}").output

    @property
    def cgroup(self) -> Path:
        return self.machine.cgroup / self.show("ControlGroup").lstrip("/")

    @property
    def evidence(self) -> list[str]:
        """How it stands, for whoever has to find out why it does."""
        state, history = self.show("ActiveState"), self.machine.run(AGENT, "history", "--config", self.configuration)
        stands = [f"{self.unit} is {state}: {self.status}", *self.steps]
        return [*stands, *history.output.splitlines(), *self.journal.splitlines()]

    def kill(self, number: signal.Signals, whom: str = "main") -> None:
        self.machine.do("systemctl", "kill", f"--signal={number.name}", f"--kill-whom={whom}", self.unit)

    @property
    def current(self) -> str | None:
        link = self.prefix / "current"
        return Path(os.readlink(link)).name if link.is_symlink() else None

    def await_version(self, version: str) -> None:
        """Installed, recorded, and nothing is under way."""
        wait_until(f"{self.name} is on {version}", lambda: self._is_done(version))

    def _is_done(self, version: str) -> bool:
        kept = {}
        for name in ("installed.json", "journal"):
            file = self.state / name
            kept |= json.loads(file.read_bytes()) if file.exists() else {}
        return (self.current, kept.get("version"), kept.get("state", "idle")) == (version, version, "idle")

    # What the release's programs do.

    def tell(self, name: str, text: str = "") -> None:
        (self.data / name).write_text(text)

    def forget(self, name: str) -> None:
        (self.data / name).unlink()

    def await_step(self, step: str) -> None:
        """One that was told to stay stands in it."""
        wait_until(f"{step} runs", lambda: (self.data / f"ran-{step}").exists())

    @property
    def steps(self) -> list[str]:
        """`STEP USER KIND VERSION` of each program that came to its end."""
        file = self.data / "ran"
        return file.read_text().splitlines() if file.exists() else []

    def owners(self) -> set[str]:
        """Of everything in the prefix but what belongs to the instance."""
        return set(self.machine.do(
            "find", f"/srv/{self.name}", "-path", f"/srv/{self.name}/shared", "-prune", "-o", "-printf", "%u\\n").split())
