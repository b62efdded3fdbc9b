"""What must be true of an instance whatever happened to its agent, looked at without the agent's own code."""

import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from association import NEW, OLD, PATCH, Way

Tree = dict[str, tuple]
UNCHANGED = re.compile(r"nothing was changed; (?:still on (\S+)|nothing is installed)")
SWITCHED = re.compile(r"the switch to (\S+) has happened; the next run completes it")
IN_USE = re.compile(r"(?:(\d\S*)|nothing) is in use")
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
    """A copy of an instance, as it was before anything was done to it."""

    def __init__(self, folder: Path, known: Known, way: Way = PATCH) -> None:
        self.folder, self.known, self.way = folder, known, way
        self.prefix, self.state = folder / "prefix", folder / "state"
        self.kept = {version: self._tree(version) for version in (OLD, NEW) if self._place(version).exists()}
        self.versions = versions(self.state)

    def _place(self, version: str) -> Path:
        return self.prefix / "versions" / version

    def _tree(self, version: str) -> Tree:
        return read_tree(self._place(version), times=True)

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
        """One release or the other, whole; no tree touched that was there; nothing forgotten that was trusted."""
        current = self.current
        if current not in (self.way.begin, self.way.goal):
            return [f"current names {current}"]
        found = []
        for version, tree in self.known.trees.items():
            place = self._place(version)
            if (place.exists() or version == current) and read_tree(place) != tree:
                found.append(f"the tree of {version} is not the signed one")
        found += [f"the tree of {version} was touched" for version, tree in self.kept.items() if self._tree(version) != tree]
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
        for name, key, allowed, absent in (
            ("journal", "state", STATES, "idle"), ("installed.json", "version", {OLD, NEW, self.way.begin}, None),
        ):
            file = self.state / name
            try:
                value = json.loads(file.read_bytes())[key] if file.exists() else absent
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
            goal = self.way.goal
            is_said = f"{goal}, severity none: waits for " in output
            return [] if self.current == goal or is_said else [f"status 0, but {self.current} is installed: {output[:200]}"]
        if not spoke or "error while loading shared libraries" in errors:
            return []
        claims = [claim for words in (UNCHANGED, SWITCHED, IN_USE) for claim in words.finditer(errors)]
        if not claims:
            return ["the message does not say how things stand"]
        claim = max(claims, key=lambda claim: claim.start())
        return [] if claim[1] == self.current else [f"says '{claim[0]}' on {self.current}"]

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
        wanted = [("updated", version) for version in (OLD, NEW) if version in (self.way.begin, self.way.goal)]
        if self.way.command == "revert":
            wanted.append(("reverted", OLD))
        found = [f"{step} stands {steps.count(step)} times in the history" for step in wanted if steps.count(step) != 1]
        return found + [f"the history says {step}" for step in sorted(set(steps) - set(wanted), key=str)
                        if step[0] not in ("patch-refused", "damaged-tree")]
