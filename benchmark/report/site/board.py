"""The rows of the board as plain data, for a script to sort and filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from benchmark.evidence.floor import FloorCheck, is_control, is_floor
from benchmark.evidence.reported import Reported
from benchmark.evidence.verdict import Verdict, verdict
from benchmark.report import measured, words
from benchmark.report.marks import marks
from benchmark.report.matching import best_match, is_of
from benchmark.report.rows import PROTOCOL, Floor, Row, Table
from benchmark.store.files import slug

FOLDER = "pages/cells"
ALPHA = 0.05
"""Chance that any of the order of one table is wrong."""
Place: TypeAlias = tuple[int, int]
"""The best and the worst rank that a row may have."""


def page(row: Row) -> str:
    """Return where the page of a row lies: the same for the same row of the same data."""
    return f"{FOLDER}/{slug(row.cell.method)}-{row.key}.html"


def groups(tables: Sequence[Table]) -> list[dict[str, Any]]:
    """Return what each table has in common, in the order of the tables."""
    return [
        {
            "name": f"{table.cell.dataset}: {measured.heading(table)}",
            "about": measured.described(table),
            "floors": [row.mean for row in table.rows if is_floor(row.cell) and row.scored],
            "ceilings": [
                row.mean
                for row in table.rows
                if is_control(row.cell) and not is_floor(row.cell) and row.scored
            ],
        }
        for table in tables
    ]


def ours(
    tables: Sequence[Table],
    reported: Sequence[Reported],
    checks: Mapping[str, FloorCheck] | None,
) -> list[dict[str, Any]]:
    """Return every row of every table; a control is a row of each table that shows it."""
    by_method: dict[str, list[Reported]] = {}
    for entry in reported:
        by_method.setdefault(entry.method, []).append(entry)
    return [
        {"table": number} | _own(table, row, by_method.get(row.cell.base_method, ()), checks, place)
        for number, table in enumerate(tables)
        for row, place in zip(table.rows, _places(table), strict=True)
    ]


def theirs(reported: Sequence[Reported], tables: Sequence[Table]) -> list[dict[str, Any]]:
    """Return every reported number, with what our results make of it."""
    mine = [each for table in tables for row in table.rows for each in table.candidates(row)]
    by_dataset: dict[tuple[str, str], list[Any]] = {}
    for each in mine:
        name = each.dataset.removeprefix("unofficial ").partition("[")[0]
        by_dataset.setdefault((each.method, name), []).append(each)
    found = []
    for entry in reported:
        near = by_dataset.get((entry.method, entry.dataset), ())
        judged = [verdict(each, entry) for each in near if is_of(entry, each)]
        best = min(judged or [verdict(None, entry)], key=lambda v: (_ORDER.index(v.kind), v.text))
        found.append({
            "theirs": True, "method": entry.method, "variant": entry.variant or "",
            "dataset": entry.dataset, "encoder": entry.encoder or "not stated",
            "budget": words.spent(entry.budget), "training": "as published", "value": entry.value,
            "figure": words.published(entry), "certainty": words.CERTAINTY[entry.certainty],
            "repeats": entry.repeats is not None, "source": entry.source,
            "protocol": words.protocol(entry.protocol), **_judged(best),
        })  # fmt: skip
    return found


_ORDER = ("reproduced", "above", "below", "inconclusive", "not comparable", "not run")


def _own(
    table: Table,
    row: Row,
    reported: Sequence[Reported],
    checks: Mapping[str, FloorCheck] | None,
    place: Place | None,
) -> dict[str, Any]:
    cell, floor = row.cell, table.floor(row)
    match = None if is_floor(cell) else best_match(table.candidates(row), reported)
    base, _, inside = cell.method.partition("[")
    found: dict[str, Any] = {
        "page": page(row),
        "method": base,
        "variant": inside.removesuffix("]"),
        "name": (row.final[0].provenance.checkpoint_name if row.final else None) or "",
        "role": ("floor" if is_floor(cell) else "ceiling") if is_control(cell) else "",
        "dataset": cell.dataset,
        "encoder": cell.encoder,
        "budget": words.length(cell),
        "training": cell.training,
        "precision": cell.precision,
        "n": len(row.scored),
        "replicates": len(row.cells),
        **_number(row),
        "others": {name: [found.mean, f"{found.mean:.1f}"] for name, found in _others(row)},
        **_gain(floor),
        "marks": marks(row, floor, checks, alike=measured.alike(table, row)),
        **_cost(row),
    }
    if place is not None:
        found |= {"best": place[0], "worst": place[1]}
    if match is not None:
        found |= {
            "figure": words.published(match.reported),
            "certainty": words.CERTAINTY[match.reported.certainty],
            "source": match.reported.source,
            **_judged(match.verdict, "" if match.protocol == PROTOCOL else match.protocol),
        }
        if match.verdict.estimate is not None:  # comparable: it may stand on one axis with ours
            found["value"] = match.reported.value
    return found


def _judged(judged: Verdict, protocol: str = "") -> dict[str, str]:
    kind = "no verdict" if judged.fields == ("certainty",) else judged.kind
    return {"kind": kind, "verdict": f"{protocol}: {judged.text}" if protocol else judged.text}


def _number(row: Row) -> dict[str, Any]:
    """Return the mean with its interval, or in words why there is none."""
    found = row.measured()
    if found is None:
        return {"state": "no linear probe" if row.final else measured.state(row)}
    interval = found.interval()
    if interval is None:
        top1 = row.scored[0].metrics[PROTOCOL].top1
        mean, low, high = top1.value, top1.low, top1.high
    else:
        mean, low, high = found.mean, max(0.0, interval[0]), min(100.0, interval[1])
    # the script prints no number of its own: two roundings would differ in their halves
    return {
        "mean": mean,
        "low": low,
        "high": high,
        "text": f"{mean:.1f}",
        "range": f"[{low:.1f}, {high:.1f}]",
        "one": interval is None,
    }


def _gain(floor: Floor | None) -> dict[str, Any]:
    """Return how far a row is above its floor, if that is known."""
    if floor is None or floor.difference is None:
        return {}
    return {"gain": floor.difference, "above": f"{floor.difference:+.1f}".replace("-", "−")}


def _cost(row: Row) -> dict[str, Any]:
    """Return what one replicate spent, in a few words and as a number to sort by."""
    ledger = row.final[0].ledger if row.final else None
    if ledger is None or not ledger.steps:
        return {}
    epochs = f"{ledger.epochs:.1f} epochs"
    if ledger.flops is None:
        return {"cost": [epochs]}
    return {"flops": ledger.flops, "cost": [f"{ledger.flops / 1e12:.3g} TFLOP", epochs]}


def _others(row: Row) -> list[tuple[str, Any]]:
    """Return what was measured under protocols beside the main one."""
    names = sorted({name for result in row.final for name in result.metrics} - {PROTOCOL})
    found = [(name, row.measured(name)) for name in names]
    return [(name, each) for name, each in found if each is not None]


def _places(table: Table) -> list[Place | None]:
    """Return the range of ranks of each row; None for controls and what cannot be tested."""
    values = {
        number: {r.cell.replicate: r.metrics[PROTOCOL].top1.value for r in row.scored}
        for number, row in enumerate(table.rows)
        if len(row.scored) > 1 and not is_control(row.cell)
    }
    found: list[Place | None] = [None] * len(table.rows)
    shared = sorted(set.intersection(*map(set, values.values()))) if values else []
    if table.ranked and len(values) > 1 and len(shared) > 1:
        from benchmark.evidence.statistics.ranks import ranking  # here: it needs numpy

        ranks = ranking([[own[k] for k in shared] for own in values.values()], ALPHA)
        for number, (best, worst) in zip(values, ranks.intervals, strict=True):
            found[number] = (int(best), int(worst))
    return found
