"""`cslbench cite`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.shared import (
    RESULTS,
    Others,
    Plugins,
    ResultsFolder,
    existing,
    learn,
    reporting,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmark.evidence.reported import Reported
    from benchmark.report.cite import Cited
    from benchmark.store.result import Result

_RECEIPTS = ".receipts.json"


@reporting
def cite(
    tables: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[TABLE]...", help="Written tables; else all of --results."),
    ] = None,
    *,
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    reported: Others = None,
) -> None:
    """Print BibTeX of the methods, datasets, encoders and reported numbers that were used.

    Of a table that `table --out` wrote, by its receipts: what its cells rest on. What no entry is
    known of is a comment.

    Example: cslbench cite paper.tex --results demo > used.bib
    """
    from benchmark.evidence.reported import load_with
    from benchmark.report import cite as citing
    from benchmark.store import files

    learn(plugin)
    numbers = load_with(reported or ())
    loaded = files.read_all(existing(results)).results
    if tables:
        found = _of_tables(tables, loaded, {entry.id: entry for entry in numbers})
    else:
        final = [result for result in loaded if result.final]
        found = citing.cite(final, citing.beside(final, numbers))
    typer.echo(found.bibtex, nl=False)


def _of_tables(
    paths: Sequence[Path], results: Sequence[Result], numbers: dict[str, Reported]
) -> Cited:
    from benchmark.errors import ResultError
    from benchmark.report.cite import cite as cited
    from benchmark.report.table.model import Receipts
    from benchmark.store import files

    by_id = {result.id: result for result in results}
    used: list[Result] = []
    beside: list[Reported] = []
    for path in paths:
        own = path if path.name.endswith(_RECEIPTS) else path.with_name(path.name + _RECEIPTS)
        for receipt in files.read_record(own, Receipts).receipts:
            for name in receipt.results:
                if name not in by_id:
                    raise ResultError(f"{own}: names the result {name}, which is not in --results")
                used.append(by_id[name])
            if receipt.reported is not None:
                number = numbers.get(receipt.reported)
                if number is None:
                    raise ResultError(
                        f"{own}: names the reported number {receipt.reported}, which is unknown; "
                        "give its file by --reported"
                    )
                beside.append(number)
    return cited(used, beside)
