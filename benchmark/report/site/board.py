"""The rows of the board as plain data, for a script to sort and filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.evidence.floor import FloorCheck, is_control, is_floor
from benchmark.evidence.reported import Reported
from benchmark.evidence.verdict import Verdict
from benchmark.report import measured, words
from benchmark.report.marks import marks
from benchmark.report.matching import best_match, judged
from benchmark.report.rows import PROTOCOL, Floor, Row, Table
from benchmark.report.table.standing import Standing, standings
from benchmark.store.files import slug

FOLDER = "pages/cells"


def page(row: Row) -> str:
    """Return where the page of a row lies: the same for the same row of the same data."""
    return f"{FOLDER}/{slug(row.cell.method)}-{row.key}.html"


def groups(tables: Sequence[Table]) -> list[dict[str, Any]]:
    """Return what each table has in common, in the order of the tables."""
    return [
        {
            "name": f"{table.cell.dataset}: {measured.heading(table)}",
            "about": measured.described(table),
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
        {"table": number} | _own(table, row, by_method.get(row.cell.base_method, ()), checks, told)
        for number, table in enumerate(tables)
        for told in [standings(table, PROTOCOL, "top1")]
        for row in table.rows
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
        said = judged(entry, by_dataset.get((entry.method, entry.dataset), ()))
        found.append({
            "theirs": True, "method": entry.method, "variant": entry.variant or "",
            "dataset": entry.dataset, "encoder": entry.encoder or "not stated",
            "budget": words.spent(entry.budget), "training": "as published", "value": entry.value,
            "figure": _figure(entry), "certainty": words.CERTAINTY[entry.certainty],
            "repeats": entry.repeats is not None, "source": entry.source,
            "protocol": words.protocol(entry.protocol), **_judged(said),
        })  # fmt: skip
    return found


def _figure(entry: Reported) -> str:
    """Write a reported figure; its certainty stands beside it, so is not said twice."""
    return words.figure(entry) + words.assuming(entry)


def _own(
    table: Table,
    row: Row,
    reported: Sequence[Reported],
    checks: Mapping[str, FloorCheck] | None,
    told: Mapping[str, Standing],
) -> dict[str, Any]:
    cell, floor = row.cell, table.floor(row)
    standing = told.get(cell.pretrain_id, Standing())
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
        **_lines(table, row, floor),
        "marks": [
            *marks(row, floor, checks, alike=measured.alike(table, row)),
            *([standing.note] if standing.note and table.ranked else []),
        ],
        **_cost(row),
    }
    if standing.places is not None:
        found |= {"best": standing.places[0], "worst": standing.places[1]}
    if match is not None:
        found |= {
            "figure": _figure(match.reported),
            "certainty": words.CERTAINTY[match.reported.certainty],
            "source": match.reported.source,
            **_judged([match.verdict], "" if match.protocol == PROTOCOL else match.protocol),
        }
        if match.verdict.estimate is not None:  # comparable: it may stand on one axis with ours
            found["value"] = match.reported.value
    return found


def _judged(said: Sequence[Verdict], protocol: str = "") -> dict[str, str]:
    """Return the kinds and the texts of verdicts: of several where our results disagree."""
    kinds = ["no verdict" if each.fields == ("certainty",) else each.kind for each in said]
    text = "; ".join(each.text for each in said)
    return {"kind": "; ".join(kinds), "verdict": f"{protocol}: {text}" if protocol else text}


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


def _lines(table: Table, row: Row, floor: Floor | None) -> dict[str, Any]:
    """Return the floor and the ceilings that are drawn beside a row's mean, and the gain."""
    found: dict[str, Any] = {}
    if floor is not None and floor.mean is not None:
        found["floor"] = floor.mean
    if floor is not None and floor.difference is not None:
        gain = floor.difference
        found |= {"gain": gain, "above": f"{gain:+.1f}".replace("-", "−")}
    ceilings = table.ceilings(row)
    return found | ({"ceilings": ceilings} if ceilings else {})


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
