"""`cslbench site`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.cli.history import FOLDER, judged
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
    from benchmark.evidence.claims.model import Claim
    from benchmark.evidence.history import History
    from benchmark.evidence.reported import Reported
    from benchmark.report.site.build import Evidence
    from benchmark.store.result import Result

DATA = "pages/data/"
"""Where a site that lies elsewhere keeps copies of the results."""
_PAGE = re.compile(r"[a-z0-9._-]+-[0-9a-f]{12}\.html")
_COPY = re.compile(r"[a-z0-9._-]+-r[0-9]+-[0-9a-f]{8}\.json")
"""What a site of other results may have left: names of no other form are not ours."""


@reporting
def site(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of the site.")],
    *,
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    reported: Others = None,
    claims: Annotated[
        Path | None, typer.Option("--claims", metavar="FILE", help="A file of your own claims.")
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option("--history", metavar="DIR", help="Nights to show (nights, if there are any)."),
    ] = None,
) -> None:
    """Write the results as a site that needs no server: open OUT/index.html in a browser.

    As the results folder itself it links to the results; elsewhere it takes copies of them along,
    but not below that folder. Written again, pages and copies of results that are gone go too.

    Example: cslbench site public --results demo
    """
    from benchmark.evidence.claims.model import load_claims
    from benchmark.evidence.reported import load_with
    from benchmark.store import nights

    learn(plugin)
    folder = history or (FOLDER if FOLDER.is_dir() and nights.names(FOLDER) else None)
    past = judged(folder) if folder else None
    if folder and past and past.protocols and past.protocol not in past.protocols:
        past = judged(folder, protocol=past.protocols[0])
    shown = results if history else existing(results)  # of a night of which nothing came, too
    count = write(out, shown, load_with(reported or []), load_claims(claims), past)
    typer.echo(f"{out / 'index.html'}: {count} files")


def write_shipped(out: Path, results: Path) -> int:
    """Write the site with the shipped reported numbers and claims.

    Raises:
        ResultError: As `write`.
    """
    from benchmark.evidence.claims.model import load_claims
    from benchmark.evidence.reported import load_with

    return write(out, results, load_with(()), load_claims())


def write(
    out: Path,
    results: Path,
    reported: Sequence[Reported],
    claims: Sequence[Claim],
    past: History | None = None,
) -> int:
    """Write the site of a results folder and return how many files that are.

    Raises:
        ResultError: If results contradict each other, or the site cannot be written.
        UsageError: If one folder lies where the other has its files.
    """
    from benchmark.errors import ResultError
    from benchmark.report.site import board
    from benchmark.report.site.build import build
    from benchmark.store import files

    same = out.resolve() == results.resolve()
    if not same:
        _refuse_within(out, results)
    found = replace(gather(results, reported, claims), past=past)
    made = set()
    try:
        for path, text in build(found, data="" if same else DATA):
            _put(out / path, text)
            made.add(out / path)
        # a copy in the results folder would be taken for a result
        for result in () if same else found.results:
            path = DATA + files.relative_path(result.cell).as_posix()
            _put(out / path, result.model_dump_json(indent=1) + "\n")  # as the store writes it
            made.add(out / path)
        _clear(out / board.FOLDER, 0, _PAGE, made)
        if not same:
            _clear(out / DATA, 2, _COPY, made)
    except OSError as error:
        raise ResultError(f"{out}: cannot be written ({error.strerror or error})") from None
    return len(made)


def _refuse_within(out: Path, results: Path) -> None:
    from benchmark.errors import UsageError

    site, root = out.resolve(), results.resolve()
    if site.is_relative_to(root):
        raise UsageError(
            f"{out}: lies in the results folder, which holds results; name {results} itself, or a "
            "folder elsewhere"
        )
    if root.is_relative_to((out / "pages").resolve()):
        raise UsageError(f"{out}: would write its pages over the results in {results}")


def _clear(folder: Path, depth: int, name: re.Pattern[str], keep: Collection[Path]) -> None:
    """Take away the files of a name, so many folders deep, that were not written this time."""
    for path in _files(folder, depth):
        if name.fullmatch(path.name) and path not in keep:
            path.unlink()


def _files(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the files exactly so many folders deep; what a link leads to is not ours."""
    if any(path.is_symlink() for path in (folder.parent, folder)) or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if depth:
            yield from _files(path, depth - 1)
        elif path.is_file() and not path.is_symlink():
            yield path


def gather(results: Path, reported: Sequence[Reported], claims: Sequence[Claim]) -> Evidence:
    """Read a results folder and judge it.

    Raises:
        ResultError: If results contradict each other.
    """
    from benchmark.cli.predicted import Predicted
    from benchmark.evidence.claims.judge import judge
    from benchmark.report.site.build import Evidence
    from benchmark.store import files

    loaded = files.read_all(results)
    predicted = Predicted(results, counting=True)
    checks = predicted.checks(loaded.results)
    kept = predicted.kept(loaded.results)
    return Evidence(
        tuple(kept), (*loaded.broken, *predicted.damaged), reported, checks,
        judge(claims, kept), confusions=predicted.counts, **_spreads(kept),
    )  # fmt: skip


def _spreads(results: Sequence[Result]) -> dict[str, Any]:
    """Return how methods spread over encoders, or why nothing can be said of that."""
    from benchmark.errors import UsageError
    from benchmark.evidence.designs import Refused, designs
    from benchmark.evidence.robustness import robustness

    try:
        sets = designs(results, "encoder", protocol="linear", partial=True)
    except UsageError as error:
        return {"not_robust": str(error)}
    found = [each if isinstance(each, Refused) else robustness(each, logits=False) for each in sets]
    return {
        "robust": [each for each in found if not isinstance(each, Refused)],
        "refused": [each for each in found if isinstance(each, Refused)],
    }


def _put(path: Path, text: str) -> None:
    """Write a file that can be written again: it need not survive a power cut."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
