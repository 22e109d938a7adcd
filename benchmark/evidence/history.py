"""The nights of a history as series, one a cell and one a method, and the steps in them.

Only equal cells make a series: nothing but the replicate differs, nor the dataset's content, nor
the kind of device. Of processors and versions of libraries it is not asked: replicates vary more.
A method's number is its mean over the cells that its latest night had, by replicate; earlier nights
without one of them are left out of its series.

The first look of each night counts; suspects that were run again were chosen for being low.

Measured over 200 simulated histories of 15 nights of 6 methods x 4 encoders, 3 replicates a night,
sd 1 point (0.64 of a method's mean), alpha 5 %; one method changes, in all its encoders:

| change | any step found | of the method | of each of its cells |
|---|---|---|---|
| none (false alarms) | 4.5 % | 0 % | 0 % |
| 1 point at once, in the middle | 96 % | 94 % | 27 % |
| 0.2 points a night | 100 % | 100 % | 88 % |

Alpha is that of one look at a whole history. Whoever looks every night has more chances: over 30
nights without a step, one look or more found some in 15 of 40 histories. A step is a place to look
at; what fails a night is the gate's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from benchmark.evidence.gate import match
from benchmark.evidence.statistics import steps as segmentation
from benchmark.evidence.statistics.intervals import pooled_interval
from benchmark.evidence.statistics.steps import Step
from benchmark.matrix.rotate import row_key
from benchmark.store.nights import Past
from benchmark.store.result import Result

Of = Literal["method", "cell"]
_SEED = 0


@dataclass(frozen=True)
class Point:
    """One night of a series."""

    night: str
    scores: Mapping[int, float]
    """Percent by replicate."""
    commits: tuple[str, ...]
    """Of the program, each once; with `+` where it had uncommitted changes."""

    @property
    def mean(self) -> float:
        """Return the mean over replicates, percent."""
        return sum(self.scores.values()) / len(self.scores)


@dataclass(frozen=True)
class Series:
    """What was measured of one cell, or of one method, night by night."""

    name: str
    of: Of
    method: str
    points: tuple[Point, ...]
    """One or more, oldest first."""
    left_out: tuple[str, ...] = ()
    """Nights of the method that had other cells."""


@dataclass(frozen=True)
class Level:
    """What a series stays at between two steps."""

    first: int
    """Its first night, by place in the series."""
    last: int
    """Its last one."""
    mean: float
    """Over replicates, percent."""


@dataclass(frozen=True)
class Trend:
    """A series with what is found in it."""

    series: Series
    steps: tuple[Step, ...]
    sd: float | None
    """Of replicates between steps, points."""
    smallest_step: float | None
    """In the middle of the history, found with a chance of 80 %, points; None: none could be."""
    smallest_drift: float | None
    """Steady over all nights, found with a chance of 80 %, points a night."""

    @property
    def levels(self) -> list[Level]:
        """Return the levels that its steps lie between, oldest first."""
        points = self.series.points
        ends = [0, *(step.at for step in self.steps), len(points)]
        parts = [[s for p in points[a:b] for s in p.scores.values()] for a, b in pairwise(ends)]
        return [
            Level(first, after - 1, sum(scores) / len(scores))
            for (first, after), scores in zip(pairwise(ends), parts, strict=True)
        ]


@dataclass(frozen=True)
class History:
    """Everything in a history of nights."""

    nights: tuple[str, ...]
    trends: tuple[Trend, ...]
    """Methods first, then cells."""
    failed: Mapping[str, int]
    """Results without a number, by night."""
    alpha: float
    protocol: str
    protocols: tuple[str, ...]
    """Under which its results have scores, whichever is asked for."""


def history(past: Sequence[Past], protocol: str, alpha: float) -> History:
    """Return the series of a history and the steps in them.

    Half of alpha is shared by all methods, half by all cells, each family evenly (Bonferroni).

    Args:
        past: Nights, oldest first.
        protocol: Whose top-1 is taken.
        alpha: Chance of a step anywhere where there is none.
    """
    cells = _cells(past, protocol)
    trends = judged([*methods(cells), *cells], alpha)
    failed = {night.name: sum(not r.final for r in night.loaded.results) for night in past}
    return History(
        tuple(night.name for night in past),
        tuple(trends),
        {name: count for name, count in failed.items() if count},
        alpha,
        protocol,
        tuple(sorted({name for night in past for r in night.loaded.results for name in r.metrics})),
    )


_Key = tuple[str, str, str]


def judged(every: Sequence[Series], alpha: float) -> list[Trend]:
    """Return what is found in each series, with alpha shared out as `history` says."""
    found = []
    for series in every:
        family = [each for each in every if each.of == series.of and len(each.points) > 1]
        found.append(_trend(series, alpha / 2 / max(1, len(family))))
    return found


def intervals(series: Series) -> list[tuple[float, float]] | None:
    """Return the 95 % interval of each night's mean, by the sd within nights, pooled over them.

    None where no night has two replicates: then nothing tells the noise from a change.
    """
    nights = [list(point.scores.values()) for point in series.points]
    if all(len(scores) == 1 for scores in nights):
        return None
    found = [pooled_interval(scores, nights) for scores in nights]
    return [(max(0.0, each.low), min(100.0, each.high)) for each in found]


def _cells(past: Sequence[Past], protocol: str) -> list[Series]:
    """Return a series of each cell, in the order of their names."""
    found: dict[_Key, list[tuple[str, list[Result]]]] = {}
    for night in past:
        own: dict[_Key, list[Result]] = {}
        for result in night.loaded.results:
            if result.final and protocol in result.metrics:
                own.setdefault(_key(result), []).append(result)
        for key, results in own.items():
            found.setdefault(key, []).append((night.name, results))
    made = {key: _cell(nights, protocol) for key, nights in found.items()}
    return [made[key] for key in sorted(made, key=lambda key: (made[key].name, key))]


def _key(result: Result) -> _Key:
    return row_key(result.cell), result.provenance.dataset_sha256, result.execution.device


def _cell(nights: Sequence[tuple[str, list[Result]]], protocol: str) -> Series:
    (group,) = match.groups(nights[0][1], ())
    points = [
        Point(
            name,
            {r.cell.replicate: r.metrics[protocol].top1.value for r in results},
            _commits(results),
        )
        for name, results in nights
    ]
    return Series(group.label, "cell", group.method, tuple(points))


def _commits(results: Iterable[Result]) -> tuple[str, ...]:
    origins = {(r.provenance.commit, r.provenance.dirty) for r in results}
    return tuple(sorted(f"{commit[:8]}{'+' * bool(dirty)}" for commit, dirty in origins if commit))


def methods(cells: Sequence[Series]) -> list[Series]:
    """Return the series of each method, in the order of their names."""
    of: dict[str, list[Series]] = {}
    for series in cells:
        of.setdefault(series.method, []).append(series)
    return [found for name in sorted(of) if (found := _method(name, of[name])) is not None]


def _method(name: str, cells: Sequence[Series]) -> Series | None:
    """Return a method's series over the cells of its latest night."""
    latest = max(series.points[-1].night for series in cells)
    current = [series for series in cells if series.points[-1].night == latest]
    by_night = [{point.night: point for point in series.points} for series in current]
    every = sorted({point.night for series in cells for point in series.points})
    points = []
    for night in every:
        there = [points[night] for points in by_night if night in points]
        shared = set.intersection(*(set(point.scores) for point in there)) if there else set()
        if len(there) == len(current) and shared:
            means = {k: sum(p.scores[k] for p in there) / len(there) for k in sorted(shared)}
            commits = sorted({commit for point in there for commit in point.commits})
            points.append(Point(night, means, tuple(commits)))
    kept = {point.night for point in points}
    left = tuple(night for night in every if night not in kept)
    return Series(name, "method", name, tuple(points), left) if points else None


def _trend(series: Series, alpha: float) -> Trend:
    scores = [list(point.scores.values()) for point in series.points]
    counts = [len(each) for each in scores]
    found = segmentation.steps(scores, alpha, seed=_SEED) if len(scores) > 1 else []
    spread = segmentation.sd(scores, found)
    step = drift = None
    if spread is not None:
        step = segmentation.smallest_step(counts, spread, alpha)
        drift = segmentation.smallest_drift(counts, spread, alpha)
    return Trend(series, tuple(found), spread, step, drift)
