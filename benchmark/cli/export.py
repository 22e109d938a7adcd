"""`cslbench export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.shared import (
    RESULTS,
    Datasets,
    Encoders,
    Methods,
    ResultsFolder,
    existing,
    reporting,
    say,
)


@reporting
def export(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The bundle: a new folder, or a new file .zip.")
    ],
    *,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    results: ResultsFolder = RESULTS,
) -> None:
    """Bundle results for a reviewer: with predictions, kept encoders, versions and citation.

    manifest.json names every file with its SHA-256; `cslbench validate OUT` holds a bundle to it.
    A bundle of the same results, made in the same environment, has the same bytes. What does not
    hold (see `validate`) is not bundled.

    Example: cslbench export review.zip -d cifar10 --results demo
    """
    from importlib.metadata import distributions

    from benchmark.errors import ResultError, UsageError
    from benchmark.report.bundle import beside
    from benchmark.store import bundle, files
    from benchmark.store.selection import select

    loaded = files.read_all(existing(results))
    if loaded.broken:
        first = loaded.broken[0]
        raise ResultError(f"{first.path}: {first.reason}; a bundle leaves nothing out unsaid")
    kept = select(loaded.results, method or (), dataset or (), encoder or ())
    if not kept:
        raise UsageError(f"{results}: holds no results to bundle")
    named = ((found.metadata["Name"], found.version) for found in distributions())
    installed = {name: version for name, version in named if name}  # one half gone has none
    made = bundle.write(out, results, kept, beside(kept, installed))
    size = sum(file.size for file in made.files.values())
    say(f"{out}: {len(kept)} results, {len(made.files)} files, {size / 1e6:.1f} MB")
