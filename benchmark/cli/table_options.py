"""What the options of `cslbench table` mean, and which of them go together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from benchmark.report.table.model import Format

_OF_CHECK = ("check", "receipts", "results", "plugin", "reported")


def refuse_unused(context: typer.Context, *, checking: bool) -> None:
    """Refuse an option that would change nothing: a check is of what the receipts asked for."""
    from benchmark.errors import UsageError

    for parameter in context.command.params:
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE":
            continue
        if checking and name not in _OF_CHECK:
            raise UsageError(
                f"{parameter.opts[0]} is not of --check, which takes the table as its receipts say "
                "that it was asked for"
            )
        if name == "receipts" and not checking:
            raise UsageError("--receipts is of --check alone: it names the receipts of its table")


def names(text: str) -> tuple[str, ...]:
    """Return the names of a list with commas."""
    return tuple(filter(None, (name.strip() for name in text.split(","))))


def one_of(kind: str, given: str, known: tuple[str, ...]) -> str:
    """Return a name, or refuse it if it is unknown."""
    from benchmark.errors import UsageError, unknown

    if given not in known:
        raise UsageError(unknown(kind, given, known))
    return given


def format(given: str | None, out: Path | None) -> Format:
    """Return the format that was asked for, by name or by the ending of the file."""
    from benchmark.errors import UsageError, unknown
    from benchmark.report.table.formats import MEDIA, SUFFIXES

    if given is None and out is not None:
        suffix = out.suffix.lower()
        if suffix not in SUFFIXES:
            raise UsageError(
                f"--out {out}: {unknown('ending', suffix, SUFFIXES)}, or take --format"
            )
        return SUFFIXES[suffix]
    for name in MEDIA:
        if name == (given or "markdown"):
            return name
    raise UsageError(unknown("format", str(given), MEDIA))


def label(given: str | None, out: Path | None, form: Format) -> str | None:
    """Return what a LaTeX table is referred to by."""
    from benchmark.errors import UsageError

    if form != "latex":
        if given:
            raise UsageError(f"--label is of latex alone (got {form})")
        return None
    if given and not re.fullmatch(r"[A-Za-z0-9:._-]+", given):
        raise UsageError(f"--label must be letters, digits and :._- (got {given!r})")
    named = re.sub(r"[^A-Za-z0-9-]+", "-", out.stem if out else "accuracy").strip("-")
    return given or f"tab:{named or 'accuracy'}"
