"""The history of nights: one folder a night, and the replicates that were used in any of them.

nights/2026-11-24/night.json        what the night set out to do, and what it came to
results/          its new results
fresh/            suspects run again, under the present code
fresh-baseline/   the same replicates under the baseline's commit
gate.json junit.xml summary.md benchmark.json
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from benchmark.errors import ResultError, UsageError
from benchmark.matrix.cell import Cell
from benchmark.matrix.schema import TUNING_REPLICATE
from benchmark.store import atomic, files, held
from benchmark.store.files import Broken, Loaded
from benchmark.store.result import Record, Result

RECORD = "night.json"


class Night(Record):
    """What a night set out to do, so that the same command goes on with it."""

    schema_version: Literal[1] = 1
    matrix: str
    """Its name."""
    cells: str
    """Hash of the ids of all cells."""
    baseline: str
    """As it was given."""
    replicates: tuple[int, ...]
    """Of the first look."""
    fresh: tuple[int, ...] = ()
    """Of suspects that are run again."""
    kind: Literal["pass", "regression", "could not measure", "inconclusive"] | None = None
    """What the gate decided; None before that."""


@dataclass(frozen=True)
class Past:
    """A night that has been."""

    name: str
    """Its UTC date."""
    record: Night | None
    """None where there is none that can be read."""
    loaded: Loaded
    """The results of its first look."""


def tonight(given: str | None) -> str:
    """Return a night's name: the UTC date now, or the one that is given.

    Raises:
        UsageError: if that is no date as `2026-11-24`.
    """
    name = datetime.now(UTC).date().isoformat() if given is None else given
    if not is_night(name):
        raise UsageError(f"a night is a date such as 2026-11-24 (got {name!r})")
    return name


def is_night(name: str) -> bool:
    """Say whether a folder's name is that of a night."""
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def names(history: Path) -> list[str]:
    """Return the nights of a history, oldest first; a folder that is not there has none.

    Raises:
        ResultError: if it is a file.
    """
    if not history.exists():
        return []
    if not history.is_dir():
        raise ResultError(f"{history}: the history is a file; name a folder")
    return sorted(p.name for p in history.iterdir() if is_night(p.name) and p.is_dir())


def load(history: Path) -> list[Past]:
    """Read every night of a history, oldest first; what cannot be read is named.

    Raises:
        ResultError: if the history is a file.
    """
    return [_read(history / name) for name in names(history)]


def _read(folder: Path) -> Past:
    loaded, found = held.read(folder / "results"), None
    try:
        found = record(folder)
    except ResultError as error:
        broken = Broken(folder / RECORD, str(error).removeprefix(f"{folder / RECORD}: "))
        loaded = Loaded(loaded.results, (*loaded.broken, broken))
    return Past(folder.name, found, loaded)


def record(folder: Path) -> Night | None:
    """Return what a night set out to do; None where it has not begun.

    Raises:
        ResultError: if the file is damaged.
    """
    path = folder / RECORD
    return files.read_record(path, Night) if path.exists() else None


def write(folder: Path, night: Night) -> None:
    """Write what a night set out to do, or came to."""
    atomic.write(folder / RECORD, night.model_dump_json(indent=1).encode() + b"\n")


def digest(cells: Iterable[Cell]) -> str:
    """Return one hash of many cells, in whatever order."""
    text = "\n".join(sorted(cell.pretrain_id for cell in cells))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def used(past: Sequence[Past]) -> set[int]:
    """Return every replicate that a night used, or set out to."""
    found = {result.cell.replicate for night in past for result in night.loaded.results}
    for night in past:
        if night.record is not None:
            found |= {*night.record.replicates, *night.record.fresh}
    return found


def unused(taken: Iterable[int], count: int) -> tuple[int, ...]:
    """Return the next replicates that nobody has used, one after the other.

    They follow the highest one. When that reaches the last that may be reported, the lowest free
    ones are next: those of nights that were removed from the history.

    Raises:
        UsageError: if so many are not free.
    """
    seen = {*taken}
    first = max(seen, default=-1) + 1
    if first + count > TUNING_REPLICATE:
        starts = range(TUNING_REPLICATE - count + 1)
        first = next((k for k in starts if seen.isdisjoint(range(k, k + count))), -1)
        if first < 0:
            raise UsageError(
                f"no {count} unused replicates are left below {TUNING_REPLICATE}: move the oldest "
                "nights out of the history"
            )
    return tuple(range(first, first + count))


def baseline(past: Sequence[Past]) -> tuple[Loaded, list[str]]:
    """Return the results of earlier nights as a baseline, and what is left out of it, in words.

    A night that was a regression is no standard for the next ones, nor is one that nobody has
    judged yet, nor a cell that failed.
    """
    kept: list[Result] = []
    broken: list[Broken] = []
    said = []
    for night in past:
        broken += night.loaded.broken
        if night.record is not None and night.record.kind in ("regression", None):
            why = "a regression" if night.record.kind else "unfinished; --night goes on with it"
            said.append(f"{night.name} is left out of the baseline: {why}")
            continue
        final = [result for result in night.loaded.results if result.final]
        failed = len(night.loaded.results) - len(final)
        if failed:
            said.append(f"{night.name}: {failed} results without a number left out of the baseline")
        kept += final
    return Loaded(tuple(kept), tuple(broken)), said
