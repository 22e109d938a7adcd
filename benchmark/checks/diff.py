"""What two results differ in, field by field, and where their curves part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from benchmark.store.result import Point, Result

Plain: TypeAlias = str | int | float | bool | list[Any] | dict[str, Any] | None

ABSENT = "(absent)"
"""Stands for a field that only the other result has."""
_HASHES = ("weights_sha256", "predictions_sha256", "dataset_sha256", "commit")
_ORIGIN = (*_HASHES, "dataset_official", "dirty")
_DIGITS = 12
"""Of a hash, in a table."""


@dataclass(frozen=True)
class Change:
    """One field that differs."""

    field: str
    """Its path, such as `recipe.batch`."""
    a: Plain
    b: Plain


@dataclass(frozen=True)
class Divergence:
    """Where two curves part."""

    step: int
    """Optimiser steps done."""
    a: float | None
    """Loss; None where that curve has no point."""
    b: float | None


@dataclass(frozen=True)
class Difference:
    """Everything that two results differ in; what is equal is not in it."""

    cell: tuple[Change, ...]
    environment: tuple[Change, ...]
    """What exactness depends on beside the cell."""
    provenance: tuple[Change, ...]
    """Hashes, commit; not when it ran, nor what was typed."""
    metrics: tuple[Change, ...]
    """Status and scores."""
    curve: Divergence | None
    """The first point that differs."""

    @property
    def weights(self) -> bool:
        """Say whether the encoders differ."""
        return any(change.field == "weights_sha256" for change in self.provenance)

    @property
    def same_numbers(self) -> bool:
        """Say whether cell, weights, curve and metrics are equal, to the bit."""
        return not (self.cell or self.weights or self.metrics or self.curve)

    @property
    def nothing(self) -> bool:
        """Say whether nothing at all differs."""
        return not (self.cell or self.environment or self.provenance or self.metrics or self.curve)


def diff(a: Result, b: Result) -> Difference:
    """Compare two results; neither what they cost nor when they ran is looked at."""
    return Difference(
        cell=_changes(_dump(a.cell), _dump(b.cell)),
        environment=_changes(_dump(a.execution), _dump(b.execution)),
        provenance=_changes(_origin(a), _origin(b)),
        metrics=_changes(_measured(a), _measured(b)),
        curve=divergence(a.curve, b.curve),
    )


def divergence(a: tuple[Point, ...], b: tuple[Point, ...]) -> Divergence | None:
    """Return the first step at which one curve has another point than the other, or None."""
    left, right = ({point.step: point for point in curve} for curve in (a, b))
    for step in sorted({*left, *right}):
        mine, other = left.get(step), right.get(step)
        if mine != other:
            losses = (None if point is None else point.loss for point in (mine, other))
            return Divergence(step, *losses)
    return None


def rows(found: Difference) -> list[tuple[str, str, str, str]]:
    """Return what differs as a table of aspect, field, a and b, in words."""
    aspects = {
        "cell": found.cell,
        "environment": found.environment,
        "provenance": found.provenance,
        "metrics": found.metrics,
    }
    table = [
        (aspect, change.field, _text(change.field, change.a), _text(change.field, change.b))
        for aspect, changes in aspects.items()
        for change in changes
    ]
    if found.curve is not None:
        where = f"first at step {found.curve.step}"
        table.append(("curve", where, _loss(found.curve.a), _loss(found.curve.b)))
    return table


def _loss(value: float | None) -> str:
    return "no point" if value is None else f"loss {value!r}"


def _text(field: str, value: Plain) -> str:
    if value is None:
        return "-"
    return str(value)[:_DIGITS] if field in _HASHES else str(value)


def _changes(a: Mapping[str, Plain], b: Mapping[str, Plain]) -> tuple[Change, ...]:
    """Return what differs, in the order of the fields of a, then those that only b has."""
    names = dict.fromkeys((*a, *b))
    pairs = ((name, a.get(name, ABSENT), b.get(name, ABSENT)) for name in names)
    return tuple(Change(*pair) for pair in pairs if pair[1] != pair[2])


def _origin(result: Result) -> dict[str, Plain]:
    return {name: getattr(result.provenance, name) for name in _ORIGIN}


def _measured(result: Result) -> dict[str, Plain]:
    scores = result.model_dump(mode="json", include={"metrics"})["metrics"]
    return {"status": result.status, "error": result.error, **dict(_flat("", scores))}


def _dump(record: Any) -> dict[str, Plain]:
    return dict(_flat("", record.model_dump(mode="json")))


def _flat(path: str, value: Any) -> Iterator[tuple[str, Plain]]:
    """Yield every leaf with its path; a list is one leaf."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else name, inner)
    elif path:
        yield path, value
