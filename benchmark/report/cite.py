"""BibTeX of what results and reported numbers rest on, out of one shipped file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmark.evidence.reported import Reported
from benchmark.reading import plain
from benchmark.report.grouping import latest, tables
from benchmark.report.matching import best_match
from benchmark.store.result import Result

SHIPPED = Path(__file__).with_name("references.bib")
_ENTRY = re.compile(r"^@(\w+)\{([\w-]+),\n(.*?)^\}\n", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^  (\w+) = \{(.*)\},$", re.MULTILINE)


@dataclass(frozen=True)
class Reference:
    """One entry of the file."""

    key: str
    text: str
    """As it is printed."""
    covers: tuple[tuple[str, str], ...]
    """Kind (`program`, `method`, `dataset`, `encoder`, `source`) and name of what it is for."""


@cache
def references() -> tuple[Reference, ...]:
    """Return every entry of the shipped file, in its order."""
    return tuple(_entries(SHIPPED.read_text(encoding="utf-8")))


def _entries(text: str) -> Iterator[Reference]:
    for kind, key, body in _ENTRY.findall(text):
        fields = dict(_FIELD.findall(body))
        covered = (each.strip().partition(" ") for each in fields.pop("covers").split(";"))
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
        text = "\n".join([f"@{kind}{{{key},", *lines, "}"])
        yield Reference(key, text, tuple((what, name) for what, _, name in covered))


@dataclass(frozen=True)
class Cited:
    """What is to be cited."""

    references: tuple[Reference, ...]
    unknown: tuple[str, ...]
    """What has no entry, in words."""

    @property
    def bibtex(self) -> str:
        """Return a .bib file."""
        told = [f"% {plain(what)} has no entry here" for what in self.unknown]
        parts = [*(["\n".join(told)] if told else []), *(each.text for each in self.references)]
        return "\n\n".join(parts) + "\n"


def cite(results: Iterable[Result], reported: Iterable[Reported] = ()) -> Cited:
    """Return the entries of methods, datasets and encoders of results, and of reported numbers.

    Args:
        results: What is cited.
        reported: Numbers that stand beside them.
    """
    wanted = [("program", "cslbench")]
    for result in results:
        cell = result.cell
        encoder = cell.encoder.partition("[")[0]
        wanted += [
            ("method", cell.base_method),
            ("dataset", cell.dataset.partition("[")[0]),
            ("encoder", "timm" if encoder.startswith("timm:") else encoder),
        ]
    found, unknown = set[str](), set[str]()
    for kind, name in dict.fromkeys(wanted):
        keys = {r.key for r in references() if (kind, name) in r.covers}
        found |= keys
        unknown |= set() if keys else {f"{kind} {name}"}
    for entry in reported:
        keys = set(of_source(entry.source))
        found |= keys
        unknown |= set() if keys else {f"source {entry.source}"}
    return Cited(tuple(each for each in references() if each.key in found), tuple(sorted(unknown)))


def of_source(source: str) -> tuple[str, ...]:
    """Return the keys of the entries that a reported number's source names."""
    return tuple(
        each.key
        for each in references()
        if any(kind == "source" and name in source for kind, name in each.covers)
    )


def beside(results: Iterable[Result], reported: Iterable[Reported]) -> list[Reported]:
    """Return the reported numbers that the board sets beside results, each once."""
    entries = [*reported]
    found = [
        match.reported
        for table in tables(latest(results))
        for row in table.rows
        if (match := best_match(table.candidates(row), entries))
    ]
    return list({entry.id: entry for entry in found}.values())
