"""The patch makers that ours is set beside. They work on tars of the trees, and what they need is remembered in .cache/."""

import hashlib
import json
import shlex
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from measuring import Run, run, run_alone
from trees import digest

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parent / ".venv/bin/python"
APPLICATIONS = 3

Command = Callable[[Path, Path, Path], list]


@dataclass(frozen=True)
class Figures:
    """Of one patch. Seconds are wall time, of whole processes where nothing else is said."""

    bytes: int
    create_seconds: float
    create_processor_seconds: float
    create_peak: int
    apply_seconds: float
    apply_peak: int


@dataclass(frozen=True)
class Rival:
    name: str
    package: str
    """A Debian package, or one of .venv: its version is part of what figures are remembered under."""
    create: Command
    """From old, new and patch."""
    apply: Command
    """From old, patch and new."""
    says_seconds: bool = False
    """It prints the seconds of its work alone, and those count: the start of Python is not HDiffPatch's."""


def zstd(*level: str) -> tuple[Command, Command]:
    return (
        lambda old, new, patch: ["zstd", "-q", "-f", *level, "--long=27", f"--patch-from={old}", new, "-o", patch],
        lambda old, patch, new: ["zstd", "-q", "-f", "-d", "--long=27", f"--patch-from={old}", patch, "-o", new])


ZSTD, ULTRA, BSDIFF, XDELTA, HDIFF = "zstd -19", "zstd -22", "bsdiff", "xdelta3", "HDiffPatch"

RIVALS = [
    Rival(
        HDIFF, "hdiffpatch",
        lambda old, new, patch: [PYTHON, HERE / "hdiff.py", "create", old, new, patch],
        lambda old, patch, new: [PYTHON, HERE / "hdiff.py", "apply", old, patch, new], says_seconds=True),
    Rival(ZSTD, "zstd", *zstd("-19")),
    Rival(
        BSDIFF, "bsdiff",
        lambda old, new, patch: ["bsdiff", old, new, patch], lambda old, patch, new: ["bspatch", old, new, patch]),
    Rival(
        XDELTA, "xdelta3",
        lambda old, new, patch: ["xdelta3", "-e", "-f", "-q", "-9", "-S", "lzma", "-s", old, new, patch],
        lambda old, patch, new: ["xdelta3", "-d", "-f", "-q", "-s", old, patch, new]),
    Rival(ULTRA, "zstd", *zstd("-22", "--ultra")),
]


def version(rival: Rival) -> str:
    if rival.name == HDIFF:
        return run([str(PYTHON), "-c", "import importlib.metadata as m; print(m.version('hdiffpatch'))"]).said.strip()
    return run(["dpkg-query", "--show", "--showformat=${Version}", rival.package]).said.strip()


def text(command: list) -> list[str]:
    return [str(word) for word in command]


class Measured:
    """Figures of rivals on two tars: remembered ones, or measured now as long as there is time."""

    def __init__(self, cache: Path, may_measure: Callable[[], bool], fresh: bool) -> None:
        self.cache, self.may_measure, self.fresh = cache, may_measure, fresh
        self.versions = {rival.name: version(rival) for rival in RIVALS}
        cache.mkdir(parents=True, exist_ok=True)

    def place(self, rival: Rival, old: Path, new: Path, key: str) -> Path:
        named = shlex.join(Path(word).name for word in text(rival.create(Path("old"), Path("new"), Path("patch"))))
        words = f"{key} {rival.name} {self.versions[rival.name]} {named}"
        return self.cache / hashlib.sha256(words.encode()).hexdigest()[:32]

    def zstd_patch(self, old: Path, new: Path, key: str) -> Path | None:
        patch = self.place(next(rival for rival in RIVALS if rival.name == ZSTD), old, new, key)
        return patch if patch.exists() else None

    def of(self, rival: Rival, old: Path, new: Path, key: str) -> Figures | None:
        """None when it was not measured before and there is no time. Leaves the patch beside the figures."""
        patch = self.place(rival, old, new, key)
        figures = patch.with_name(patch.name + ".json")
        if figures.exists() and patch.exists() and not self.fresh:
            return Figures(**json.loads(figures.read_text(encoding="utf-8")))
        if not self.may_measure():
            return None
        print(f"bench: {rival.name} on {old.parent.name}", flush=True)
        found = measure(rival, old, new, patch)
        figures.write_text(json.dumps(asdict(found)), encoding="utf-8")
        return found


def measure(rival: Rival, old: Path, new: Path, patch: Path) -> Figures:
    """Makes a patch once and applies it a few times; ends the run when what comes out is not `new`."""
    def seconds(of: Run) -> float:
        return float(of.said) if rival.says_seconds else of.seconds
    result = old.parent / "applied.tar"
    created = run_alone(text(rival.create(old, new, patch)))
    applied = [run_alone(text(rival.apply(old, patch, result))) for _ in range(APPLICATIONS)]
    if digest(result) != digest(new):
        raise SystemExit(f"bench: error: {rival.name} does not give {new} back")
    result.unlink()
    return Figures(
        patch.stat().st_size, seconds(created), created.processor_seconds, created.peak_bytes,
        statistics.median(map(seconds, applied)), int(statistics.median(one.peak_bytes for one in applied)))
