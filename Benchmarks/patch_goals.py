"""What patches are to reach, each computed from the figures of a run."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from patch_inputs import LARGE, SMALL, TEXT, Input
from patch_made import MADE, Made
from patch_ours import OurFigures
from patch_rivals import BSDIFF, HDIFF, ULTRA, ZSTD, Figures
from trees import Changed

MEGABYTE = 1_000_000
SMALLEST_CREATING_MEMORY = 64 * MEGABYTE
"""Below this, memory for creating is not held to a multiple of the largest changed file: of a small file there is little."""


@dataclass
class Result:
    """All figures of one input."""

    input: Input
    new_bytes: int
    changed: Changed
    rivals: dict[str, Figures | None]
    ours: OurFigures | None = None
    failure: str = ""

    def ratio(self, rival: str) -> float | None:
        theirs = self.rivals[rival]
        return self.ours.bytes / theirs.bytes if self.ours and theirs else None


@dataclass(frozen=True)
class Goal:
    text: str
    limit: float
    measure: Callable[[list[Result], list[Made]], float | None]
    """None when nothing was measured that it is about."""
    show: Callable[[float], str] = lambda value: f"{value:.2f}"
    at_least: bool = False
    of_results: bool = True
    """It is about all inputs of a kind, not about one by name or about a made tree."""

    def is_met(self, found: float) -> bool:
        return found >= self.limit if self.at_least else found <= self.limit


def mean_ratio(kind: str, rival: str) -> Callable[[list[Result], list[Made]], float | None]:
    def measure(results: list[Result], _: list[Made]) -> float | None:
        found = [ratio for one in results if one.input.kind == kind and (ratio := one.ratio(rival)) is not None]
        return math.exp(sum(map(math.log, found)) / len(found)) if found else None
    return measure


def worst(value: Callable[[Result], float | None]) -> Callable[[list[Result], list[Made]], float | None]:
    """The largest over all inputs that were measured."""
    def measure(results: list[Result], _: list[Made]) -> float | None:
        return max((found for one in results if one.ours and (found := value(one)) is not None), default=None)
    return measure


def of_input(name: str, value: Callable[[OurFigures], float]) -> Callable[[list[Result], list[Made]], float | None]:
    return lambda results, _: next((value(one.ours) for one in results if one.ours and one.input.name == name), None)


def to_best(one: Result) -> float | None:
    """Of text, to the smallest patch of the others."""
    theirs = [found.bytes for rival in (HDIFF, ULTRA, BSDIFF) if (found := one.rivals[rival])]
    return one.ours.bytes / min(theirs) if one.input.kind == TEXT and len(theirs) == 3 else None


def creating_memory(one: Result) -> float:
    return one.ours.create_peak / max(6 * one.changed.largest, SMALLEST_CREATING_MEMORY)


def applying_memory(one: Result) -> float:
    return one.ours.apply_peak / max(32 * MEGABYTE, 1.5 * one.changed.largest_executable)


def slowest(results: list[Result], _: list[Made]) -> float | None:
    return min((one.new_bytes / one.ours.one_core_seconds for one in results if one.ours), default=None)


def of_made(text: str, value: Callable[[Made], float]) -> Callable[[list[Result], list[Made]], float | None]:
    return lambda _, made: next((value(one) for one in made if one.name == text), None)


def kilobytes(value: float) -> str:
    return f"{value / 1000:.1f} KB"


def seconds(value: float) -> str:
    return f"{value:.2f} s"


def megabytes(value: float) -> str:
    return f"{value / 1e6:.0f} MB"


def speed(value: float) -> str:
    return f"{value / 1e6:.0f} MB/s"


def thousandths(value: float) -> str:
    return f"{value:.3f}"


BY_KIND = {
    SMALL: {HDIFF: 0.25, BSDIFF: 0.20, ZSTD: 0.08},
    LARGE: {HDIFF: 0.80, BSDIFF: 0.75, ZSTD: 0.55},
}
BY_NAME = {"libnode": 60_000, "numpy": 18_000, "lefthook": 45_000}

GOALS = [
    *(Goal(f"{kind}: bytes to {rival}, geometric mean", limit, mean_ratio(kind, rival), thousandths)
      for kind, limits in BY_KIND.items() for rival, limit in limits.items()),
    Goal("text: bytes to the best of HDiffPatch, zstd -22 and bsdiff, worst", 0.95, worst(to_best), thousandths),
    Goal("all: bytes to HDiffPatch, worst", 1.02, worst(lambda one: one.ratio(HDIFF)), thousandths),
    *(Goal(f"{name}: bytes", limit, of_input(name, lambda ours: ours.bytes), kilobytes, of_results=False)
      for name, limit in BY_NAME.items()),
    Goal("libnode: creating", 5, of_input("libnode", lambda ours: ours.create_seconds), seconds, of_results=False),
    *(Goal(f"{one.name}: creating", one.most_seconds, of_made(one.name, lambda made: made.create_seconds), seconds,
           of_results=False)
      for one in MADE if one.most_seconds is not None),
    *(Goal(f"{one.name}: memory for creating", one.most_memory, of_made(one.name, lambda made: made.create_peak), megabytes,
           of_results=False)
      for one in MADE if one.most_memory is not None),
    Goal("creating: memory to 6 x the largest changed file (or 64 MB), worst", 1, worst(creating_memory)),
    Goal("applying on one core, new tree, slowest", 500 * MEGABYTE, slowest, speed, at_least=True),
    Goal("applying: time to zstd, tar and sha256sum, worst", 1, worst(lambda one: one.ours.pipeline_ratio or None)),
    Goal("applying: memory to 32 MB, or 1.5 x the largest executable, worst", 1, worst(applying_memory)),
]
