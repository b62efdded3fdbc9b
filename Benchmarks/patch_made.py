"""Our patches of trees that are made on the spot: what is large, and nearly the same."""

import random
import shutil
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import trees
from patch_ours import Failed, Ours, check_same, into_fresh

MEGABYTE = 1_000_000
BLOCK = 1 << 20


@dataclass(frozen=True)
class MadeInput:
    name: str
    fill: Callable[[Path, Path], None]
    """Makes the old and the new tree, the same ones in every run."""
    most_seconds: float | None = None
    """Goals for creating the patch, where there are any."""
    most_memory: int | None = None


@dataclass(frozen=True)
class Made:
    """Figures of such an input."""

    name: str
    new_bytes: int
    bytes: int
    create_seconds: float
    create_peak: int
    apply_seconds: float
    apply_peak: int


class Noise:
    """Bytes without a pattern that a patch maker could use, the same in every run, at memory's speed: one random block, its
    byte values exchanged in another way each time."""

    def __init__(self, seed: int, size: int) -> None:
        self.chance = random.Random(seed)
        self.block = self.chance.randbytes(size)

    def another(self) -> bytes:
        values = bytearray(range(256))
        self.chance.shuffle(values)
        return self.block.translate(values)


def fill_near_identical(old: Path, new: Path) -> None:
    """1,000 files of 100 KB; one in a hundred has a few bytes changed, one is new and one is gone."""
    noise = Noise(1, 100_000)
    for number in range(1000):
        content = bytearray(noise.another())
        name = f"folder-{number % 10}/file-{number}"
        for tree in (old, new):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
        if number != 500:
            (old / name).write_bytes(content)
        if number % 100 == 0:
            at = noise.chance.randrange(90_000)
            content[at:at + 8] = noise.chance.randbytes(12)
        if number != 501:
            (new / name).write_bytes(content)


def fill_large(shift: bool) -> Callable[[Path, Path], None]:
    """A file of 1 GiB; in one MiB of eight, 16 bytes are others, and with `shift` some are longer by 5 bytes."""
    def fill(old: Path, new: Path) -> None:
        noise = Noise(2, BLOCK)
        for tree in (old, new):
            tree.mkdir(parents=True)
        with (old / "image").open("wb") as before, (new / "image").open("wb") as after:
            for number in range(1024):
                block = noise.another()
                before.write(block)
                if number % 8 == 3:
                    at = noise.chance.randrange(BLOCK - 64)
                    more = 5 if shift and number % 256 == 3 else 0
                    block = block[:at] + noise.chance.randbytes(16 + more) + block[at + 16:]
                after.write(block)
    return fill


MADE = [
    MadeInput("100 MB in 1,000 files, nearly the same", fill_near_identical, most_seconds=1),
    MadeInput("1 GiB in one file, scattered changes", fill_large(shift=False), most_seconds=5, most_memory=64 * MEGABYTE),
    MadeInput("1 GiB in one file, scattered changes and insertions", fill_large(shift=True)),
]


def measure_made(ours: Ours, work: Path, pairs: int) -> tuple[list[Made], list[str]]:
    """Figures, and what failed."""
    figures, failures = [], []
    for one in MADE:
        try:
            figures.append(measure_one(ours, work / "made", one, pairs))
        except Failed as failed:
            failures.append(f"{one.name}: {failed}")
            print(f"bench: error: {failed}", flush=True)
    return figures, failures


def measure_one(ours: Ours, folder: Path, one: MadeInput, pairs: int) -> Made:
    print(f"bench: ours on {one.name}", flush=True)
    old, new, patch, applied = (folder / part for part in ("old", "new", "ours.patch", "applied"))
    try:
        one.fill(old, new)
        created = [ours("create", old, new, patch) for _ in range(pairs)]
        ours("apply", old, patch, applied)
        check_same(new, applied)
        shutil.rmtree(applied)
        tries = [into_fresh(folder, lambda fresh: ours("apply", old, patch, fresh), exists=False) for _ in range(pairs)]
        return Made(
            one.name, trees.size(new), patch.stat().st_size, statistics.median(run.seconds for run in created),
            max(run.peak_bytes for run in created), statistics.median(run.seconds for run in tries),
            max(run.peak_bytes for run in tries))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
