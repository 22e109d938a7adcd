"""The leaderboard: results beside what others reported, as Markdown; a pure function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from benchmark.evidence.floor import FloorCheck
from benchmark.evidence.reported import Reported
from benchmark.report import absent, markdown, measured, published, words
from benchmark.report.grouping import latest, tables
from benchmark.report.rows import Table
from benchmark.store.result import Result

if TYPE_CHECKING:
    from benchmark.matrix.model import Matrix
    from benchmark.store.files import Broken

_READING = (
    "Each row is a method, frozen after training and scored by a linear probe (multinomial "
    "logistic regression) on the test images. Rows are comparable **within** a table only: "
    "between tables dataset, encoder, training or budget differ. Within one, rows of different "
    "resolutions are not comparable either.",
    "The interval is the 95 % t interval of the mean over **n** replicates. Replicate k has the "
    "same data order, initial encoder and probe split for every method.",
    "**Floor**: the same encoder, untrained (`random_init`), seeing the same kind of view (whole "
    "images, or patches) at the same resolution. **Ceiling**: the same encoder trained with labels "
    "(`supervised`).",
    "**Verdict** compares with the reported number that is nearest in method, dataset and "
    "protocol. A number from a small budget is no reproduction of a paper's: where budgets, "
    "encoders or protocols differ or are unknown, the verdict says so and judges nothing.",
)
_TESTED = (
    "Each replicate is tested against its own floor on the same test images: McNemar's exact test, "
    "Holm-corrected over the methods and replicates of a table, p < 0.01. Where test images depend "
    "on each other (patches of one tile) the same is done by flipping signs tile by tile, and that "
    "p decides on the mark. Each test is of one trained model on these images; a claim that a "
    "method gains is tested over replicates, and may hold where no single model is above its floor."
)
_EMBEDDED = {
    "photos": "`photos` is a small embedded set that shows whether everything works: its ranking "
    "of methods says nothing about natural images.",
    "digits": "`digits` is a small embedded set that shows whether everything works: its ranking "
    "of methods says nothing about natural images.",
}


def render(
    results: Iterable[Result],
    broken: Sequence[Broken],
    reported: Sequence[Reported],
    *,
    matrix: Matrix | None = None,
    floor_checks: Iterable[FloorCheck] | None = None,
    stale: Mapping[str, str] | None = None,
    unsourced: Sequence[str] = (),
    assumed: Sequence[str] = (),
) -> str:
    """Return the board as Markdown: the same bytes for the same arguments, in any order.

    Args:
        results: Of any cells; of two of one cell the last to finish is shown.
        broken: Files that should be results and cannot be read.
        reported: What others published.
        matrix: What should be there; without it nothing is known to be missing.
        floor_checks: Tests against the floor, where predictions were kept.
        stale: What has changed since a result was made, in words, by its id. That depends on the
            program that looks, so nothing of it is in a board that is kept.
        unsourced: Why of some results that cannot be said, in sentences; likewise.
        assumed: What a reader assumes of the reported numbers, in sentences.
    """
    shown = latest(results)
    checks = None if floor_checks is None else {check.id: check for check in floor_checks}
    found = tables(shown, matrix.cells if matrix else (), stale or {})
    unreadable = sorted(broken, key=lambda file: (file.path.as_posix(), file.reason))
    told = [*map(markdown.escape, assumed), *_header(shown, found, checks, matrix)]
    parts = ["# Leaderboard", markdown.bullets(told)]
    for dataset in sorted({table.cell.dataset for table in found}):
        parts.append(f"## {markdown.escape(dataset)}")
        own = (table for table in found if table.cell.dataset == dataset)
        parts += [measured.section(table, reported, checks) for table in own]
    parts.append(absent.section(found, unreadable, matrix))
    parts.append(markdown.bullets([markdown.escape(text) for text in unsourced]))
    parts.append(published.section(reported, found))
    return "\n\n".join(filter(None, parts)) + "\n"


def _header(
    results: Sequence[Result],
    found: Sequence[Table],
    checks: dict[str, FloorCheck] | None,
    matrix: Matrix | None,
) -> Iterator[str]:
    if not results:
        yield "There are no results yet."
    if found:
        yield from _READING
    if checks:
        yield _TESTED
    names = {table.cell.dataset.partition("[")[0] for table in found}
    yield from (text for name, text in _EMBEDDED.items() if name in names)
    if results:
        yield _counted(results, matrix)
        yield _programs(results)
        yield _executions(results)


def _counted(results: Sequence[Result], matrix: Matrix | None) -> str:
    states = Counter(result.status.replace("_", " ") for result in results)
    parts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    told = f"Results: {words.grouped(len(results))} ({parts})."
    if matrix is None:
        return told
    done = {result.id for result in results if result.final}
    count = sum(cell.pretrain_id in done for cell in matrix.cells)
    name = markdown.escape(matrix.name)
    return f"{told} Of the matrix {name}, {count} of {len(matrix.cells)} cells have a number."


def _programs(results: Sequence[Result]) -> str:
    """Name the versions and commits of the program that the results came from."""
    versions = sorted({r.execution.versions.get("cslbench", "unknown") for r in results})
    commits = sorted({_commit(result) for result in results})
    named = ["from a checkout" if v == "not installed" else v for v in versions]
    told = f"Made by cslbench {', '.join(named)}; {', '.join(commits)}."
    return markdown.escape(told)


def _commit(result: Result) -> str:
    origin = result.provenance
    if origin.commit is None:
        return "not from a checkout"
    return f"commit {origin.commit[:10]}" + (" with uncommitted changes" if origin.dirty else "")


def _executions(results: Sequence[Result]) -> str:
    """Name what the results ran on, and warn where that is not one thing."""
    kinds = Counter(words.execution(result.execution) for result in results)
    if len(kinds) == 1:
        return markdown.escape(f"Run on {next(iter(kinds))}.")
    listed = "; ".join(f"{name} ({count})" for name, count in sorted(kinds.items()))
    return markdown.escape(
        f"Run on {len(kinds)} kinds of execution, whose results agree in distribution but not bit "
        f"for bit: {listed}."
    )
