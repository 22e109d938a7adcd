"""What a predicate says: contrasts above 0, a spread below another, all or any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of the means of cells, said to be above 0."""

    weights: tuple[tuple[str, float], ...]
    """By cell, in the order of their naming, none 0."""
    constant: float = 0.0
    margin: float = 0.0
    """Weight of the claim's margin."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the cells."""
        return tuple(name for name, _ in self.weights)

    @property
    def asks_margin(self) -> bool:
        """Say whether the claim must have a margin."""
        return self.margin != 0

    def plus(self, other: Contrast, sign: float) -> Contrast:
        """Return this and sign times another."""
        total = dict(self.weights)
        for name, weight in other.weights:
            total[name] = total.get(name, 0.0) + sign * weight
        kept = tuple((name, weight) for name, weight in total.items() if weight)
        constant = self.constant + sign * other.constant
        return Contrast(kept, constant, self.margin + sign * other.margin)


@dataclass(frozen=True)
class Smaller:
    """The first cell spreads less than the second over the levels of an axis."""

    first: str
    second: str
    over: str
    asks_margin: bool = True
    """The mean must not be worse by more."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the cells."""
        return self.first, self.second


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Statement, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Statement, ...]


Statement: TypeAlias = Contrast | Smaller | All | AnyOf


@dataclass(frozen=True)
class Spread:
    """A side that is the spread of a cell over an axis."""

    name: str
    over: str


@dataclass(frozen=True)
class Absolute:
    """A side that is the size of a contrast, whatever its sign."""

    inside: Contrast


Side: TypeAlias = Contrast | Spread | Absolute
ZERO = Contrast(())


def leaves(statement: Statement) -> tuple[Contrast | Smaller, ...]:
    """Return the contrasts and spreads of a statement, in its order."""
    if isinstance(statement, All | AnyOf):
        return tuple(leaf for part in statement.parts for leaf in leaves(part))
    return (statement,)


def above(larger: Side, smaller: Side) -> Statement:
    """Say that one side is above another."""
    if isinstance(larger, Spread) and isinstance(smaller, Spread):
        if larger.over != smaller.over:
            raise ValueError(
                f"both spreads must be over one axis (got {smaller.over!r} and {larger.over!r})"
            )
        if larger.name == smaller.name:
            raise ValueError(
                f"a spread is compared with another cell's (got {larger.name!r} twice)"
            )
        return Smaller(smaller.name, larger.name, larger.over)
    if isinstance(larger, Spread) or isinstance(smaller, Spread):
        raise ValueError("a spread can be compared with a spread only")
    if isinstance(smaller, Absolute):
        bound = _bound(larger)
        return All(
            (_told(bound.plus(smaller.inside, -1.0)), _told(bound.plus(smaller.inside, 1.0)))
        )
    if isinstance(larger, Absolute):
        bound = _bound(smaller)
        return AnyOf(
            (
                _told(larger.inside.plus(bound, -1.0)),
                _told(ZERO.plus(larger.inside, -1.0).plus(bound, -1.0)),
            )
        )
    return _told(larger.plus(smaller, -1.0))


def _bound(side: Contrast | Absolute) -> Contrast:
    if isinstance(side, Absolute) or side.weights:
        raise ValueError("abs(...) can be compared with numbers and margin only")
    return side


def _told(contrast: Contrast) -> Contrast:
    if not contrast.weights:
        raise ValueError("a comparison must be about the mean of a cell")
    return contrast
