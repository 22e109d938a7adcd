"""`cslbench explain`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from benchmark.cli.shared import (
    RESULTS,
    AsJson,
    DataFolder,
    Datasets,
    Encoders,
    Methods,
    Plugins,
    Replicates,
    ResultsFolder,
    chosen,
    print_json,
    print_rows,
    reporting,
)

if TYPE_CHECKING:
    from benchmark.checks.explain import Explanation
    from benchmark.matrix.cell import Cell
    from benchmark.matrix.protocol import Protocol

    Scored: TypeAlias = tuple[Cell, tuple[Protocol, ...]]

_ID = re.compile("[0-9a-f]{8,16}")
_SHORT = re.compile("[0-9a-f]{1,7}")


@reporting
def explain(
    target: Annotated[
        str, typer.Argument(metavar="MATRIX|RESULT.json|ID", help="What names the cell.")
    ] = "default",
    *,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    replicate: Replicates = None,
    results: ResultsFolder = RESULTS,
    data: DataFolder = None,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Show a cell's recipe resolved: five aspects, training, budget, and where each is from.

    Of a matrix, each selected row once: replicates differ in nothing else. An ID, of which 8 digits
    do, is looked for in the results and in the shipped matrices.

    Example: cslbench explain default -m byol
    """
    from dataclasses import asdict

    from benchmark.checks import explain as explaining
    from benchmark.errors import UsageError
    from benchmark.plugins import load_all

    load_all(plugin or ())
    if _SHORT.fullmatch(target) and not Path(target).exists():
        raise UsageError(f"{target!r} is no matrix, and an id needs 8 of its digits at least")
    if not (target.endswith(".json") or _ID.fullmatch(target)):
        part = chosen(
            target, methods=method, datasets=dataset, encoders=encoder, replicates=replicate
        )
        rows = {(c.method, c.dataset, c.encoder, c.budget): c for c in reversed(part.cells)}
        found = [(cell, part.wanted(cell)) for cell in reversed(rows.values())]
    elif method or dataset or encoder or replicate:
        raise UsageError(f"{target} is one cell: selectors choose in a matrix")
    else:
        found = [_result(Path(target)) if target.endswith(".json") else _by_id(target, results)]
    told = [explaining.explain(cell, protocols, data=data) for cell, protocols in found]
    if as_json:
        print_json([asdict(each) for each in told])
        return
    for each in told:
        _print(each)


def _result(path: Path) -> Scored:
    from benchmark.checks import rebuild
    from benchmark.store import files

    result = files.read(path)
    return result.cell, rebuild.protocols(result)


def _by_id(text: str, results: Path) -> Scored:
    """Return the cell whose id begins so, of the results or else of a shipped matrix."""
    from benchmark.checks import rebuild
    from benchmark.errors import UsageError
    from benchmark.matrix.load import load, shipped
    from benchmark.store import files

    for result in files.read_all(results).results:
        if result.id.startswith(text):
            return result.cell, rebuild.protocols(result)
    for name in shipped():
        matrix = load(name)
        for cell in matrix.cells:
            if cell.pretrain_id.startswith(text):
                return cell, matrix.wanted(cell)
    raise UsageError(f"no cell in {results} or in a shipped matrix has an id that begins {text}")


def _print(each: Explanation) -> None:
    typer.echo(f"{each.label}  {each.id}")
    typer.echo(f"{each.title}; marks: {', '.join(each.marks) or 'none'}")
    for title, lines in each.sections.items():
        typer.echo("")
        named = [
            (line.name if index == 0 or lines[index - 1].name != line.name else "", line)
            for index, line in enumerate(lines)
        ]
        print_rows((title, "", ""), [(name, line.value, line.source or "") for name, line in named])
    typer.echo("")
