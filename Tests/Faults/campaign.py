"""One fault at a time, in a fresh copy of the instance, then a look at what is left, then the agent once more."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from association import NEW, Association, Way, remove
from injection import Fault, Point, Ran, inject, run
from instance import Instance, Known

SECONDS = 30
"""So long may the next run take, on a busy machine too."""


@dataclass
class Outcome:
    way: str
    point: Point
    fault: Fault
    hit: bool
    status: int
    left: str
    """What was installed after the fault: what was before, or the goal."""
    seconds: float = 0
    """What the run after it took."""
    problems: list[str] = field(default_factory=list)
    said: str = ""

    @property
    def name(self) -> str:
        return f"{self.way}: {self.fault.name} at {self.point.call} {self.point.number}"

    def json(self) -> dict:
        return {
            "way": self.way, "call": self.point.call, "number": self.point.number, "fault": self.fault.name,
            "hit": self.hit, "status": self.status, "left": self.left, "seconds": round(self.seconds, 3),
            "problems": self.problems, "said": self.said}


class Campaign:
    def __init__(self, association: Association, known: Known, keeps: bool = False) -> None:
        self.association, self.known, self.keeps = association, known, keeps
        self.agent = association.agent

    def try_one(self, way: Way, point: Point, fault: Fault) -> Outcome:
        name = f"{way.name}-{point.call}-{point.number}-{fault.name}".replace(" ", "-")
        folder = self.association.folder / name
        self.association.copy(folder, way.begin)
        configuration = self.association.configure(folder, way)
        instance, log = Instance(folder, self.known, way), self.association.folder / f"{name}.strace"
        ran = inject(log, point, fault, self.agent, way.command, "--config", configuration)
        outcome = Outcome(
            way.name, point, fault, ran.was_hit, ran.status, "goal" if instance.current == way.goal else "before",
            said=(ran.output + ran.errors)[-2000:])
        outcome.problems += self._after_fault(instance, fault, ran)
        outcome.seconds = self._recover(instance, way, configuration, outcome)
        if not (self.keeps and outcome.problems):
            remove(folder)
            log.unlink(missing_ok=True)
        return outcome

    @staticmethod
    def _after_fault(instance: Instance, fault: Fault, ran: Ran) -> list[str]:
        found = [f"after the fault: {problem}" for problem in instance.problems()]
        if fault.kills and ran.status in (-9, 137):
            return found
        return found + instance.lies(ran.status, ran.errors, not ran.lost_its_voice, ran.output)

    def _recover(self, instance: Instance, way: Way, configuration: Path, outcome: Outcome) -> float:
        """The agent without a fault, on what is there; how long it took."""
        given_up = any(entry["event"] in ("failed", "reverted") for entry in instance.history())
        began = time.monotonic()
        again = run(self.agent, "update", "--config", configuration)
        if way.command == "revert" and instance.current != way.goal:
            # It never began, or was given up: nobody asks for it but the administrator.
            again = run(self.agent, "revert", "--config", configuration)
        elif way.programs and instance.current != way.goal:
            # A program that failed is the release's fault as far as the agent can tell: it wants to be asked.
            given_up = True
            again = run(self.agent, "update", "--version", way.goal, "--config", configuration)
        seconds = time.monotonic() - began
        found = [] if again.status == 0 else [f"update ended with {again.status}: {again.errors.strip()}"]
        if seconds > SECONDS:
            found.append(f"update took {seconds:.0f} s")
        found += instance.problems() + instance.leftovers()
        if instance.current != way.goal:
            found.append(f"{instance.current} is installed")
        if not given_up:
            found += instance.history_problems()
        if way.programs and (instance.prefix / "shared/data/rules.v2").exists() != (way.goal == NEW):
            found.append(f"the data are not those of {way.goal}")
        found += self._look(configuration, way) + self._stays(instance, way, configuration)
        outcome.problems += [f"after the next run: {problem}" for problem in found]
        return seconds

    def _stays(self, instance: Instance, way: Way, configuration: Path) -> list[str]:
        """What an administrator went back from is not taken again by itself."""
        if way.command != "revert":
            return []
        ran = run(self.agent, "update", "--config", configuration)
        return [] if (ran.status, instance.current) == (0, way.goal) else [
            f"one update later {instance.current} is installed, status {ran.status}: {ran.errors.strip()}"]

    def _look(self, configuration: Path, way: Way) -> list[str]:
        found = []
        for command, true_of in (
            ("verify", lambda said: said["whole"] and said["listed"] and said["version"] == way.goal),
            ("status", lambda said: said["installed"]["version"] == way.goal and said["last_error"] is None),
        ):
            ran = run(self.agent, command, "--json", "--config", configuration)
            try:
                if ran.status != 0 or not true_of(json.loads(ran.output)):
                    found.append(f"{command} ended with {ran.status}: {ran.output} {ran.errors}")
            except (ValueError, KeyError, TypeError):
                found.append(f"{command} said {ran.output!r}")
        return found


def choose(points: list[Point], every: int) -> list[Point]:
    """Each `every`-th point of each kind of call, its first and its last in any case."""
    chosen = []
    for call in sorted({point.call for point in points}):
        of_call = [point for point in points if point.call == call]
        chosen += sorted({*of_call[::every], of_call[-1]})
    return chosen
