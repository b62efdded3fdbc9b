"""The tables that `make bench` prints, in Markdown."""

from dataclasses import dataclass, field

from measuring import Comparison
from wire import Count

AGENT = "agent's check, nothing new"
MANY = "10,000 targets in one file"
FLAT = 1.25
"""How much longer a refresh may take when 10,000 targets lie in bins than when there is one target."""


@dataclass
class Results:
    times: dict[str, Comparison] = field(default_factory=dict)
    flatness: dict[str, Comparison] = field(default_factory=dict)
    """Our refresh with targets in bins, beside our refresh with one target."""
    wire: dict[str, Count] = field(default_factory=dict)


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def megabytes(count: float) -> str:
    return f"{count / 1e6:.1f} MB"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def times(results: Results) -> str:
    head = ["", "ours", "python-tuf", "ratio", "its work alone", "ratio to that", "memory", "python-tuf", "ratio"]
    return table(head, [
        [
            label, ms(c.our_seconds), ms(c.their_seconds), f"**{c.ratio:.2f}**", ms(c.their_seconds_loaded),
            f"{c.ratio_loaded:.2f}", megabytes(c.our_peak), megabytes(c.their_peak), f"{c.our_peak / c.their_peak:.2f}",
        ]
        for label, c in results.times.items()])


def wire(results: Results) -> str:
    head = ["refresh, nothing new", "requests", "answers", "sent", "received", "in all"]
    return table(head, [
        [
            label, str(len(count.requests)), ", ".join(count.statuses), f"{count.sent} B", f"{count.received} B",
            f"{count.bytes} B",
        ]
        for label, count in results.wire.items()])


def goals(results: Results) -> str:
    agent, on_wire = results.times[AGENT], results.wire["agent's check"]
    many = results.times[f"{MANY}: refresh, nothing new"]
    flat = max(comparison.processor_ratio for comparison in results.flatness.values())
    rows = [
        ("agent's check: wall time, python-tuf = 1", agent.ratio, 0.4, f"{agent.ratio:.2f}"),
        ("agent's check: memory", agent.our_peak / 1e6, 25, megabytes(agent.our_peak)),
        ("agent's check: requests", len(on_wire.requests), 3, str(len(on_wire.requests))),
        ("agent's check: bytes on the wire", on_wire.bytes, 2000, str(on_wire.bytes)),
        ("refresh with 10,000 targets in one file: wall time, python-tuf = 1", many.ratio, 0.4, f"{many.ratio:.2f}"),
        ("refresh with 10,000 targets in bins: processor time, 1 target = 1", flat, FLAT, f"{flat:.2f}"),
    ]
    return table(
        ["goal", "at most", "measured", ""],
        [[text, f"{limit:g}", shown, "met" if found <= limit else "**not met**"] for text, found, limit, shown in rows])


def markdown(results: Results, machine: str) -> str:
    return f"""{times(results)}
Wall time of whole processes, and their peak memory. "Its work alone" is python-tuf without the start of Python and the
import of its modules; "ratio to that" sets our whole process, start included, against it. {machine}.

{wire(results)}
Bytes of HTTP with its header fields, without those of TCP.

{goals(results)}"""
