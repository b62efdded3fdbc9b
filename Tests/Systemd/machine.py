"""A machine of its own for systemd: it shares kernel, network and, below an overlay, files with the real one, and changes
nothing there.

Everything is mounted in the mount namespace that `enter` makes for this very program. When that ends, however it ends, the
kernel takes the namespaces away and what ran in them. Only an empty cgroup can be left, which the next one removes.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENTERED = "SCEAU_SYSTEMD_ENTERED"
CGROUP = "sceau-systemd-"
# What systemd has to start besides what is asked for.
KEPT = {
    "systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket", "dbus.service", "dbus.socket"}
DEFAULT_TARGET = """\
[Unit]
Requires=basic.target dbus.socket
Wants=multi-user.target
After=basic.target dbus.socket multi-user.target
AllowIsolate=yes
"""
NEEDED = (
    "unshare", "nsenter", "setpriv", "pivot_root", "mount", "/lib/systemd/systemd", "/usr/lib/polkit-1/polkitd",
    "/usr/bin/dbus-daemon")


class CannotBoot(Exception):
    """This machine does not allow it, and why."""


@dataclass(frozen=True)
class Ran:
    status: int
    output: str


def call(*command: str | Path) -> None:
    ran = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if ran.returncode != 0:
        raise CannotBoot(f"{Path(command[0]).name}: {ran.stderr.strip() or ran.returncode}")


def enter() -> None:
    """Starts this program anew in a mount namespace of its own, once."""
    if ENTERED in os.environ:
        return
    if os.geteuid() != 0:
        raise CannotBoot("not root")
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        raise CannotBoot(f"{missing[0]} is missing")
    call("unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "true")
    os.environ[ENTERED] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def wait_until(what: str, is_so: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:.0f} s not yet: {what}")
        time.sleep(0.05)


class Machine:
    """`root` is its file system, to be read and written from outside: all but /proc, /sys, /dev, /run and /tmp."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "root"
        self.process: subprocess.Popen | None = None
        for name in ("root", "upper", "overlay", "cgroup"):
            (folder / name).mkdir()
        call("mount", "-t", "overlay", "-o",
             f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/overlay", "overlay", self.root)
        call("mount", "-t", "cgroup2", "cgroup2", folder / "cgroup")
        own = [line.partition("::")[2] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")]
        if not own:
            raise CannotBoot("no cgroup2")
        self.parent = folder / "cgroup" / own[0].strip("/")
        self.cgroup = self.parent / f"{CGROUP}{os.getpid()}"
        self._remove_cgroups()
        self._furnish()

    def _furnish(self) -> None:
        """No unit but the few of `KEPT`, and none that something on the real machine makes up."""
        for name in ("etc/systemd/system", "var/log/journal", "etc/polkit-1/rules.d"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        (self.root / "etc/fstab").unlink(missing_ok=True)
        # Without one it would be the first boot, at which everything that is installed is enabled.
        (self.root / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
        units = self.root / "etc/systemd/system"
        units.mkdir(parents=True)
        (units / "default.target").write_text(DEFAULT_TARGET)
        for unit in (self.root / "lib/systemd/system").glob("*.target.wants/*"):
            if unit.name not in KEPT and not (units / unit.name).is_symlink():
                (units / unit.name).symlink_to("/dev/null")
        generators = self.root / "etc/systemd/system-generators"
        generators.mkdir(exist_ok=True)
        for generator in (self.root / "lib/systemd/system-generators").iterdir():
            if not (generators / generator.name).is_symlink():
                (generators / generator.name).symlink_to("/dev/null")

    def boot(self) -> None:
        self.cgroup.mkdir()
        number = self.folder / "pid"
        number.unlink(missing_ok=True)
        with (self.folder / "console").open("a") as console:
            self.process = subprocess.Popen(
                ["unshare", "--pid", "--mount", "--uts", "--ipc", "--fork", "--kill-child=SIGKILL", "--propagation", "private",
                 str(HERE / "boot"), str(self.root), str(self.cgroup), str(number)],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, preexec_fn=die_with_parent)
        try:
            wait_until("systemd runs", self._is_up)
        except TimeoutError as error:
            self.end()
            raise CannotBoot(f"{error}: {self.console[-300:]!r}") from None

    def _is_up(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise CannotBoot(f"systemd ended: {self.console[-300:]!r}")
        number = self.folder / "pid"
        return number.exists() and self.run("systemctl", "is-system-running").output.strip() in ("running", "degraded")

    @property
    def console(self) -> str:
        return (self.folder / "console").read_text(errors="replace")

    def run(self, *command: str | Path, stdin: str | None = None) -> Ran:
        """As root, in the machine but in none of its services; output and errors together."""
        number = (self.folder / "pid").read_text().strip()
        ran = subprocess.run(
            ["nsenter", "--target", number, "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--wd=/", *map(str, command)],
            input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SYSTEMD_PAGER": "cat", "SYSTEMD_COLORS": "0"})
        return Ran(ran.returncode, ran.stdout)

    def do(self, *command: str | Path) -> str:
        ran = self.run(*command)
        if ran.status != 0:
            raise AssertionError(f"status {ran.status} of {' '.join(map(str, command))}: {ran.output.strip()}")
        return ran.output

    def processes(self, cgroup: Path) -> list[str]:
        """As they are numbered in the machine."""
        outside = (cgroup / "cgroup.procs").read_text().split()
        status = [Path(f"/proc/{number}/status").read_text() for number in outside]
        return [line.split()[-1] for text in status for line in text.splitlines() if line.startswith("NSpid:")]

    def power_off(self) -> None:
        """As somebody does who switches a real one off: services are stopped first."""
        self.run("systemctl", "poweroff", "--no-block")

    def wait_until_off(self, seconds: float = 30) -> None:
        process = self.process
        wait_until("the machine is off", lambda: process is None or process.poll() is not None, seconds)
        self.end()

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        self._remove_cgroups()

    def _remove_cgroups(self) -> None:
        """Ours, and any that one left behind which was killed."""
        for cgroup in self.parent.glob(f"{CGROUP}*"):
            if cgroup != self.cgroup and Path("/proc", cgroup.name.removeprefix(CGROUP)).exists():
                continue
            # What was killed takes a moment to be gone.
            for _ in range(200):
                for folder, _, _ in os.walk(cgroup, topdown=False):
                    with contextlib.suppress(OSError):
                        os.rmdir(folder)
                if not cgroup.exists():
                    break
                time.sleep(0.02)
