"""`cslbench data`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.shared import AsJson, DataFolder, print_json, reporting

if TYPE_CHECKING:
    from benchmark.data.dataset import Dataset


@reporting
def data(
    dataset: Annotated[
        str, typer.Argument(help="A dataset, as in a matrix (see `list datasets`).")
    ],
    data: DataFolder = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch what is missing, if it can be fetched.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check that a dataset is there and whole; exit 2 with what to do if it is not.

    Example: cslbench data cifar10 --data ~/data --download
    """
    found = _facts(_loaded(dataset, data, download=download))
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        typer.echo(f"{name.replace('_', ' ')}: {value}")


def _loaded(name: str, root: Path | None, *, download: bool) -> Dataset:
    """Load a dataset; the command that an error tells to run names the folder that was given."""
    from benchmark.data import load
    from benchmark.data.folders import FETCH
    from benchmark.errors import DataError

    try:
        return load(name, root, download=download)
    except DataError as error:
        if root is None:
            raise
        told = str(error).replace(f"{FETCH} ", f"{FETCH} --data {shlex.quote(str(root))} ")
        raise DataError(told) from None


def _facts(dataset: Dataset) -> dict[str, str | int | bool]:
    return {
        "name": dataset.name,
        "classes": len(dataset.classes),
        "image_size": dataset.image_size,
        "pretrain_images": len(dataset.pretrain),
        "train_images": len(dataset.train),
        "test_images": len(dataset.test),
        "official": dataset.official,
        "content_sha256": dataset.content_sha256,
    }
