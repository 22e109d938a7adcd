"""`cslbench diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.shared import NEGATIVE, AsJson, print_json, print_rows, reporting


@reporting
def diff(
    a: Annotated[Path, typer.Argument(metavar="A.json", help="A result file.")],
    b: Annotated[Path, typer.Argument(metavar="B.json", help="Another.")],
    as_json: AsJson = False,
) -> None:
    """Show what two results differ in, and nothing else: cell, environment, numbers, curve.

    Exit 0 if cell, weights, curve and metrics are equal to the bit, 1 if they are not.

    Example: cslbench diff results/photos/compact/simclr-5120-images-r0-c659692f.json
    results/photos/compact/simclr-5120-images-r1-9dc3ca12.json
    """
    from dataclasses import asdict

    from benchmark.checks import diff as compare
    from benchmark.store import files

    found = compare.diff(files.read(a), files.read(b))
    if as_json:
        print_json({"same_numbers": found.same_numbers, **asdict(found)})
    elif found.nothing:
        typer.echo("nothing differs")
    else:
        print_rows(("aspect", "field", "A", "B"), list(compare.rows(found)))
    if not found.same_numbers:
        raise typer.Exit(NEGATIVE)
