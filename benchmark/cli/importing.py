"""`cslbench import`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.shared import reporting


class Style(StrEnum):
    """Whose table it is."""

    lightly = "lightly"
    solo_learn = "solo-learn"
    plain = "plain"


@reporting
def import_table(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|FILE.md", help="One table.")],
    *,
    style: Annotated[
        Style, typer.Option("--as", help="Whose columns it has; plain: the names of the fields.")
    ],
    source: Annotated[str, typer.Option("--source", help="Where it was published.")],
    known: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="FIELD=VALUE",
            help="What the source says of the whole table, such as dataset=cifar10; repeatable.",
        ),
    ] = None,
    seen: Annotated[
        bool,
        typer.Option("--seen", help="You read it in the source; else it counts as remembered."),
    ] = False,
) -> None:
    """Turn a table of published numbers into a file for --reported, printed as YAML.

    What the table and --with do not state stays unknown. Numbers that are not --seen are from
    memory: they are shown and never judged.

    Example: cslbench import table.csv --as lightly --source "lightly docs" --with dataset=cifar10
    """
    from benchmark.evidence import importing, tables
    from benchmark.evidence.styles import STYLES

    entries = importing.reported(
        tables.read(file), STYLES[style.value], source=source, seen=seen,
        known=_known(known or ()), prefix=file.stem,
    )  # fmt: skip
    typer.echo(importing.as_yaml(entries, file.name), nl=False)


def _known(texts: list[str] | tuple[str, ...]) -> dict[str, str]:
    from benchmark.errors import UsageError

    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name in found:
            raise UsageError(f"--with: must be FIELD=VALUE, each field once (got {text[:200]!r})")
        found[name] = value
    return found
