"""One look at new scores against old ones: a contrast of each method, and its cells.

An error of alpha a night is shared out: most of it is the methods', some the cells' (one that
breaks alone is diluted in its method's mean), a little that of speed and memory. Each family is
corrected by Holm. A night passes only if every method does, which needs no correction
(an intersection-union test).

Measured over 1,000 simulated nights of 6 methods x 4 encoders, 3 new replicates against 10 old,
sd 1 point (0.64 of a method's mean), alpha 5 %, margin 0.3 points (below the noise, so that the
tests must hold the error, not the margin):

| all encoders of one method drop by | one look: promised, found | decided: promised, found |
|---|---|---|
| 0 (false alarms, on average) | 5 %, 3.4 % | 5 %, 0.5 % |
| 0 (with the worst tenth of baselines) | -, 23 % | 5 %, 5.0 % |
| 1 point | 30 %, 31 % | 21 %, 25 % |
| 2 points | 92 %, 94 % | 94 %, 93 % |
| 3 points | 100 %, 100 % | 100 %, 100 % |

`decided` runs suspects again under both commits. One look at a frozen baseline errs together with
it night after night: only the second look holds alpha for an unlucky baseline. The worst tenth are
those with the most alarms in 20 nights each, by luck too, so their true rates are lower. One cell
of a method alone is found in 44 % at 3 points, in 96 % at 5.

A suspected cell that its second look neither convicts nor clears leaves the night inconclusive.
With no drop anywhere and a margin of 1 point, that befalls 1.2 % of the nights whose methods all
pass (24 % of 1,000 do); with 2 points 0.1 % (98 % do).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmark.evidence.gate import noninferiority
from benchmark.evidence.gate.findings import CellScores, Finding, Rule, Scores
from benchmark.evidence.gate.noninferiority import Change, Kind, Spread
from benchmark.evidence.statistics.multiple import holm

SHARES = {"method": 0.75, "cell": 0.15, "cost": 0.1}
"""Of alpha."""
SCREEN = 0.2
"""Corrected p below which something is run again before it fails."""
PASS_SHARES = (0.75, 0.5)
"""Of alpha, for passing at the first and at the second look. What has dropped by the margin is
suspected in half of all nights at most: both looks pass it in 0.75 + 0.5 / 2 of alpha at most."""

NO_SPREAD = "one replicate in the baseline tells no spread"


@dataclass(frozen=True)
class _Row:
    name: str
    change: Change | None
    reason: str


@dataclass(frozen=True)
class _Family:
    of: str
    alpha: float
    size: int
    rule: Rule
    look: int


def first(cells: Sequence[CellScores], rule: Rule) -> tuple[list[Finding], list[Finding]]:
    """Return the findings on methods and on cells; those may be suspects."""
    return _judged(cells, cells, rule, look=1)


def second(
    cells: Sequence[CellScores], fresh: Sequence[CellScores], rule: Rule
) -> tuple[list[Finding], list[Finding]]:
    """Return the findings on fresh scores alone; the spread is still the history's.

    The families are as large as at the first look, so that a false alarm has its chance whatever
    made somebody look again.

    Args:
        cells: of the first look: the history.
        fresh: the same cells, with scores where there are any.
        rule: as at the first look.
    """
    return _judged(cells, fresh, rule, look=2)


def costs(cells: Sequence[CellScores], of: Sequence[str], rule: Rule) -> list[Finding]:
    """Return the findings on costs, one contrast per method and kind.

    Args:
        cells: -100 log(cost) as scores, so that lower is worse here too.
        of: the kind of each, `speed` or `memory`.
        rule: whose margin for costs is taken.
    """
    rows: list[_Row] = []
    kinds: list[str] = []
    for kind in dict.fromkeys(of):
        own = [cell for cell, each in zip(cells, of, strict=True) if each == kind]
        rows += _methods(own, own)
        kinds += [kind] * (len(rows) - len(kinds))
    alpha = SHARES["cost"] * rule.alpha
    costly = replace(rule, margin=rule.cost_margin)
    found = _judged_family(rows, _Family("cost", alpha, len(rows), costly, look=1))
    return [replace(each, of=kind, suspect=False) for each, kind in zip(found, kinds, strict=True)]


def _judged(
    history: Sequence[CellScores], cells: Sequence[CellScores], rule: Rule, look: int
) -> tuple[list[Finding], list[Finding]]:
    past = _by_method(history)
    each = [
        _cell(cell, past[cell.method], fresh) for cell, fresh in zip(history, cells, strict=True)
    ]
    methods = _methods(history, cells)
    alphas = SHARES["method"] * rule.alpha, SHARES["cell"] * rule.alpha
    return (
        _judged_family(methods, _Family("method", alphas[0], len(methods), rule, look)),
        _judged_family(each, _Family("cell", alphas[1], len(each), rule, look)),
    )


def _by_method(cells: Sequence[CellScores]) -> dict[str, list[CellScores]]:
    found: dict[str, list[CellScores]] = {}
    for cell in cells:
        found.setdefault(cell.method, []).append(cell)
    return found


def _methods(history: Sequence[CellScores], cells: Sequence[CellScores]) -> list[_Row]:
    now = _by_method(cells)
    return [_method(name, past, now[name]) for name, past in _by_method(history).items()]


def _method(name: str, past: Sequence[CellScores], now: Sequence[CellScores]) -> _Row:
    history = _means([cell.old for cell in past])
    new, old = _means([cell.new for cell in now]), _means([cell.old for cell in now])
    return _row(name, new, old, noninferiority.own_spread(history), len(history))


def _cell(cell: CellScores, past: Sequence[CellScores], now: CellScores) -> _Row:
    every = [list(each.old.values()) for each in past]
    spread = noninferiority.cell_spread(list(cell.old.values()), every)
    new, old = list(now.new.values()), list(now.old.values())
    return _row(cell.label, new, old, spread, len(cell.old))


def _means(scores: Sequence[Scores]) -> list[float]:
    """Return the mean over cells of each replicate that all cells have."""
    common = set.intersection(*(set(each) for each in scores)) if scores else set()
    return [sum(each[r] for each in scores) / len(scores) for r in sorted(common)]


def _row(
    name: str, new: Sequence[float], old: Sequence[float], spread: Spread | None, history: int
) -> _Row:
    if not new:
        return _Row(name, None, "no new replicate")
    if not old:
        return _Row(name, None, "no replicate in the baseline")
    if spread is None:
        return _Row(name, None, NO_SPREAD)
    few = history < noninferiority.ENOUGH
    reason = f"only {history} of {noninferiority.ENOUGH} replicates in the baseline" if few else ""
    return _Row(name, noninferiority.change(new, old, spread), reason)


def _judged_family(rows: Sequence[_Row], family: _Family) -> list[Finding]:
    """Correct a family; what was not measured counts as a test that rejects nothing."""
    corrected = holm([1.0 if row.change is None else row.change.p for row in rows])
    return [
        _unseen(row, family) if row.change is None else _seen(row, row.change, p, family)
        for row, p in zip(rows, corrected, strict=True)
    ]


def _unseen(row: _Row, family: _Family) -> Finding:
    kind: Kind = "inconclusive" if row.reason == NO_SPREAD else "could not measure"
    return Finding(row.name, family.of, kind, row.reason, family.look)


def _seen(row: _Row, seen: Change, p_holm: float, family: _Family) -> Finding:
    rule, alpha, size = family.rule, family.alpha, family.size
    # the level of this step of Holm's: the upper end is below 0 where p_holm is below alpha
    level = alpha * seen.p / p_holm if p_holm > 0 else alpha / size
    passing = rule.alpha * PASS_SHARES[family.look - 1]
    low, high = seen.low(passing), seen.high(level)
    dropped = seen.estimate < -rule.margin
    kind: Kind = "inconclusive"
    if low > -rule.margin:
        kind = "pass"
    elif dropped and p_holm < alpha:
        kind = "regression"
    return Finding(
        name=row.name,
        of=family.of,
        kind=kind,
        reason=row.reason,
        look=family.look,
        change=seen,
        low=low,
        low_level=passing,
        high=high,
        high_level=level,
        p_holm=p_holm,
        suspect=family.look == 1 and dropped and p_holm < SCREEN,
        margin=rule.margin,
        level=alpha / size,
    )
