"""A reported number held against ours: both sides of every field, the verdict and its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmark.evidence.assume import Filled
from benchmark.evidence.margin import Estimate
from benchmark.evidence.reported import Reported, Scoring, Spent
from benchmark.evidence.verdict import Measured, Verdict, differences_from, verdict
from benchmark.report import words
from benchmark.report.matching import opponents
from benchmark.report.rows import Table

_MARK = {"same": "", "differs": "differs", "open": "not stated", "assumed": "assumed", "alone": ""}
_SHOWN = {
    "k": "probe", "width": "probe",
    "pretrain_split": "pretraining split", "probe_split": "probe split",
}  # fmt: skip
"""Fields that are shown under another name."""


@dataclass(frozen=True)
class Side:
    """A blocking field as both sides have it."""

    field: str
    reported: str | None
    ours: str | None
    state: str
    """`same`, `differs`, `open` (one side does not state it), `assumed` (and then the same), or
    `alone` where there is nothing of ours."""


@dataclass(frozen=True)
class Comparison:
    """One reported number beside one row of ours, or beside none."""

    number: Filled
    ours: Measured | None
    verdict: Verdict

    @property
    def sides(self) -> tuple[Side, ...]:
        """Every blocking field, as the verdict compares them."""
        theirs = _reported(self.number.entry)
        if self.ours is None:
            return tuple(Side(field, value, None, "alone") for field, value in theirs.items())
        ours = _measured(self.ours)
        between = {
            _SHOWN.get(found.field, found.field): found.unknown
            for found in differences_from(self.ours, self.number.entry, whole=True)
        }
        filled = {_SHOWN.get(field, field) for field in self.number.fields}
        return tuple(
            Side(field, value, ours[field], _state(field, between, filled))
            for field, value in theirs.items()
        )


def compare(
    numbers: Iterable[Filled], tables: Sequence[Table], *, population: bool = False
) -> Iterator[Comparison]:
    """Hold each number against our rows: all that are comparable, else the one nearest.

    Args:
        numbers: Reported ones, under assumptions or none.
        tables: Our rows.
        population: Count the test images as drawn too.
    """
    ours = [mine for table in tables for row in table.rows for mine in table.candidates(row)]
    for number in numbers:
        found: Sequence[Measured | None] = opponents(number.entry, ours) or [None]
        for mine in found:
            yield Comparison(number, mine, verdict(mine, number.entry, population=population))


def text(found: Comparison) -> list[str]:
    """Return a comparison as lines for a person."""
    entry = found.number.entry
    certainty = words.CERTAINTY[entry.certainty]
    lines = [
        f"{entry.id}: {entry.method} on {entry.dataset}, {words.figure(entry)} % ({certainty})",
        f"  source: {entry.source}",
    ]
    lines += [f"  assumed: {', '.join(entry.assumed)}"] if entry.assumed else []
    lines += [f"  note: {' '.join(entry.note.split())}"] if entry.note else []
    for assumption, reason in found.number.refused:
        lines.append(f"  not assumed: {assumption}, since {reason}")
    if found.ours is not None:
        values = ", ".join(f"{value:.2f}" for value in found.ours.values)
        lines.append(f"  ours: {found.ours.mean:.2f} % (n = {found.ours.n}: {values})")
    lines += [f"  {line}" for line in _columns(found.sides)]
    lines.append(f"  verdict: {found.verdict.text}")
    lines += [f"  {line}" for line in _arithmetic(found.verdict.estimate)]
    return lines


def record(found: Comparison) -> dict[str, object]:
    """Return a comparison as data for a program."""
    entry, ours, judged = found.number.entry, found.ours, found.verdict
    return {
        "id": entry.id,
        "value": entry.value,
        "unit": entry.unit,
        "metric": entry.metric,
        "reading": entry.reading,
        "source": entry.source,
        "certainty": entry.certainty,
        "margin": entry.margin,
        "assumed": list(entry.assumed),
        "refused": [
            {"assumption": text, "reason": reason} for text, reason in found.number.refused
        ],
        "fields": [
            {"field": s.field, "reported": s.reported, "ours": s.ours, "state": s.state}
            for s in found.sides
        ],
        "ours": None if ours is None else {"mean": ours.mean, "values": list(ours.values)},
        "verdict": judged.kind,
        "text": judged.text,
        "blocking": list(judged.fields),
        "estimate": None if judged.estimate is None else _numbers(judged.estimate),
    }


def _numbers(found: Estimate) -> dict[str, object]:
    return {
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "level": 0.9,
        "margin": found.margin,
        "smallest_margin": found.half,
        "standard_error": found.error,
        "sd": found.sd,
        "sd_rows": found.rows,
        "degrees_of_freedom": found.degrees,
        "n": found.n,
        "runs": found.runs,
        "test_images": "drawn" if found.population else "fixed",
    }


def _arithmetic(found: Estimate | None) -> list[str]:
    """Show what the interval is made of."""
    if found is None:
        return []
    whose = f"pooled over {found.rows} rows" if found.rows else "of its own replicates"
    images = (
        "the noise of drawing test images is added, for both accuracies"
        if found.population
        else "both used the same test images, which count as given"
    )
    return [
        f"standard error: {found.error:.3f} points; sd {found.sd:.3f} {whose}, times "
        f"sqrt(1/{found.n} + 1/{found.runs}), {found.degrees:.1f} degrees of freedom; {images}"
    ]


def _columns(sides: Sequence[Side]) -> Iterator[str]:
    rows = [("field", "reported", "ours", "")]
    rows += [(s.field, _shown(s.reported), _shown(s.ours), _MARK[s.state]) for s in sides]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _shown(value: str | None) -> str:
    return "-" if value is None else value


def _reported(entry: Reported) -> dict[str, str | None]:
    return {
        "metric": entry.metric,
        "method": entry.method,
        "dataset": entry.dataset,
        "encoder": entry.encoder,
        "variant": _variant(entry.variant),
        **_length(entry.budget),
        **_protocol(entry.protocol),
    }


def _length(budget: Spent) -> dict[str, str | None]:
    """Return the lengths that a source states; where it states none, its epochs are open."""
    epochs = None if budget.epochs is None else f"{budget.epochs:g}"
    images = None if budget.images is None else f"{budget.images}"
    return {
        **({"epochs": epochs} if epochs or not images else {}),
        **({"images": images} if images else {}),
    }


def _measured(ours: Measured) -> dict[str, str | None]:
    return {
        "metric": ours.metric,
        "method": ours.method,
        "dataset": ours.dataset,
        "encoder": ours.encoder,
        "variant": _variant(ours.variant),
        "epochs": f"{ours.epochs:.4g}",
        "images": None if ours.seen is None else f"{ours.seen:.0f}",
        **_protocol(ours.protocol),
    }


def _variant(variant: str | None) -> str | None:
    return None if variant is None else variant or "default"


def _protocol(scoring: Scoring) -> dict[str, str | None]:
    online = {True: "online", False: "offline", None: None}[scoring.online]
    return {
        "probe": scoring.probe_class or (f"{scoring.probe}-?" if scoring.probe else None),
        "feature": scoring.feature,
        "pretraining split": scoring.pretrain_split,
        "probe split": scoring.probe_split,
        "resolution": f"{scoring.resolution} px" if scoring.resolution else None,
        "online": online,
        "selection": scoring.selection,
    }


def _state(field: str, differences: dict[str, bool], filled: set[str]) -> str:
    if field in differences:
        return "open" if differences[field] else "differs"
    return "assumed" if field in filled else "same"
