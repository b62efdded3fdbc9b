"""The tables about patches that `make bench` prints, in Markdown."""

import math
import os
from collections.abc import Callable

import patch_goals
from patch_goals import Result
from patch_inputs import LARGE, SMALL, TEXT
from patch_made import Made
from patch_rivals import BSDIFF, HDIFF, ULTRA, XDELTA, ZSTD, Figures
from report import megabytes, table

KINDS = [SMALL, LARGE, TEXT]
NOTHING = "–"
HEADS = {
    HDIFF: "HDiffPatch lzma2", ZSTD: "patch-from -19", ULTRA: "patch-from -22", BSDIFF: "bsdiff", XDELTA: "xdelta3 lzma",
}
COLUMNS = list(HEADS)


def in_order(results: list[Result]) -> list[Result]:
    return sorted(results, key=lambda one: (KINDS.index(one.input.kind), one.input.unseen))


def name(result: Result) -> str:
    return result.input.name + (" *" if result.input.unseen else "")


def cost(seconds: float, peak: int) -> str:
    return f"{seconds:.2f} s, {peak / 1e6:.0f} MB"


def shown_ratio(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def sizes(results: list[Result]) -> str:
    def row(one: Result) -> list[str]:
        return [
            name(one), one.input.kind, megabytes(one.new_bytes), "**failed**" if one.failure else
            f"**{one.ours.bytes:,}**" if one.ours else NOTHING,
            *(f"{found.bytes:,}" if (found := one.rivals[rival]) else NOTHING for rival in COLUMNS),
            *(shown_ratio(one.ratio(rival)) for rival in COLUMNS[:2] + [BSDIFF])]
    heads = ["", "", "tree", "ours", *(HEADS[rival] for rival in COLUMNS)]
    return table([*heads, "to HDiffPatch", "to -19", "to bsdiff"], [row(one) for one in in_order(results)])


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def summary(results: list[Result]) -> str:
    """Geometric mean and worst case of ours to each of the others, by kind; then of the unseen alone."""
    rows = []
    for kind in KINDS:
        for label, chosen in ((kind, results), (f"{kind}, unseen", [one for one in results if one.input.unseen])):
            row = [label]
            for rival in COLUMNS:
                found = [ratio for one in chosen if one.input.kind == kind and (ratio := one.ratio(rival)) is not None]
                row.append(f"**{geometric_mean(found):.3f}**, {max(found):.3f}" if found else NOTHING)
            rows.append(row)
    return table(["ours to: geometric mean, worst", *(HEADS[rival] for rival in COLUMNS)], rows)


def costs(results: list[Result], creating: bool) -> str:
    def theirs(found: Figures | None) -> str:
        if found is None:
            return NOTHING
        if creating:
            return cost(found.create_processor_seconds, found.create_peak)
        return cost(found.apply_seconds, found.apply_peak)

    def ours(one: Result) -> list[str]:
        found = one.ours
        if creating:
            return [f"**{cost(found.create_seconds, found.create_peak)}**" if found else NOTHING]
        if found is None:
            return [NOTHING] * 8
        return [
            f"**{cost(found.apply_seconds, found.apply_peak)}**",
            NOTHING if found.stated_memory is None else megabytes(found.stated_memory),
            f"{one.new_bytes / found.one_core_seconds / 1e6:.0f} MB/s",
            cost(found.pipeline_seconds, found.pipeline_peak), f"**{found.pipeline_ratio:.2f}**",
            f"{found.flushed_ratio:.2f}", f"{found.flush_share:.0%}", f"{found.verify_share:.0%}"]
    more = [] if creating else [
        "memory stated", "one core", "zstd, tar, sha256sum", "ratio to that", "with its flush", "our flush", "our reading back"]
    return table(
        ["creating" if creating else "applying", "ours", *more, *(HEADS[rival] for rival in COLUMNS)],
        [[name(one), *ours(one), *(theirs(one.rivals[rival]) for rival in COLUMNS)] for one in in_order(results)])


def made_table(made: list[Made]) -> str:
    return table(["made on the spot", "patch", "creating", "applying"], [
        [one.name, f"{one.bytes:,}", cost(one.create_seconds, one.create_peak), cost(one.apply_seconds, one.apply_peak)]
        for one in made])


def goals(results: list[Result], made: list[Made]) -> str:
    unseen = [one for one in results if one.input.unseen]

    def judged(goal: patch_goals.Goal, chosen: list[Result]) -> list[str]:
        found = goal.measure(chosen, made)
        if found is None:
            return [NOTHING, ""]
        return [goal.show(found), "met" if goal.is_met(found) else "**not met**"]
    return table(["goal", "", "measured", "", "unseen alone", ""], [
        [goal.text, f"{'at least' if goal.at_least else 'at most'} {goal.show(goal.limit)}",
         *judged(goal, results), *(judged(goal, unseen) if goal.of_results else [NOTHING, ""])]
        for goal in patch_goals.GOALS])


def what_they_are(results: list[Result]) -> str:
    return "".join(
        f"- {name(one)}: {one.input.package} {one.input.old.version} to {one.input.new.version}, {one.input.note}. "
        f"{one.changed.files} files changed, the largest {megabytes(one.changed.largest)}.\n" for one in in_order(results))


def markdown(results: list[Result], made: list[Made], pairs: int) -> str:
    measured = any(one.ours for one in results)
    parts: list[Callable[[], str]] = [
        lambda: sizes(results),
        lambda: "Bytes of patches. * Chosen by somebody other than who wrote the encoder; it was run on them, and not tuned to them.\n",
        lambda: what_they_are(results)]
    if measured:
        parts.append(lambda: summary(results))
    parts += [lambda: costs(results, creating=True), lambda: costs(results, creating=False), lambda: notes(pairs)]
    if made:
        parts.append(lambda: made_table(made))
    if measured:
        parts.append(lambda: goals(results, made))
    return "\n".join(part() for part in parts)


def notes(pairs: int) -> str:
    return f"""Wall time and peak memory of whole processes. HDiffPatch is called from Python: applying is its work alone, memory is that of
Python with both tars in it. Creating with others, which use one core, is processor time. Others work from tar to tar, ours
from tree to tree, both trees verified. "zstd, tar, sha256sum" is `zstd -d --patch-from | tar -x`, then `sha256sum --check`,
in turn with ours: ratios are medians over {pairs} turns. Figures of others may be of an earlier run.
{os.cpu_count()} cores; load average {os.getloadavg()[1]:.1f}.
"""
