"""`cslbench table`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli import table_options as options
from benchmark.cli.shared import (
    NEGATIVE,
    RESULTS,
    Datasets,
    Encoders,
    Methods,
    Others,
    Plugins,
    ResultsFolder,
    existing,
    learn,
    reporting,
    say,
)
from benchmark.counting import counted

if TYPE_CHECKING:
    from benchmark.report.table.model import Pivot, Receipts, Request

RECEIPTS = ".receipts.json"
"""Ends the name of what lies beside a written table."""
_DIGITS = 4
_LARGEST = 20 * 2**20


@reporting
def table(
    context: typer.Context,
    *,
    rows: Annotated[str, typer.Option("--rows", help="Axes down the side.")] = "method",
    cols: Annotated[str, typer.Option("--cols", help="Axes along the top.")] = "dataset,encoder",
    value: Annotated[
        str, typer.Option("--value", help="Protocol and metric: linear_top1,knn_top1.")
    ] = "linear_top1",
    spread: Annotated[
        str, typer.Option("--spread", help="Behind the mean: interval, sd or none.")
    ] = "interval",
    digits: Annotated[int, typer.Option("--digits", help="Behind the point, 0 to 4.")] = 1,
    published: Annotated[
        bool, typer.Option(help="Show the nearest reported number beside ours.")
    ] = True,
    form: Annotated[
        str | None,
        typer.Option("--format", help="markdown, latex, csv, json or html; else as --out ends."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it, and FILE.receipts.json beside it."),
    ] = None,
    caption: Annotated[
        str | None, typer.Option("--caption", help="In place of ours; text, no LaTeX.")
    ] = None,
    label: Annotated[
        str | None,
        typer.Option("--label", help="Of LaTeX: tab:NAME; else tab: and the name of --out."),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check",
            metavar="FILE",
            help="Exit 1 if a number or a mark there is not the results'.",
        ),
    ] = None,
    receipts: Annotated[
        Path | None,
        typer.Option("--receipts", metavar="FILE", help="For --check; else FILE.receipts.json."),
    ] = None,
    matrix: Annotated[
        str | None, typer.Option("--matrix", help="Also show what this matrix has no result of.")
    ] = None,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    reported: Others = None,
) -> None:
    """Make a table of any axis by any other, with a receipt for every cell.

    Axes: method, dataset, encoder, training, budget, precision, replicate. What is in none splits
    the table: numbers that may not be compared never stand in one order. --check reads the table
    back, also out of a longer document and however it is spaced there.

    Example: cslbench table --rows method --cols dataset,encoder --results demo
    """
    from benchmark.errors import UsageError
    from benchmark.report.table.model import Request

    options.refuse_unused(context, checking=check is not None)
    if not 0 <= digits <= _DIGITS:
        raise UsageError(f"--digits must be 0 to {_DIGITS} (got {digits})")
    learn(plugin)
    existing(results)
    if check is not None:
        _check(check, receipts, results, reported or [])
        return
    written = options.format(form, out)
    request = Request(
        caption=caption, label=options.label(label, out, written),
        rows=options.names(rows), columns=options.names(cols), values=options.names(value),
        spread=options.one_of("spread", spread, ("interval", "sd", "none")),  # type: ignore[arg-type]
        digits=digits, published=published, format=written, matrix=matrix,
        methods=tuple(method or ()), datasets=tuple(dataset or ()), encoders=tuple(encoder or ()),
    )  # fmt: skip
    found = _built(request, results, reported or [], marks_stale=out is None)
    if out is None:
        from benchmark.report.table.formats import MEDIA

        typer.echo(MEDIA[request.format].render(found, "FILE" + RECEIPTS), nl=False)
        return
    _write(found, out, results)


def _built(
    request: Request, results: Path, others: list[Path], *, marks_stale: bool = False
) -> Pivot:
    """Read what a table is made of and make it."""
    from benchmark.cli import board
    from benchmark.cli.shared import chosen
    from benchmark.evidence.reported import load_with
    from benchmark.report.table.pivot import build, check
    from benchmark.store import held
    from benchmark.store.selection import is_meant, select

    check(request)
    loaded = held.read(results)
    for broken in loaded.broken:
        say(f"left out: {broken.path}: {broken.reason}", err=True)
    kept = select(loaded.results, request.methods, request.datasets, request.encoders)
    wanted = chosen(request.matrix).cells if request.matrix else ()
    asked = (("method", request.methods), ("dataset", request.datasets),
             ("encoder", request.encoders))  # fmt: skip
    for axis, names in asked:
        if names:
            wanted = tuple(c for c in wanted if any(is_meant(n, getattr(c, axis)) for n in names))
    stale, unsourced = board.stale(kept)
    for reason in unsourced:
        say(reason, err=True)
    if stale and not marks_stale:
        count = f"{len(stale)} of {len(kept)} results"
        say(f"{count} are stale: sources have changed since they were made", err=True)
    return build(
        request, kept, load_with(others), wanted=wanted, stale=stale if marks_stale else None
    )


def _write(found: Pivot, out: Path, results: Path) -> None:
    from benchmark.errors import UsageError
    from benchmark.report.table.formats import MEDIA
    from benchmark.report.table.latex import PAGE, widest
    from benchmark.store import atomic

    beside = out.with_name(out.name + RECEIPTS)
    if out.resolve().is_relative_to(results.resolve()):
        raise UsageError(f"{out}: lies in the results folder, which holds results; name another")
    text = MEDIA[found.request.format].render(found, beside.name)
    atomic.write(out, text.encode())
    atomic.write(beside, found.receipts.model_dump_json(indent=1).encode() + b"\n")
    say(f"{out}, {beside}")
    for number, panel in enumerate(found.panels, start=1):
        if found.request.format == "latex" and widest(panel) > 4 / 3 * PAGE:
            say(f"part {number} is wider than a page, and shrunk below 6 points: show less with "
                "-e, -d, --cols or --value", err=True)  # fmt: skip


def _check(file: Path, given: Path | None, results: Path, others: list[Path]) -> None:
    from benchmark.report.table.check import check

    beside = given or file.with_name(file.name + RECEIPTS)
    text = _text(file)
    sidecar = _sidecar(beside)
    checked = check(text, sidecar, _built(sidecar.request, results, others))
    for row in checked.unreceipted:
        say(f"{file}: {row}: has no receipt; nothing is said of it", err=True)
    for fault in checked.faults:
        say(f"{file}: {fault.cell}: {fault.reason}")
    if not checked.emphasis:
        say(f"{file}: emphasis is not in the file and was not checked")
    if checked.faults:
        raise typer.Exit(NEGATIVE)
    typer.echo(f"{counted(checked.cells, 'cell')} as their results say")


def _sidecar(path: Path) -> Receipts:
    """Read the receipts of a table; without them nothing can be checked, which is a finding."""
    from benchmark.errors import ResultError
    from benchmark.report.table.model import Receipts
    from benchmark.store import files

    try:
        return files.read_record(path, Receipts)
    except ResultError as error:
        say(f"{error}; a table is checked by the receipts that were written with it")
        raise typer.Exit(NEGATIVE) from None


def _text(path: Path) -> str:
    from benchmark import reading
    from benchmark.errors import UsageError

    try:
        return reading.regular(path, _LARGEST).decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:  # not UTF-8, no file, or too large
        raise UsageError(f"{path}: {error}") from None
