"""What goes wrong around the agent rather than in one of its calls: each scene in a copy of its own of the instance."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from association import ARCHIVE, NEW, OLD, PATCH, PROGRAMS, STAGES, Association, Way, remove
from injection import KILL, Point, Ran, inject, run
from instance import Instance, Known

NOBODY = 65534
MOST_FOLDERS = 30
PATIENCE = 60
"""Seconds that a process is waited for."""


class Skipped(Exception):
    """This machine does not allow the scene."""


class Scene:
    """A copy of the instance, what the agent is told there, and what was not as it should be."""

    def __init__(self, association: Association, known: Known, title: str, way: Way, place: Path | None = None) -> None:
        self.association, self.title = association, title
        self.folder = (place or association.folder) / "scene"
        association.copy(self.folder)
        self.instance = Instance(self.folder, known)
        self.configuration = association.configure(self.folder, way)
        self.notes: list[str] = []
        self.problems: list[str] = []
        self.skipped: str | None = None

    def __str__(self) -> str:
        ending = self.skipped or "; ".join(self.problems and [f"found: {one}" for one in self.problems] or self.notes or ["good"])
        return f"{self.title}: {ending}"

    def check(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            self.problems.append(otherwise)

    def command(self, *arguments: str) -> list[str]:
        return [str(self.association.agent), *arguments, "--config", str(self.configuration)]

    def refused(self, ran: Ran, expected: str, status: int | None = None) -> None:
        """It did not update, says why, and left everything as it was."""
        self.check(ran.status in ((1, 3, 4) if status is None else (status,)), f"status {ran.status}: {ran.errors.strip()}")
        self.check(re.search(expected, ran.errors) is not None, f"it said {ran.errors.strip()!r}")
        self.problems += self.instance.lies(ran.status, ran.errors, spoke=True) + self.instance.problems()
        if found := re.search(r"\[([a-z-]+/[a-z-]+)\]", ran.errors):
            self.note(found[1])

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def recovers(self) -> None:
        """Now that nothing is in the way: updated, whole, nothing left behind."""
        for command in ("update", "verify"):
            ran = run(*self.command(command))
            self.check(ran.status == 0, f"{command} afterwards ended with {ran.status}: {ran.errors.strip()}")
        self.check(self.instance.current == NEW, f"{self.instance.current} is installed afterwards")
        self.problems += self.instance.problems() + self.instance.leftovers()

    def forget(self) -> None:
        """An instance that never had a release; the root is trusted again, and nothing is remembered."""
        for folder in ("prefix", "state"):
            remove(self.folder / folder)
        (self.folder / "prefix").mkdir()
        root = str(self.association.workspace / "Keys/root.json")
        ran = run(*self.command("init", "--root", root))
        self.check(ran.status == 0, f"init ended with {ran.status}: {ran.errors}")

    def reset(self, way: Way) -> None:
        remove(self.folder)
        self.association.copy(self.folder)
        self.instance = Instance(self.folder, self.instance.known)
        self.association.configure(self.folder, way)


class Mount:
    """A file system in memory of a limited size."""

    def __init__(self, folder: Path, kilobytes: int) -> None:
        self.folder, self.kilobytes = folder, kilobytes

    def __enter__(self) -> "Mount":
        if os.geteuid() != 0:
            raise Skipped("not root: nothing can be mounted")
        self.folder.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={self.kilobytes}k,mode=755", "none", str(self.folder)],
            capture_output=True, text=True)
        if mounted.returncode != 0:
            raise Skipped(f"nothing can be mounted here: {mounted.stderr.strip()}")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self.folder)], check=False)
        self.folder.rmdir()

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.folder)], check=True)

    def fill(self, leaving: int) -> None:
        """Leaves so many bytes free."""
        info = os.statvfs(self.folder)
        with (self.folder / "filler").open("wb") as file:
            file.write(b"\0" * max(0, info.f_bavail * info.f_frsize - leaving))

    def empty(self) -> None:
        (self.folder / "filler").unlink()


def full(association: Association, known: Known, way: Way) -> Scene:
    """A small file system that is full, sooner or later."""
    with Mount(association.folder / "small", 4096) as mount:
        scene = Scene(association, known, f"a full file system, {way.name}", way, mount.folder)
        ends = {"refused": 0, "done": 0}
        for pages in (0, 1, 2, 3, 5, 8, 12, 16, 24, 40, 56, 64, 72, 80, 96, 112, 128):
            scene.reset(way)
            mount.fill(pages * 4096)
            ran = run(*scene.command("update"))
            if ran.status == 0:
                scene.problems += scene.instance.problems()
            else:
                scene.refused(ran, r"no space left|not enough space", 1)
            ends["refused" if ran.status else "done"] += 1
            mount.empty()
            scene.recovers()
        scene.note(f"{ends['refused']} sizes refused, {ends['done']} sufficed")
        return scene


def read_only(association: Association, known: Known) -> Scene:
    """The file system turned read-only."""
    with Mount(association.folder / "small", 16384) as mount:
        scene = Scene(association, known, "a file system that is read-only", PATCH, mount.folder)
        mount.remount("ro")
        scene.refused(run(*scene.command("update")), "permission denied|read-only|cannot write", 1)
        for command in ("verify", "status"):
            ran = run(*scene.command(command))
            scene.check(ran.status == 0, f"{command} ended with {ran.status}: {ran.errors}")
        mount.remount("rw")
        scene.recovers()
        return scene


def without_rights(association: Association, known: Known, folder: str) -> Scene:
    """A folder that the agent's user may not write to."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skipped("only root can become another user with setpriv")
    scene = Scene(association, known, f"{folder} belongs to somebody else", PATCH)
    for path in [scene.folder, *scene.folder.rglob("*")]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    for path in [scene.folder / folder, *(scene.folder / folder).rglob("*")]:
        os.chown(path, 0, 0, follow_symlinks=False)
    # Trusted metadata may be read by all; what is private is not in them.
    (scene.folder / folder).chmod(0o755)
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if run(*user, *scene.command("--version")).status != 0:
        remove(scene.folder)
        raise Skipped("the tools stand where another user does not reach them")
    scene.refused(run(*user, *scene.command("update")), "permission denied|cannot write", 1)
    for path in [scene.folder, *scene.folder.rglob("*")]:
        os.chown(path, 0, 0, follow_symlinks=False)
    scene.recovers()
    return scene


