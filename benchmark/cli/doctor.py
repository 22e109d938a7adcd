"""`cslbench doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.cli.running import Device
from benchmark.cli.shared import (
    NEGATIVE,
    RESULTS,
    AsJson,
    DataFolder,
    Datasets,
    Encoders,
    MatrixName,
    Methods,
    Plugins,
    ResultsFolder,
    chosen,
    print_json,
    print_rows,
    reporting,
    stoppable,
    typed,
)

if TYPE_CHECKING:
    from benchmark.checks.doctor import Diagnosis

_HEADER = ("method", "dataset", "encoder", "level", "two processes", "side by side", "devices", "")
_EQUAL: dict[str | None, tuple[str, str]] = {
    None: ("-", "-"), "D0": ("differ", "-"), "D1": ("equal", "differ"), "D2": ("equal", "equal"),
}  # fmt: skip


@reporting
def doctor(
    matrix: MatrixName = "default",
    *,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    replicate: Annotated[int, typer.Option(metavar="K", help="Which replicate is tried.")] = 0,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of each training.")] = 3,
    results: ResultsFolder = RESULTS,
    data: DataFolder = None,
    plugin: Plugins = None,
    workers: Annotated[int, typer.Option(min=2, help="Processes side by side, for D2.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads of one cell.")] = 1,
    device: Annotated[Device, typer.Option(help="Where cells train.")] = Device.cpu,
    as_json: AsJson = False,
) -> None:
    """Measure how exact each row is: train it a few steps, twice alone and once beside others.

    D0: seeded, but two processes give other bits. D1: two processes give the same bits. D2: also
    side by side. D3, also on another count of devices, is not measured yet. The level is written
    into the folder of the results, and `run` puts it into results of the same execution. Exit 1 if
    a row is at D0 or failed.

    Example: cslbench doctor default -m byol --results mine
    """
    from benchmark.checks import doctor as surgery
    from benchmark.engines.engine import Options
    from benchmark.store import determinism, files

    part = chosen(
        matrix, methods=method, datasets=dataset, encoders=encoder, replicates=[replicate],
        plugins=plugin,
    )  # fmt: skip
    files.check_folder(results)
    determinism.load(results)  # a damaged file is said before the work, not after
    options = Options(
        workers=workers, threads=threads, device=device.value, data=data,
        plugins=tuple(plugin or ()), command=typed(),
    )  # fmt: skip
    with stoppable():
        found = surgery.examine(part.cells, steps=steps, options=options, on_event=lambda _: None)
    determinism.save(results, [one.finding for one in found if one.finding is not None])
    if as_json:
        print_json([_facts(one) for one in found])
    else:
        print_rows(_HEADER, [_row(one) for one in found])
    if any(one.level in (None, "D0") for one in found):
        raise typer.Exit(NEGATIVE)


def _row(one: Diagnosis) -> tuple[str, ...]:
    said = one.error or str(one.parting or "")
    names = (one.cell.method, one.cell.dataset, one.cell.encoder)
    return (*names, one.level or "failed", *_EQUAL[one.level], "not measured", said)


def _facts(one: Diagnosis) -> dict[str, Any]:
    finding = one.finding
    if finding is not None:
        return finding.model_dump(mode="json")
    cell = one.cell
    return {
        "method": cell.method, "dataset": cell.dataset, "encoder": cell.encoder,
        "level": None, "error": one.error,
    }  # fmt: skip
