"""Which method is best where, which others may be, and what may not be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from benchmark.evidence.floor import is_control
from benchmark.evidence.reported import Scoring
from benchmark.evidence.verdict import protocol_differences
from benchmark.report.matching import measured
from benchmark.report.rows import Table
from benchmark.report.table.model import Mark
from benchmark.store.result import Metric, Result

ALPHA = 0.05
"""Chance that any of the order of one group is wrong."""


@dataclass(frozen=True)
class Standing:
    """What may be said of a row among its neighbours."""

    mark: Mark = ""
    test: str = ""
    """By what, or why not."""
    note: str = ""
    """What a reader must know, as a footnote."""
    places: tuple[int, int] | None = None
    """The best and the worst rank that it may have; None where it is not ranked."""


def metric_of(result: Result, protocol: str, metric: str) -> Metric | None:
    """Return a result's metric; None if it has none."""
    score = result.metrics.get(protocol) if result.final else None
    if score is None:
        return None
    return score.top1 if metric == "top1" else score.top5


def standings(table: Table, protocol: str, metric: str) -> dict[str, Standing]:
    """Compare the methods of one table of the board under one value, by the ids of their rows.

    Only rows that differ in nothing but the method are compared: same dataset to the byte, same
    encoder, budget and training (the table's own), same blocking fields of the protocol. Every
    pair of the largest set of rows that share two replicates or more is tested by a paired t test
    over what they share, corrected after Holm; the rows left aside say why.

    Args:
        table: Of the board.
        protocol: Its name.
        metric: `top1` or `top5`.
    """
    scored = {
        row.cell.pretrain_id: found
        for row in table.rows
        if not is_control(row.cell)
        and (found := [r for r in row.final if metric_of(r, protocol, metric) is not None])
    }
    if len(scored) < 2:
        return {}
    if not table.ranked:
        why = "lengths differ, so nothing is ranked"
        return {row: Standing(test=why, note=why) for row in scored}
    groups: dict[tuple[object, ...], list[str]] = {}
    for row, results in scored.items():
        groups.setdefault(_blocking(results, protocol), []).append(row)
    main = max(groups.values(), key=len)
    told = dict[str, Standing]()
    for rows in groups.values():
        if rows is main:
            told |= _ranked({row: scored[row] for row in rows}, protocol, metric)
        else:
            why = f"not compared: {_why(scored[main[0]], scored[rows[0]], protocol)}"
            told |= {row: Standing(test=why, note=why) for row in rows}
    return told


def _blocking(results: Sequence[Result], protocol: str) -> tuple[object, ...]:
    """Return what must agree beside the table's own key."""
    scoring = _scoring(results, protocol)
    noted = _without_noted(scoring)
    images = results[0].metrics[protocol].top1.n
    return noted.model_dump_json(), results[0].provenance.dataset_sha256, images


def _without_noted(scoring: Scoring) -> Scoring:
    """Return a protocol without the fields that are only noted beside a comparison."""
    return scoring.model_copy(update={"augmentation": None, "solver": None})


def _scoring(results: Sequence[Result], protocol: str) -> Scoring:
    found = measured(results, protocol)
    return found.protocol if found else Scoring()


def _why(main: Sequence[Result], other: Sequence[Result], protocol: str) -> str:
    """Name the fields in which two sets of results differ."""
    differences = protocol_differences(_scoring(other, protocol), _scoring(main, protocol))
    said = [found.text for found in differences if found.text]
    if other[0].provenance.dataset_sha256 != main[0].provenance.dataset_sha256:
        said.append("other images")
    if other[0].metrics[protocol].top1.n != main[0].metrics[protocol].top1.n:
        said.append("other test images")
    return "; ".join(said)


def _ranked(
    rows: Mapping[str, Sequence[Result]], protocol: str, metric: str
) -> dict[str, Standing]:
    values = {
        row: {r.cell.replicate: m.value for r in found if (m := metric_of(r, protocol, metric))}
        for row, found in rows.items()
    }
    several, shared = _largest(values)
    if len(several) < 2:
        why = "no test: it takes two replicates that two methods or more share"
        return {row: Standing(test=why) for row in rows}
    from benchmark.evidence.statistics.ranks import ranking  # here: it needs numpy

    found = ranking([[values[row][k] for k in shared] for row in several], ALPHA)
    pairs = len(several) * (len(several) - 1) // 2
    aside = sorted(rows[row][0].cell.method for row in rows if row not in several)
    test = (
        f"paired t over replicates {', '.join(map(str, shared))}; Holm over {pairs} pairs; "
        f"{100 * ALPHA:g} %" + (f"; left aside: {', '.join(aside)}" if aside else "")
    )
    told = {row: _aside(own) for row, own in values.items()}
    for index, row in enumerate(several):
        places = found.intervals[index]
        mark: Mark = "best" if index == found.order[0] else "tied" if places[0] == 1 else ""
        more = sorted(set(values[row]) - {*shared})
        note = f"ranked without r{', r'.join(map(str, more))}, which not all have" if more else ""
        told[row] = Standing(mark, test, note, (int(places[0]), int(places[1])))
    return told


def _largest(values: Mapping[str, Mapping[int, float]]) -> tuple[list[str], list[int]]:
    """Return the largest set of rows that share two replicates or more, and what they share.

    All rows of such a set have some pair of replicates, so the pairs name every candidate; of two
    of one size the one that shares more is taken, then the one of the lower replicates.
    """
    every = sorted({k for own in values.values() for k in own})
    best: tuple[list[str], list[int]] = ([], [])
    for pair in combinations(every, 2):
        rows = [row for row, own in values.items() if own.keys() >= {*pair}]
        shared = [k for k in every if all(k in values[row] for row in rows)]
        if (len(rows), len(shared)) > (len(best[0]), len(best[1])):
            best = rows, shared
    return best


def _aside(own: Mapping[int, float]) -> Standing:
    """Say why a row is not ranked where others are."""
    if len(own) < 2:
        return Standing(test="no test: one replicate", note="not ranked: one replicate")
    why = f"not ranked: r{', r'.join(map(str, sorted(own)))} share too little with the ranked rows"
    return Standing(test="no test: too few shared replicates", note=why)
