"""`cslbench reproduce`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.shared import (
    NEGATIVE,
    AsJson,
    DataFolder,
    Plugins,
    print_json,
    reporting,
    stoppable,
    typed,
)

if TYPE_CHECKING:
    from benchmark.checks.reproduce import Reproduction

RUNNER = "benchmark.engines.runner"
"""What workers do their work with; tests put a fake here."""


@reporting
def reproduce(
    files: Annotated[
        list[Path], typer.Argument(metavar="RESULT.json...", help="Result files or folders.")
    ],
    *,
    data: DataFolder = None,
    plugin: Plugins = None,
    workers: Annotated[int, typer.Option(min=1, help="Cells side by side.")] = 1,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="An empty folder for what comes out; else it is dropped."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the cell of each result again, from the file alone, and compare bit for bit.

    It takes the threads and, if there is one here, the device of the result. Exit 1 if one is
    different.

    Example: cslbench reproduce results/photos/compact/simclr-5120-images-r0-c659692f.json
    """
    from benchmark.checks import reproduce as again
    from benchmark.engines.engine import Options
    from benchmark.plugins import load_all

    load_all(plugin or ())
    found = again.gather(files)
    options = Options(
        workers=workers, data=data, plugins=tuple(plugin or ()), command=typed(), runner=RUNNER
    )
    told: list[Reproduction] = []

    def tell(one: Reproduction) -> None:
        told.append(one)
        if not as_json:
            typer.echo(f"{one.path}: {one.verdict}{one.reason and f' ({one.reason})'}")

    with _scratch(keep) as scratch, stoppable():
        again.reproduce(found, options=options, scratch=scratch, on_event=lambda _: None, tell=tell)
    _summarise(told, as_json=as_json)


def _summarise(told: list[Reproduction], *, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print_json([{**asdict(one), "path": str(one.path)} for one in told])
    else:
        verdicts = [one.verdict for one in told]
        counts = (f"{verdicts.count(each)} {each}" for each in dict.fromkeys(verdicts))
        typer.echo(", ".join(counts))
    if any(one.verdict == "different" for one in told):
        raise typer.Exit(NEGATIVE)


@contextmanager
def _scratch(keep: Path | None) -> Iterator[Path]:
    """Give a folder to write into: the user's own, which must be empty, or one for the moment."""
    from benchmark.errors import UsageError
    from benchmark.store.files import check_folder

    if keep is None:
        with tempfile.TemporaryDirectory(prefix="cslbench-") as folder:
            yield Path(folder)
        return
    check_folder(keep)
    if keep.is_dir() and any(keep.iterdir()):
        raise UsageError(f"--keep {keep}: is not empty; name a new folder")
    yield keep
