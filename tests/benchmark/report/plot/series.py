"""Histories of nights that tests draw."""

from __future__ import annotations

from datetime import date

from benchmark.evidence.history import History, Of, Point, Series, judged


def stepped(count: int, falls: float) -> list[list[float]]:
    """Return three scores of each night, all lower in the second half."""
    noise = (0.3, -0.1, 0.2, -0.4, 0.0)
    return [
        [70 + noise[(k + i) % 5] + i / 10 - 4 * falls * (k >= count / 2) for i in range(3)]
        for k in range(count)
    ]


def past(
    scores: dict[str, list[list[float]]], cells: dict[str, list[list[float]]] | None = None
) -> History:
    """Return a history; there is no night of 2026-11-05.

    Args:
        scores: Of methods, night by night.
        cells: Of cells, likewise; a cell's name begins with its method's and a blank.
    """
    days = [date(2026, 11, k) for k in range(1, 31) if k != 5] + [date(2026, 12, 1)]
    names = [day.isoformat() for day in days]
    series = []
    every: list[tuple[Of, dict[str, list[list[float]]]]] = [
        ("method", scores), ("cell", cells or {})
    ]  # fmt: skip
    for of, named in every:
        for name, found in named.items():
            nights = zip(names, found, strict=False)
            points = tuple(Point(night, dict(enumerate(each)), ()) for night, each in nights)
            series.append(Series(name, of, name.partition(" ")[0], points))
    return History(tuple(names), tuple(judged(series, 0.05)), {}, 0.05, "linear", ("linear",))
