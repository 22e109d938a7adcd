"""Where equal bits are promised, and whether they came: pairs of results of one cell."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.checks import diff as compare
from benchmark.checks.diff import Change, Difference
from benchmark.store.result import Result

_UNASKED = frozenset({"determinism", "versions.cslbench"})
"""Of an execution: the level is asked by itself, and this program's own sources are the closure."""
_SHOWN = 3


@dataclass(frozen=True)
class Exact:
    """One cell and replicate on both sides, of which equal bits are promised."""

    label: str
    id: str
    differs: tuple[str, ...]
    """What is not equal, in words; empty where all is."""


def not_promised(new: Result, old: Result) -> str | None:
    """Say why equal bits are not promised of two results of one cell; None where they are.

    They are where both executions were measured at D1 or better and are equal, and where the
    sources and the dataset's content are recorded and unchanged.
    """
    if not (new.final and old.final):
        return "a side has no number"
    closures = new.provenance.closure, old.provenance.closure
    if not all(closures):
        return "sources not recorded"
    if closures[0] != closures[1]:
        names = sorted({*closures[0], *closures[1]})
        changed = [name for name in names if closures[0].get(name) != closures[1].get(name)]
        return f"sources changed: {_first(changed)}"
    levels = [result.execution.determinism for result in (new, old)]
    if not all(level in ("D1", "D2", "D3") for level in levels):
        said = " and ".join(level or "not measured" for level in levels)
        return f"determinism {said}, D1 needed"
    found = [change.field for change in _environment(compare.diff(new, old))]
    return f"execution differs: {_first(found)}" if found else None


def check(new: Result, old: Result) -> Exact:
    """Compare weights, metrics and curve to the bit."""
    found = compare.diff(new, old)
    differs = [change.field for change in (*found.cell, *found.metrics)]
    if found.weights:
        differs.insert(0, "weights")
    if found.curve is not None:
        differs.append(f"curve from step {found.curve.step}")
    return Exact(new.cell.label, new.id, tuple(differs))


def _environment(found: Difference) -> list[Change]:
    return [change for change in found.environment if change.field not in _UNASKED]


def _first(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