def clock(association: Association, known: Known, offset: str, expected: str) -> Scene:
    """A clock that is a year off."""
    if not shutil.which("faketime"):
        raise Skipped("faketime is not installed; make faults installs it")
    scene = Scene(association, known, f"a clock {offset}", PATCH)
    environment = {**os.environ, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    for command in ("check", "update"):
        ran = run("faketime", "-f", offset, *scene.command(command), environment=environment)
        if command == "update":
            scene.refused(ran, expected)
    scene.recovers()
    return scene


def first_folders(association: Association, known: Known) -> Scene:
    """Killed while the folders of the first release are made."""
    scene = Scene(association, known, "killed while it makes its folders, umask 077", ARCHIVE)
    careful = ["sh", "-c", 'umask 077; exec "$@"', "sh"]
    log, ends = association.folder / "folders.strace", False
    for call_name in ("mkdir", "chmod"):
        for number in range(1, MOST_FOLDERS):
            scene.forget()
            ran = inject(log, Point(call_name, number), KILL, *careful, *scene.command("update"))
            ends = not ran.was_hit
            again = run(*careful, *scene.command("update"))
            scene.check(again.status == 0, f"{call_name} {number}: status {again.status}: {again.errors}")
            for folder in ("versions", f"versions/{NEW}"):
                mode = (scene.folder / "prefix" / folder).stat().st_mode & 0o777
                scene.check(mode == 0o755, f"{folder} has mode {mode:o} after {call_name} {number}")
            if ends:
                break
        scene.check(ends, f"more than {MOST_FOLDERS} times {call_name}")
    return scene


class Held:
    """`update` in a process of its own, at a program of the release that does not end until it is told to."""

    def __init__(self, scene: Scene, stage: str) -> None:
        self.data = scene.folder / "prefix/shared/data"
        self.stay, self.running = self.data / f"stay-{stage}", self.data / f"running-{stage}"
        self.running.unlink(missing_ok=True)
        self.stay.touch()
        self.process = subprocess.Popen(
            scene.command("update"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        end = time.monotonic() + PATIENCE
        while not (self.running.exists() and self.running.read_text().strip()):
            if time.monotonic() > end or self.process.poll() is not None:
                scene.check(False, f"the program {stage} never ran: {(self.process.communicate()[1] or b'').decode()}")
                return
            time.sleep(0.02)
        self.program = int(self.running.read_text())

    def let_go(self) -> Ran:
        self.stay.unlink()
        output, errors = self.process.communicate(timeout=PATIENCE)
        return Ran(self.process.returncode, output.decode(), errors.decode())

    def kill(self) -> None:
        """Ends the agent, without its program."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)

    def program_is_gone(self) -> bool:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if not Path(f"/proc/{self.program}").exists():
                return True
            time.sleep(0.02)
        return False


def two_agents(association: Association, known: Known) -> Scene:
    """Two agents at once."""
    scene = Scene(association, known, "a second agent beside the first", PROGRAMS)
    first = Held(scene, "pre")
    if scene.problems:
        return scene
    second = run(*scene.command("update"))
    scene.refused(second, "another process is at work here", 1)
    ended = first.let_go()
    scene.check(ended.status == 0, f"the first ended with {ended.status}: {ended.errors}")
    scene.recovers()
    return scene


def killed_in(association: Association, known: Known, stage: str) -> Scene:
    """The agent ends while a program of the release runs."""
    scene = Scene(association, known, f"killed while '{stage}' runs", PROGRAMS)
    held = Held(scene, stage)
    if scene.problems:
        return scene
    held.kill()
    scene.check(held.program_is_gone(), "the program runs on without its agent")
    scene.problems += scene.instance.problems()
    held.stay.unlink()
    scene.recovers()
    scene.check((held.data / "rules.v2").exists(), "the data were not changed")
    scene.problems += scene.instance.history_problems()
    return scene


def told_to_end(association: Association, known: Known) -> Scene:
    """The machine is switched off while a program of the release runs: the update goes through."""
    scene = Scene(association, known, "SIGTERM while 'migrate' runs", PROGRAMS)
    held = Held(scene, "migrate")
    if scene.problems:
        return scene
    held.process.send_signal(signal.SIGTERM)
    ended = held.let_go()
    scene.check(ended.status == 0, f"ended with {ended.status}: {ended.errors}")
    scene.check(scene.instance.current == NEW, f"{scene.instance.current} is installed")
    scene.recovers()
    scene.problems += scene.instance.history_problems()
    return scene


def killed_again_and_again(association: Association, known: Known) -> Scene:
    """What stops the machine each time is not tried for ever."""
    scene = Scene(association, known, "killed in 'migrate' again and again", PROGRAMS)
    for _ in range(4):
        held = Held(scene, "migrate")
        if scene.problems:
            return scene
        held.kill()
        scene.problems += scene.instance.problems()
    held.stay.unlink()
    ran = run(*scene.command("update"))
    scene.check(ran.status in (0, 1), f"status {ran.status}: {ran.errors}")
    scene.check(scene.instance.current == OLD, f"{scene.instance.current} is installed after four stops")
    scene.check(not (held.data / "rules.v2").exists(), "the data were not changed back")
    scene.check(run(*scene.command("verify")).status == 0, "the old release is not whole")
    ran = run(*scene.command("update"))
    scene.check(scene.instance.current == OLD, "it was tried again unasked")
    ran = run(*scene.command("update", "--version", NEW))
    scene.check(ran.status == 0, f"not to be had when asked for: {ran.errors}")
    scene.recovers()
    scene.note("taken back after 4 stops")
    return scene


Play = Callable[[Association, Known], Scene]


def _play(scene: Callable[..., Scene], *arguments: object) -> Play:
    def play(association: Association, known: Known) -> Scene:
        try:
            played = scene(association, known, *arguments)
        except Skipped as reason:
            skipped = Scene.__new__(Scene)
            skipped.title, skipped.skipped, skipped.problems = (scene.__doc__ or "").rstrip("."), f"skipped: {reason}", []
            return skipped
        remove(played.folder)
        return played
    return play


def scenes_of(association: Association) -> list[Play]:
    if association.with_programs:
        return [
            _play(two_agents), *(_play(killed_in, stage) for stage in STAGES),
            _play(told_to_end), _play(killed_again_and_again)]
    return [
        _play(full, ARCHIVE), _play(full, PATCH), _play(read_only), _play(without_rights, "state"),
        _play(without_rights, "prefix"), _play(first_folders), _play(clock, "+1y", "expired"), _play(clock, "-1y", ".")]
