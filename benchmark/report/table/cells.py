"""One cell of a table: what it prints, and the receipt that says what that rests on."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.evidence.floor import is_floor
from benchmark.evidence.reported import Reported
from benchmark.report import words
from benchmark.report.marks import marks
from benchmark.report.matching import Match, best_match
from benchmark.report.table.axes import Placed
from benchmark.report.table.model import ABSENT, REPORTED, Receipt, Request
from benchmark.report.table.standing import Standing, metric_of
from benchmark.store.result import Result

ONE = "one replicate: no interval over seeds"
_INTERVALS = {
    "t": "t over replicates, 95 %",
    "one": "none: one replicate",
    "none": "none: no number",
}


@dataclass(frozen=True)
class Place:
    """Where in the table a cell stands."""

    panel: int
    row: dict[str, str]
    column: dict[str, str]
    value: str


def absent(place: Place) -> Receipt:
    """Return the receipt of a combination that nobody ran."""
    return _receipt(place, printed=ABSENT, interval=_INTERVALS["none"])


def measured(
    place: Place, found: Placed, standing: Standing, request: Request, usual: int
) -> Receipt:
    """Return the receipt of our number, or of why there is none.

    Args:
        place: Where it stands.
        found: What is shown.
        standing: What may be said of it among its neighbours.
        request: Digits and spread.
        usual: How many replicates a cell has that says nothing of it.
    """
    protocol, _, metric = place.value.rpartition("_")
    row = found.row
    results = [r for r in row.final if metric_of(r, protocol, metric) is not None]
    values = tuple(m.value for r in results if (m := metric_of(r, protocol, metric)))
    notes = [*marks(row, None, None, alike=False), standing.note]
    if not values:
        return _receipt(
            place,
            printed=_why_none(found, protocol, metric),
            interval=_INTERVALS["none"],
            notes=tuple(filter(None, notes)),
        )
    n, mean = len(values), statistics.fmean(values)
    sd = statistics.stdev(values) if n > 1 else None
    ends = _interval(values)
    return _receipt(
        place,
        printed=_printed(mean, sd, ends, request) + ("" if n == usual else f" (n = {n})"),
        mark=standing.mark,
        results=tuple(r.id for r in results),
        replicates=tuple(r.cell.replicate for r in results),
        values=values,
        n=n,
        mean=mean,
        sd=sd,
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        interval=_INTERVALS["t" if ends else "one"],
        test=standing.test,
        commits=tuple(dict.fromkeys(map(_commit, results))),
        notes=tuple(filter(None, [*notes, ONE if n == 1 else ""])),
    )


def published(place: Place, found: Placed, entries: Sequence[Reported]) -> Receipt | None:
    """Return the receipt of the reported number that is nearest; None if there is none."""
    protocol, _, metric = place.value.rpartition("_")
    ours = found.row.measured(protocol)
    if is_floor(found.row.cell) or ours is None or metric != "top1":
        return None
    own = found.table.measured(found.row, protocol)
    match = best_match([own or ours], entries)
    if match is None:
        return None
    return _receipt(
        Place(place.panel, place.row, place.column, REPORTED),
        printed=words.published(match.reported),
        reported=match.reported.id,
        certainty=match.reported.certainty,
        verdict=match.verdict.text,
        notes=(_source(match),),
    )


def _source(match: Match) -> str:
    entry = match.reported
    options = f" ({entry.variant})" if entry.variant else ""
    return (
        f"{words.published(entry)}: {entry.method}{options} on {entry.dataset}; encoder "
        f"{entry.encoder or 'not stated'}; protocol {words.protocol(entry.protocol)}; budget "
        f"{words.spent(entry.budget)}. Source ({words.CERTAINTY[entry.certainty]}): "
        f"{entry.source}. Ours beside it: {match.verdict.text}"
    )


def _receipt(place: Place, **known: object) -> Receipt:
    where = {"panel": place.panel, "row": place.row, "column": place.column, "value": place.value}
    return Receipt.model_validate({**where, **known})


def _why_none(found: Placed, protocol: str, metric: str) -> str:
    row = found.row
    if row.final:
        scored = any(protocol in result.metrics for result in row.final)
        return f"no {metric.replace('top', 'top-')}" if scored else f"no {protocol}"
    return row.unfinished[0].status.replace("_", " ") if row.unfinished else "missing"


def _interval(values: Sequence[float]) -> tuple[float, float] | None:
    from benchmark.evidence.margin import interval  # here: it needs numpy

    return interval(values)


def _printed(
    mean: float, sd: float | None, ends: tuple[float, float] | None, request: Request
) -> str:
    digits = request.digits
    text = f"{mean:.{digits}f}"
    if request.spread == "interval" and ends is not None:
        text += f" ± {(ends[1] - ends[0]) / 2:.{digits}f}"
    elif request.spread == "sd" and sd is not None:
        text += f" ± {sd:.{digits}f}"
    return text


def _commit(result: Result) -> str:
    commit = result.provenance.commit or "none"
    return f"{commit}+" if result.provenance.dirty else commit
