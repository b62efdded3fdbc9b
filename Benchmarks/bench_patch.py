#!/usr/bin/env python3
"""Measures patches beside those of others, on real updates and on made ones. `make bench` calls it.

    bench_patch.py --bin DIR [--pair NAME]... [--pairs N] [--rivals-only] [--fresh] [--minutes N] [--out FILE]

DIR holds patch-measure. Real updates are fetched and pinned (patch_inputs.py); one that cannot be had is left out. Others'
patches are made of sorted tars, ours of the trees; every patch is applied, and what comes out compared. Figures of the
others are remembered in .cache/ (--fresh forgets them), and no more of them are measured after N minutes: the next run goes
on. Applying is always measured in turn with zstd, tar and sha256sum. Prints tables in Markdown, and writes them to FILE.
"""

import argparse
import hashlib
import shutil
import time
from pathlib import Path

import patch_report
import trees
from patch_goals import Result
from patch_inputs import INPUTS, Input
from patch_made import measure_made
from patch_ours import Failed, Ours, measure_ours
from patch_rivals import RIVALS, Measured

CACHE = Path(__file__).resolve().parent.parent / ".cache"
WORK = CACHE / "bench-patch"


def prepare(one: Input) -> Path | None:
    """A folder with both trees and both tars."""
    folder = WORK / one.name
    if not one.fetch(folder):
        print(f"bench: {one.name} is left out", flush=True)
        return None
    for side in ("old", "new"):
        trees.make_releasable(folder / side)
        trees.write_tar(folder / side, folder / f"{side}.tar")
    return folder


def measure(one: Input, rivals: Measured, ours: Ours | None, pairs: int) -> Result | None:
    folder = prepare(one)
    if folder is None:
        return None
    old, new = folder / "old.tar", folder / "new.tar"
    key = hashlib.sha256(f"{trees.digest(old)} {trees.digest(new)}".encode()).hexdigest()
    try:
        found = {rival.name: rivals.of(rival, old, new, key) for rival in RIVALS}
        result = Result(one, trees.size(folder / "new"), trees.changed(folder / "old", folder / "new"), found)
        if ours:
            print(f"bench: ours on {one.name}", flush=True)
            result.ours = measure_ours(ours, folder, rivals.zstd_patch(old, new, key), pairs)
    except Failed as failed:
        result.failure = str(failed)
        print(f"bench: error: {failed}", flush=True)
    finally:
        shutil.rmtree(folder)
    return result


def find_ours(tools: Path) -> Ours | None:
    ours = Ours(tools)
    if ours.program.exists():
        return ours
    print(f"bench: there is no {ours.program}: measuring the others alone", flush=True)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path)
    parser.add_argument("--pair", action="append", default=[], choices=[one.name for one in INPUTS], metavar="NAME")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--rivals-only", action="store_true")
    parser.add_argument("--no-made", action="store_true", help="leave out the trees that are made on the spot")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--out", type=Path, default=WORK / "patch.md")
    arguments = parser.parse_args()
    if not arguments.rivals_only and arguments.bin is None:
        parser.error("--bin DIR says where patch-measure is; --rivals-only does without")
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    end = time.monotonic() + arguments.minutes * 60
    ours = None if arguments.rivals_only else find_ours(arguments.bin.resolve())
    rivals = Measured(CACHE / "rival-patches", lambda: time.monotonic() < end, arguments.fresh)
    wanted = [one for one in INPUTS if one.name in arguments.pair or not arguments.pair]
    results = [result for one in wanted if (result := measure(one, rivals, ours, arguments.pairs))]
    made, failures = ([], []) if ours is None or arguments.pair or arguments.no_made else measure_made(ours, WORK, 3)
    text = patch_report.markdown(results, made, arguments.pairs)
    print(f"\n{text}", end="")
    arguments.out.write_text(text, encoding="utf-8")
    print(f"\nbench: written to {arguments.out}")
    if failures or any(result.failure for result in results):
        raise SystemExit("bench: error: not every patch of ours could be made and gave the new tree back, see above")


if __name__ == "__main__":
    main()
