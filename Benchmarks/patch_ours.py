"""Our patches of the trees of a real update, through patch-measure."""

import json
import shutil
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import trees
from measuring import Run, run_alone

ONE_CORE = ["taskset", "--cpu-list", "0"]

PIPELINE = """set -euo pipefail
zstd -q -d -c --long=27 --patch-from="$1" "$2" | tar -xf - -C "$3"
cd "$3" && sha256sum --check --quiet --strict "$4"
"""
FLUSHED_PIPELINE = PIPELINE + "sync --file-system .\n"
"""The same, and flushed: what ours does as well."""


class Failed(Exception):
    """Ours did not work, or did not give the new tree back."""


class Ours:
    """patch-measure, which prints one JSON object."""

    def __init__(self, tools: Path) -> None:
        self.program = tools / "patch-measure"

    def __call__(self, *arguments: str | Path, before: list[str] | None = None) -> Run:
        try:
            return run_alone([*(before or []), str(self.program), *map(str, arguments)])
        except SystemExit as failed:
            raise Failed(str(failed)) from None


@dataclass(frozen=True)
class OurFigures:
    """Of one patch; seconds are wall time of whole processes."""

    bytes: int
    create_seconds: float
    create_peak: int
    apply_seconds: float
    apply_peak: int
    one_core_seconds: float
    """Applying, on one core."""
    stated_memory: int | None
    """What the patch's header says applying needs, when patch-measure tells."""
    pipeline_seconds: float
    pipeline_peak: int
    pipeline_ratio: float
    """Our time to apply to that of zstd, tar and sha256sum: median over runs in turn."""
    flushed_ratio: float
    """The same to the pipeline with a flush at its end."""
    flush_share: float
    """Of our time, the flush. The pipeline does without."""
    verify_share: float
    """Of our time, reading the new tree back and hashing it; all of it was hashed before, when it was written."""


def check_same(expected: Path, found: Path) -> None:
    wanted, got = trees.described(expected), trees.described(found)
    if wanted != got:
        different = sorted(name for name in wanted.keys() | got.keys() if wanted.get(name) != got.get(name))
        raise Failed(f"{len(different)} entries are not as in {expected}, the first is {different[0]}")


def into_fresh(folder: Path, apply: Callable[[Path], Run], exists: bool, keep: bool = False) -> Run:
    """Runs `apply` into a folder that is not there yet (or empty), and removes it, or leaves it to whoever removes `folder`:
    where ext4 has no journal it takes no inode again for minutes, and making files among a thousand of these took more
    time than all else."""
    fresh = folder / (f"fresh-{len(list(folder.glob('fresh-*')))}" if keep else "fresh")
    if exists:
        fresh.mkdir()
    try:
        return apply(fresh)
    finally:
        if not keep:
            shutil.rmtree(fresh, ignore_errors=True)


def measure_ours(ours: Ours, folder: Path, zstd_patch: Path | None, pairs: int) -> OurFigures:
    """Makes a patch once, checks it, and applies it as the agent does, with the listing that an instance keeps of the old
    tree, a flush, and the new tree read back; in turn with zstd, tar and sha256sum. These are given the old *tar*, which an
    instance would have to make first."""
    old, new, patch, listing = (folder / name for name in ("old", "new", "ours.patch", "new.sha256"))
    created = ours("create", old, new, patch)
    kept = folder / "old.listing"
    ours("list", old, kept)
    apply = ["apply", f"--listing={kept}", "--verify", old, patch]
    applied = folder / "applied"
    said = json.loads(ours(*apply, applied, "--shares").said)
    check_same(new, applied)
    trees.write_listing(new, listing)

    def pipeline(script: str, fresh: Path) -> Run:
        return run_alone(["bash", "-c", script, "bash", *map(str, (folder / "old.tar", zstd_patch, fresh, listing))])

    def turn() -> list[Run]:
        found = [
            into_fresh(folder, lambda fresh: ours(*apply, fresh), exists=False, keep=True),
            into_fresh(folder, lambda fresh: ours(*apply, fresh, before=ONE_CORE), exists=False, keep=True)]
        scripts = [PIPELINE, FLUSHED_PIPELINE] if zstd_patch else []
        return found + [
            into_fresh(folder, lambda fresh, script=script: pipeline(script, fresh), exists=True, keep=True)
            for script in scripts]

    turns = [turn() for _ in range(pairs + 1)][1:]
    both, one, theirs, flushed = [list(runs) for runs in zip(*turns)] + ([] if zstd_patch else [[], []])
    all_seconds = said["seconds"] + said["verify_seconds"] + said["listing_seconds"]
    return OurFigures(
        patch.stat().st_size, created.seconds, created.peak_bytes,
        statistics.median(found.seconds for found in both), max(found.peak_bytes for found in both),
        statistics.median(found.seconds for found in one), said.get("memory"),
        statistics.median(found.seconds for found in theirs) if theirs else 0,
        max((found.peak_bytes for found in theirs), default=0),
        statistics.median(a.seconds / b.seconds for a, b in zip(both, theirs)) if theirs else 0,
        statistics.median(a.seconds / b.seconds for a, b in zip(both, flushed)) if flushed else 0,
        said["flush_seconds"] / all_seconds, said["verify_seconds"] / all_seconds)
