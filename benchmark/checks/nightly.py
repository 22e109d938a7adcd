"""A night: which replicates it runs, what it is held against, and what its suspects are run on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.errors import CslbenchError, UsageError
from benchmark.evidence.gate.decide import Decision, Fresh, Rerun, Unmeasured, decide
from benchmark.evidence.gate.findings import Rule
from benchmark.matrix import rotate
from benchmark.matrix.model import Matrix
from benchmark.store import held, nights, revision
from benchmark.store.files import Loaded
from benchmark.store.nights import Night, Past
from benchmark.store.revision import Commit

Run = Callable[[Matrix, Path], None]
"""Runs what a results folder lacks of a matrix; what becomes of a cell, its result says."""
RunBefore = Callable[[Commit, Matrix, Path], str | None]
"""The same under another commit; returns why it could not."""


@dataclass(frozen=True)
class Baseline:
    """What a night is held against."""

    given: str
    loaded: Loaded
    commit: Commit | None
    """Under which suspects are run again, too; None where the baseline is a folder."""
    notes: tuple[str, ...] = ()
    """What is left out of it, and what a folder means for suspects."""


@dataclass(frozen=True)
class Tonight:
    """One night, begun or not."""

    name: str
    folder: Path
    part: Matrix
    """With the replicates of this night."""
    record: Night
    baseline: Baseline
    past: tuple[Past, ...]
    """All other nights of the history."""

    @property
    def keys(self) -> set[str]:
        """Return what the replicates of each row have in common."""
        return {rotate.row_key(cell) for cell in self.part.cells}


FOLDER = (
    "the baseline is a folder: suspects are run again under the present code alone, and the "
    "baseline's own replicates stay, so that an unlucky baseline errs at both looks; name a git "
    "revision to run both commits"
)


def tonight(part: Matrix, history: Path, name: str, baseline: str) -> Tonight:
    """Return a night of a matrix; one that has begun goes on with its replicates.

    The replicates are the next ones after all that any night of the history used, the baseline
    holds, or the matrix itself names, so that none is looked at twice.

    Raises:
        UsageError: if the night was begun with other cells or another baseline, or the baseline
            is neither a folder nor a revision, or the night itself.
        ResultError: if the history, or the night's record, cannot be read.
    """
    every = nights.load(history)
    past = tuple(night for night in every if night.name != name)
    before = tuple(night for night in past if night.name < name)
    rows = {rotate.row_key(cell) for cell in part.cells}
    _refuse_itself(baseline, history, name)
    against = _baseline(baseline, history, before, rows)
    begun = nights.record(history / name)
    digest = nights.digest(part.cells)
    if begun is None:
        taken = {*nights.used(past), *rotate.replicates(part)}
        taken |= {result.cell.replicate for result in against.loaded.results}
        begun = Night(
            matrix=part.name, cells=digest, baseline=baseline,
            replicates=nights.unused(taken, len(rotate.replicates(part))),
        )  # fmt: skip
    elif (begun.cells, begun.baseline) != (digest, baseline):
        raise UsageError(
            f"{history / name}: this night was begun with "
            f"{'another baseline' if begun.cells == digest else 'other cells'} "
            f"(matrix {begun.matrix!r}, baseline {begun.baseline!r}); the same command goes on "
            "with it, --night DATE begins another"
        )
    shown = rotate.rotated(part, begun.replicates)
    return Tonight(name, history / name, shown, begun, against, past)


def _refuse_itself(given: str, history: Path, name: str) -> None:
    """Refuse a folder whose results are tonight's own: nothing is worse than itself.

    Raises:
        UsageError: if it is the night's folder, in it, or holds the history without being it.
    """
    if not given or not Path(given).is_dir():
        return
    folder, root = Path(given).resolve(), history.resolve()
    if (root / name).resolve() in (folder, *folder.parents):
        raise UsageError(f"--baseline {given}: that is the night {name} itself; name another one")
    if folder in root.parents:
        raise UsageError(
            f"--baseline {given}: the history {history} lies in it, and tonight's results with it; "
            "name the history itself, or a results folder beside it"
        )


def _baseline(given: str, history: Path, before: Sequence[Past], rows: set[str]) -> Baseline:
    """Read a baseline: a history of nights, a results folder, or those of a git revision."""
    folder = Path(given)
    named = bool(given) and "\0" not in given  # no path has that, and resolving one raises
    if named and folder.resolve() == history.resolve():
        loaded, said = nights.baseline(before)
        notes = [*said, FOLDER]
    elif given and folder.is_dir() and nights.names(folder):
        loaded, said = nights.baseline(nights.load(folder))
        notes = [*said, FOLDER]
    else:
        with revision.folder(given) as root:
            loaded, notes = held.read_noted(root), [FOLDER] if root == folder else []
    commit = None if notes else revision.commit(given)
    return Baseline(given, _of_rows(loaded, rows), commit, tuple(notes))


def hold(night: Tonight, rule: Rule, run: Run, run_before: RunBefore) -> Decision:
    """Run a night and decide it; suspects are run again and decided by that alone.

    Whatever becomes of a cell, or of the whole run, the gate is asked.
    """
    nights.write(night.folder, night.record)
    results = night.folder / "results"
    missing = _tried("run", lambda: run(night.part, results))
    new, old = _of_rows(held.read_noted(results), night.keys), night.baseline.loaded
    missing += _without_result(night, new, old)
    decision = decide(new, old, rule, missing=missing)
    if decision.reruns:
        fresh, more = _again(night, decision.reruns, run, run_before)
        decision = decide(new, old, rule, fresh, [*missing, *more])
    record = nights.record(night.folder) or night.record
    nights.write(night.folder, record.model_copy(update={"kind": decision.kind}))
    return decision


def _of_rows(found: Loaded, rows: set[str]) -> Loaded:
    kept = tuple(r for r in found.results if rotate.row_key(r.cell) in rows)
    return Loaded(kept, found.broken)


def _tried(name: str, work: Callable[[], None]) -> list[Unmeasured]:
    """Return what was wrong where nothing could be run: the gate is asked all the same."""
    try:
        work()
    except CslbenchError as error:
        return [Unmeasured(name, str(error))]
    return []


def _without_result(night: Tonight, new: Loaded, old: Loaded) -> list[Unmeasured]:
    """Name every cell without a result, but for rows that the gate itself finds missing."""
    there = {result.id for result in new.results}
    said = {rotate.row_key(r.cell) for r in old.results}
    said -= {rotate.row_key(r.cell) for r in new.results}
    return [
        Unmeasured(cell.label, "no result")
        for cell in night.part.cells
        if cell.pretrain_id not in there and rotate.row_key(cell) not in said
    ]


def _again(
    night: Tonight, reruns: Sequence[Rerun], run: Run, run_before: RunBefore
) -> tuple[Fresh, list[Unmeasured]]:
    """Run suspects on replicates that nobody has used, under both commits where there are two."""
    count = max(len(each.replicates) for each in reruns)
    indices = _fresh(night, count)
    wanted = {each.key: indices[: len(each.replicates)] for each in reruns}
    part = replace(rotate.with_replicates(night.part, wanted), name=f"{night.part.name}-again")
    new, old = night.folder / "fresh", night.folder / "fresh-baseline"
    missing = _tried("run again", lambda: run(part, new))
    commit = night.baseline.commit
    if commit is None:
        return Fresh(held.read_noted(new), None), missing
    reason = run_before(commit, part, old)
    if reason is not None:
        missing.append(Unmeasured("run again under the baseline's commit", reason))
    return Fresh(held.read_noted(new), held.read_noted(old)), missing


def _fresh(night: Tonight, count: int) -> tuple[int, ...]:
    """Return the replicates of the second look, and keep them for the next try."""
    record = nights.record(night.folder) or night.record
    if len(record.fresh) < count:
        taken = {*nights.used(night.past), *record.replicates, *record.fresh}
        taken |= {result.cell.replicate for result in night.baseline.loaded.results}
        more = nights.unused(taken, count - len(record.fresh))
        record = record.model_copy(update={"fresh": (*record.fresh, *more)})
        nights.write(night.folder, record)
    return record.fresh[:count]
