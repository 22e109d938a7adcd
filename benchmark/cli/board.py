"""Render the leaderboard of a results folder and put it where it belongs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.cli.shared import RESULTS

if TYPE_CHECKING:
    from benchmark.evidence.assume import Assumption
    from benchmark.matrix.load import Matrix
    from benchmark.store.result import Result

NAME = "leaderboard.md"
OTHERS = "\n## Reported by others"
"""Where the board leaves our own results."""
_PLUGIN = "load its plugin by --plugin"


def path(results: Path) -> Path:
    """Return where the board of a results folder lies.

    In it; but beside `results`, which is how this repository publishes its own.
    """
    folder = results.resolve()
    return (folder.parent if folder.name == RESULTS.name else folder) / NAME


def rendered(
    results: Path,
    matrix: Matrix | None,
    *,
    files_of_others: Iterable[Path] = (),
    assumptions: Iterable[Assumption] = (),
    marks_stale: bool = False,
) -> str:
    """Return the board as Markdown; with a matrix, cells of it without a result have a row.

    Args:
        results: The results folder.
        matrix: What should be there, if that is known.
        files_of_others: Reported numbers beside the shipped ones.
        assumptions: What a reader assumes of reported numbers.
        marks_stale: Whether to compare the results with this program's source.

    Raises:
        ReportedError: If a file of reported numbers does not hold what it must.
        ResultError: If results contradict each other.
        UsageError: If an assumption can be made of no number.
    """
    from benchmark.cli.predicted import Predicted
    from benchmark.evidence import assume
    from benchmark.evidence.reported import load_with
    from benchmark.report import leaderboard
    from benchmark.store import files

    wanted = tuple(assumptions)
    numbers = assume.fill(load_with(files_of_others), wanted)
    loaded = files.read_all(results, curves_of=())
    predicted = Predicted(results)
    checks = predicted.checks(loaded.results)
    kept = predicted.kept(loaded.results)
    broken = (*loaded.broken, *predicted.damaged)
    changed, unsourced = stale(kept) if marks_stale else ({}, [])
    return leaderboard.render(
        kept, broken, [each.entry for each in numbers], matrix=matrix,
        floor_checks=checks, stale=changed, unsourced=unsourced,
        assumed=assume.told(numbers, wanted),
    )  # fmt: skip


def printed(
    results: Path,
    matrix: Matrix | None,
    *,
    files_of_others: Iterable[Path] = (),
    assumptions: Iterable[Assumption] = (),
) -> str:
    """Return the board for a person who has this program: its rows say what is stale.

    Raises:
        CslbenchError: As `rendered`.
    """
    return rendered(
        results, matrix, files_of_others=files_of_others, assumptions=assumptions, marks_stale=True
    )


def written(results: Path, matrix: Matrix | None, *, files_of_others: Iterable[Path] = ()) -> str:
    """Write the board and return it."""
    from benchmark.store import atomic

    text = rendered(results, matrix, files_of_others=files_of_others)
    atomic.write(path(results), text.encode())
    return text


def is_current(results: Path, text: str) -> bool:
    """Say whether the written board is this text; where there is no result, none is needed."""
    from benchmark.store import files

    place = path(results)
    if place.exists():
        return place.is_file() and place.read_bytes() == text.encode()
    loaded = files.read_all(results, curves_of=())
    return not loaded.results and not loaded.broken


def stale(results: Iterable[Result]) -> tuple[dict[str, str], list[str]]:
    """Return what has changed since results were made, in words, by their ids.

    Beside it stands why of some nothing is known, each once: the sources of a plugin that was not
    named, or of a stranger's package, are not here. That is not a change.
    """
    from benchmark.errors import UsageError
    from benchmark.store.closure import Sources, words

    found, unknown, sources = dict[str, str](), set[str](), Sources()
    for result in results:
        if result.final:
            try:
                found[result.id] = words(sources.stale(result))
            except UsageError as error:
                unknown.add(str(error).partition(" (known: ")[0])
    changed = {name: text for name, text in found.items() if text}
    return changed, [f"sources not found: {each} ({_PLUGIN})" for each in sorted(unknown)]


def own(text: str) -> str:
    """Return a board without what others published, which fills screens."""
    return text.partition(OTHERS)[0].rstrip()
