"""The whole site as texts by their paths: the same bytes for the same arguments, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files as packaged
from typing import TYPE_CHECKING, Any

from benchmark.evidence.claims import words as claimed
from benchmark.evidence.floor import FloorCheck, is_control
from benchmark.evidence.reported import Reported
from benchmark.report import words
from benchmark.report.grouping import latest, tables
from benchmark.report.rows import Row, Table
from benchmark.report.site import aspects, board, cell, costs, nights, spreads
from benchmark.report.site.curve import curve
from benchmark.store.result import Result

if TYPE_CHECKING:
    from jinja2 import Environment

    from benchmark.evidence.claims.judge import Judged
    from benchmark.evidence.designs import Refused
    from benchmark.evidence.history import History
    from benchmark.evidence.robustness import Robustness
    from benchmark.store.files import Broken

STATIC = ("theme.js", "scroll.js", "site.css", "draw.js", "columns.js", "csv.js", "board.js")


@dataclass(frozen=True)
class Evidence:
    """All that the site shows."""

    results: Sequence[Result]
    broken: Sequence[Broken] = ()
    reported: Sequence[Reported] = ()
    checks: Sequence[FloorCheck] = ()
    judged: Sequence[Judged] = ()
    robust: Sequence[Robustness] = ()
    refused: Sequence[Refused] = ()
    not_robust: str = ""
    """Why there is no table of robustness."""
    confusions: Mapping[str, cell.Counts] = field(default_factory=dict)
    """By the id of the result."""
    past: History | None = None
    """Of nights; without them there is no page of them."""


def build(found: Evidence, *, data: str) -> Iterator[tuple[str, str]]:
    """Yield each file of the site: its path under the site, and what is in it.

    Args:
        found: What is shown.
        data: Where the result files lie as seen from the site's root, with a slash at its end.
    """
    results = latest(found.results)
    every = tables(results)
    checks = {check.id: check for check in found.checks} or None
    lines = board.ours(every, found.reported, checks)
    own = {line["page"]: line for line in reversed(lines)}
    rows = {board.page(row): row for table in every for row in table.rows}
    for name in STATIC:
        text = packaged(__package__).joinpath("static", name).read_text(encoding="utf-8")
        yield f"pages/static/{name}", text
    shown = {
        "groups": board.groups(every), "rows": lines, "theirs": board.theirs(found.reported, every),
    }  # fmt: skip
    page = partial(_page, pages=_pages(found))
    yield "index.html", page("index.html", "", here="index", board=shown, **_index(found, results))
    pages = {result.id: path for path, row in rows.items() for result in row.results}
    yield "pages/methods.html", page("methods.html", "../", here="methods", sets=_methods(every))
    yield "pages/cost.html", page("cost.html", "../", here="cost", **costs.page(every, pages))
    yield (
        "pages/robustness.html",
        page(
            "robustness.html", "../", here="robustness",
            tables=[spreads.table(each) for each in found.robust],
            refused=found.refused, why=found.not_robust,
        ),
    )  # fmt: skip
    yield (
        "pages/claims.html",
        page("claims.html", "../", here="claims", **_claims(found, pages, own)),
    )
    if found.past:
        told = nights.page(found.past)
        yield "pages/history.html", page("history.html", "../", here="history", **told)
    yield "pages/reading.html", page("reading.html", "../", here="reading")
    for path in sorted(rows):
        told = _cell(found, rows[path], own[path], checks, "../../" + data)
        yield path, page("cell.html", "../../", here="", **told)


def _pages(found: Evidence) -> list[tuple[str, str, str]]:
    """Return the pages that every page links to: name, path, and what the link says."""
    past = [("history", "pages/history.html", "History")] if found.past else []
    return [
        ("index", "index.html", "Leaderboard"),
        ("methods", "pages/methods.html", "Methods"),
        ("cost", "pages/cost.html", "Cost"),
        ("robustness", "pages/robustness.html", "Robustness"),
        ("claims", "pages/claims.html", "Claims"),
        *past,
        ("reading", "pages/reading.html", "How to read"),
    ]


def _page(template: str, root: str, **context: object) -> str:
    """Render a template.

    Args:
        template: Its name.
        root: The way from the page to the site's root.
        context: What it shows.
    """
    return _templates().get_template(template).render(root=root, **context)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("benchmark.report.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {
        "sort_keys": True, "separators": (",", ":"), "allow_nan": False,
    }  # fmt: skip
    made.filters["grouped"] = words.grouped
    return made


def _index(found: Evidence, results: Sequence[Result]) -> dict[str, Any]:
    states = Counter(result.status.replace("_", " ") for result in results)
    return {
        "count": len(results),
        "states": sorted(states.items()),
        "broken": sorted(found.broken, key=lambda file: (file.path.as_posix(), file.reason)),
        "programs": sorted({words.execution(result.execution) for result in results}),
    }


def _methods(every: Sequence[Table]) -> list[dict[str, Any]]:
    """Return, dataset by dataset, each method once: by the first of its rows that has a result."""
    sets: dict[str, dict[str, Row]] = {}
    for table in every:
        for row in sorted(table.rows, key=lambda row: (is_control(row.cell), row.cell.method)):
            if row.final:
                sets.setdefault(row.cell.dataset, {}).setdefault(row.cell.method, row)
    return [
        {
            "dataset": dataset,
            "methods": [_method(row) for row in own.values()],
            "values": _values(list(own.values())),
        }
        for dataset, own in sets.items()
    ]


def _method(row: Row) -> dict[str, Any]:
    return {
        "selector": row.cell.method,
        "known": aspects.method(row.cell.base_method),
        "aspects": aspects.five(row),
        "contrast": aspects.contrast(row),
        "page": board.page(row),
    }


def _values(rows: Sequence[Row]) -> list[tuple[str, list[str]]]:
    """Return the settings of methods side by side; what no method has is left out."""
    names = dict.fromkeys(name for row in rows for name in row.cell.values)
    return [(name, [_setting(row.cell.values.get(name)) for row in rows]) for name in names]


def _setting(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_setting, value)) or "–"
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _claims(
    found: Evidence, pages: Mapping[str, str], own: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for one in found.judged:
        facts = {
            "kind": one.kind,
            "reason": one.reason,
            "setting": one.setting,
            "replicates": claimed.behind(one) if one.replicates else "",
            "cells": [
                (path, _label(own[path]))
                for path in dict.fromkeys(pages[name] for name in one.results if name in pages)
            ],
            "lines": _evidence(one),
        }
        grouped.setdefault(one.claim.id, []).append(facts)
    by_id = {one.claim.id: one.claim for one in found.judged}
    return {
        "claims": [(by_id[name], settings) for name, settings in grouped.items()],
        "counts": sorted(Counter(one.kind for one in found.judged).items()),
    }


def _label(line: Mapping[str, Any]) -> str:
    """Name a row so that it is told from others of its method."""
    name = f"{line['method']}[{line['variant']}]" if line["variant"] else line["method"]
    return f"{name} on {line['dataset']}, {line['encoder']}, {line['budget']}"


def _evidence(one: Judged) -> list[str]:
    """Return what a verdict rests on; verdict, statement and results stand on the page anyway."""
    lines = [line.strip() for line in claimed.evidence(one)][2:]
    return [line for line in lines if not line.startswith("results: ")]


def _cell(
    found: Evidence,
    row: Row,
    own: Mapping[str, Any],
    checks: Mapping[str, FloorCheck] | None,
    data: str,
) -> dict[str, Any]:
    return {
        "row": row,
        "own": own,
        "curve": curve(row),
        "replicates": cell.replicates(row, data),
        "facts": cell.facts(row),
        "tests": cell.tests(row, checks),
        "confusion": cell.confusion(row, found.confusions),
        "known": aspects.method(row.cell.base_method),
        "aspects": aspects.five(row),
        "contrast": aspects.contrast(row),
        "values": sorted((name, _setting(value)) for name, value in row.cell.values.items()),
    }
