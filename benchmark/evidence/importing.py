"""Others' tables of results as reported numbers: what a table states, and nothing else."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from benchmark import reading
from benchmark.errors import ReportedError, UsageError, unknown, words
from benchmark.evidence import styles
from benchmark.evidence.reported import Reported, load_reported, parse
from benchmark.evidence.styles import BUDGET, FIELDS, SCORING, Figure, Style
from benchmark.evidence.tables import Row, Table

_LONGEST = 500


@dataclass(frozen=True)
class _Found:
    row: Row
    figure: Figure
    column: str
    values: dict[str, object]
    """Fields and their values; what is unknown is left out."""


def reported(
    table: Table, style: Style, *, source: str, seen: bool, known: Mapping[str, str], prefix: str
) -> tuple[Reported, ...]:
    """Return the numbers of a table.

    Args:
        table: As it was read.
        style: How to read it.
        source: Where it was published.
        seen: Whether the caller looked it up there; else the numbers count as remembered.
        known: What the source says of the whole table, by field: `dataset`, `encoder`, `k`, ...
        prefix: What the ids begin with.

    Raises:
        ReportedError: A column, a value or a field that is not what it must be.
        UsageError: What is said of the whole table is no field, or cannot be shown.
    """
    for name, text in {"--source": source, **known}.items():
        if name not in FIELDS and name != "--source":
            raise UsageError(f"--with: {unknown('field', name[:200], FIELDS)}")
        if not text.strip() or len(text) > _LONGEST or reading.harmful(text):
            raise UsageError(f"{name}: must be 1 to {_LONGEST} characters that print")
    _check_columns(table, style, known)
    taken = {entry.id for entry in load_reported()}
    entries = []
    for found in _numbers(table, style, known):
        name = _id(prefix, found, taken)
        taken.add(name)
        where = f"{table.name}:{found.row.line}"
        entries.append(_entry(where, name, found, source=source, seen=seen))
    if not entries:
        raise ReportedError(f"{table.name}: holds no number")
    return tuple(entries)


def as_yaml(entries: Iterable[Reported], name: str) -> str:
    """Write numbers as a file of reported numbers, and make sure that it reads back as them.

    Raises:
        ReportedError: It would be too large to be read again.
    """
    wanted = tuple(entries)
    lines = ["reported:"]
    for entry in wanted:
        said = entry.model_dump(exclude_unset=True, exclude_none=True)
        lines += [f"  {'- ' if key == 'id' else '  '}{key}: {_yaml(v)}" for key, v in said.items()]
    text = "\n".join(lines) + "\n"
    if parse(text, name) != wanted:
        raise ReportedError(f"{name}: cannot be written as YAML that reads back as it is")
    return text


def _yaml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(each)}" for key, each in value.items()) + "}"
    # JSON's words are YAML's too
    return json.dumps(value, ensure_ascii=False)


def _check_columns(table: Table, style: Style, known: Mapping[str, str]) -> None:
    names = {*style.fields, *style.figures, *style.ignored}
    for column in table.columns:
        if column not in names:
            raise ReportedError(f"{table.name}: {unknown('column', column, names)}")
        if style.fields.get(column) in known:
            raise ReportedError(f"{table.name}: has a column {column!r}: --with cannot say it too")
    given = {style.fields.get(column) for column in table.columns} | {*known}
    for needed in ("method", "dataset"):
        if needed not in given:
            raise ReportedError(f"{table.name}: names no {needed}; say it by --with {needed}=NAME")
    if not style.figures.keys() & {*table.columns}:
        raise ReportedError(f"{table.name}: has no column of {', '.join(sorted(style.figures))}")


def _numbers(table: Table, style: Style, known: Mapping[str, str]) -> Iterator[_Found]:
    for column in (name for name in table.columns if name in style.figures):
        figure = style.figures[column]
        found = [each for row in table.rows if (each := _found(table, row, style, column, known))]
        if not figure.share and found and all(_value(each) <= 1 for each in found):
            raise ReportedError(
                f"{table.name}: all of {column!r} is at most 1; must be percent, from 0 to 100"
            )
        yield from found


def _value(found: _Found) -> float:
    value = found.values["value"]
    return value if isinstance(value, float) else 0.0


def _found(
    table: Table, row: Row, style: Style, column: str, known: Mapping[str, str]
) -> _Found | None:
    where, figure = f"{table.name}:{row.line}", style.figures[column]
    if row.cells[column].lower() in styles.EMPTY:
        return None
    values, notes = styles.number(where, column, row.cells[column], figure)
    values.update(figure.scoring)
    if not style.plain:
        values["metric"] = figure.metric
    stated = {style.fields[name]: cell for name, cell in row.cells.items() if name in style.fields}
    for name, text in {**_said(known, figure), **stated}.items():
        if text.lower() in styles.EMPTY:
            continue
        read, more = styles.value(where, name, text, style)
        if values.get(name, read[name]) != read[name]:
            raise ReportedError(f"{where}: {name} is {values[name]!r} by the column {column!r}")
        # a variant that the caller names is nearer than what a name implies
        values = {**read, **values}
        notes += more
    if notes:
        values["note"] = "; ".join([*([str(values["note"])] if "note" in values else []), *notes])
    return _Found(row, figure, column, values)


def _said(known: Mapping[str, str], figure: Figure) -> dict[str, str]:
    """Return what is said of the whole table and can be of this column: k is of kNN alone."""
    probe = figure.scoring.get("probe")
    others = {size for size, of in {"k": "knn", "width": "mlp"}.items() if probe not in (None, of)}
    return {name: text for name, text in known.items() if name not in others}


def _entry(where: str, name: str, found: _Found, *, source: str, seen: bool) -> Reported:
    values = dict(found.values)
    budget = {key: values.pop(key) for key in BUDGET if key in values}
    scoring = {key: values.pop(key) for key in SCORING if key in values}
    data = {
        "id": name,
        "value": values.pop("value"),
        "unit": "percent",
        "metric": values.pop("metric", found.figure.metric),
        **values,
        **({"protocol": scoring} if scoring else {}),
        **({"budget": budget} if budget else {}),
        "source": source,
        "certainty": "seen" if seen else "memory",
    }
    try:
        return Reported.model_validate(data)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "row"
        raise ReportedError(
            f"{where}: {place}: {words(first['msg'])} (got {first['input']!r})"
        ) from problem


def _id(prefix: str, found: _Found, taken: set[str]) -> str:
    """Make an id that nothing else has, of what tells the number from others."""
    values, scoring = found.values, found.figure.scoring
    online = "online" if scoring.get("online") else "offline"
    metric = values.get("metric", found.figure.metric)
    parts = [
        prefix,
        values.get("method"),
        values.get("variant"),
        values.get("dataset"),
        values.get("encoder"),
        f"{values['epochs']}ep" if "epochs" in values else "",
        f"b{values['batch']}" if "batch" in values else "",
        scoring.get("probe"),
        online if "online" in scoring else "",
        "" if metric == "top1" else metric,
    ]
    slugs = [re.sub(r"[^a-z0-9_.]+", "-", str(part).lower()).strip("-_.") for part in parts if part]
    name = "-".join(slug[:60] for slug in slugs if slug) or "number"
    others = (f"{name}-{count}" for count in itertools.count(2))
    return next(each for each in itertools.chain([name], others) if each not in taken)
