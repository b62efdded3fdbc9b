"""What must be true of an instance whatever happened to its agent, looked at without the agent's own code."""

import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from association import NEW, OLD

Tree = dict[str, tuple]
UNCHANGED = f"nothing was changed; still on {OLD}"
STILL_NEW = f"nothing was changed; still on {NEW}"
SWITCHED = f"the switch to {NEW} has happened; the next run completes it"
CRASHES = {132, 133, 134, 135, 136, 139, -4, -5, -6, -7, -8, -11}
STATES = {
    "idle", "witnessed", "waiting", "chosen", "fetched", "built", "ready", "locking", "preparing", "stopping", "undoing",
    "switching", "switched", "migrated", "restarted", "checking", "committed", "failed",
}


def read_tree(root: Path, times: bool = False) -> Tree:
    """Everything below a folder: kind, mode, and what it holds."""
    found: Tree = {}
    for place, folders, files in os.walk(root):
        for name in (*folders, *files, *(["."] if place == str(root) else [])):
            path = Path(place, name)
            info = path.lstat()
            if stat.S_ISLNK(info.st_mode):
                content = os.readlink(path)
            else:
                content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(info.st_mode) else None
            found[str(path.relative_to(root))] = (
                stat.S_IFMT(info.st_mode), stat.S_IMODE(info.st_mode), content,
                *((info.st_mtime_ns, info.st_ino) if times else ()))
    return found


def versions(state: Path) -> dict[str, int]:
    """Of the trusted metadata, by file."""
    return {
        file.name: json.loads(file.read_bytes())["signed"]["version"]
        for file in (state / "metadata").glob("*.json") if not file.name.startswith(".")}


@dataclass(frozen=True)
class Known:
    """The two trees as they were signed."""

    trees: dict[str, Tree]


class Instance:
    """A copy of the first instance, as it was before anything was done to it."""

    def __init__(self, folder: Path, known: Known) -> None:
        self.folder, self.known = folder, known
        self.prefix, self.state = folder / "prefix", folder / "state"
        self.old = read_tree(self.prefix / "versions" / OLD, times=True)
        self.versions = versions(self.state)

    @property
    def current(self) -> str | None:
        link = self.prefix / "current"
        return Path(os.readlink(link)).name if link.is_symlink() else None

    def history(self) -> list[dict]:
        file = self.state / "history.jsonl"
        found = []
        for line in file.read_text(errors="replace").splitlines() if file.exists() else []:
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"event": "torn"})
        return found

    # At any time.

    def problems(self) -> list[str]:
        """One release or the other, whole; the old tree untouched; nothing forgotten that was trusted."""
        current = self.current
        if current not in (OLD, NEW):
            return [f"current names {current}"]
        found = []
        for version, tree in self.known.trees.items():
            place = self.prefix / "versions" / version
            if (place.exists() or version == current) and read_tree(place) != tree:
                found.append(f"the tree of {version} is not the signed one")
        if read_tree(self.prefix / "versions" / OLD, times=True) != self.old:
            found.append(f"the tree of {OLD} was touched")
        return found + self._state_problems()

    def _state_problems(self) -> list[str]:
        found = []
        try:
            now = versions(self.state)
            found += [
                f"{name} fell from version {before} to {now.get(name)}"
                for name, before in self.versions.items() if now.get(name, 0) < before]
        except (ValueError, KeyError) as error:
            found.append(f"metadata cannot be read: {error}")
        for name, key, allowed in (("journal", "state", STATES), ("installed.json", "version", {OLD, NEW})):
            file = self.state / name
            try:
                value = json.loads(file.read_bytes())[key] if file.exists() or name == "installed.json" else "idle"
                if value not in allowed:
                    found.append(f"{name} says {value}")
            except (OSError, ValueError, KeyError) as error:
                found.append(f"{name} cannot be read: {error}")
        return found

    # Of what a run said.

    def lies(self, status: int, errors: str, spoke: bool, output: str = "") -> list[str]:
        """What exit status and message claim that is not so."""
        if status in CRASHES or "Fatal error" in errors:
            return [f"crashed with status {status}"]
        if status == 124:
            return ["hung"]
        if status == 0:
            is_said = f"{NEW}, severity none: waits for " in output
            return [] if self.current == NEW or is_said else [f"status 0, but {self.current} is installed: {output[:200]}"]
        if not spoke or "error while loading shared libraries" in errors:
            return []
        claims = re.findall("|".join(map(re.escape, (UNCHANGED, STILL_NEW, SWITCHED))), errors)
        if not claims:
            return ["the message does not say how things stand"]
        wanted = {OLD: {UNCHANGED}, NEW: {SWITCHED, STILL_NEW}}.get(self.current or "", set())
        return [] if claims[-1] in wanted else [f"says '{claims[-1]}' on {self.current}"]

    # After a run that ended well.

    def leftovers(self) -> list[str]:
        found = [
            str(path.relative_to(self.folder)) for folder in (self.prefix, self.prefix / "versions")
            for path in folder.iterdir() if path.name.startswith(".")]
        downloads = self.state / "downloads"
        found += [f"state/downloads/{path.name}" for path in downloads.iterdir()] if downloads.exists() else []
        return [f"left behind: {name}" for name in found]

    def history_problems(self) -> list[str]:
        steps = [(entry["event"], entry.get("to")) for entry in self.history()]
        found = [f"{step} stands {steps.count(step)} times in the history" for step in
                 (("updated", OLD), ("updated", NEW)) if steps.count(step) != 1]
        return found + [f"the history says {step}" for step in sorted(set(steps), key=str)
                        if step[0] not in ("updated", "patch-refused")]
