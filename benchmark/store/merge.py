"""Join results folders from several machines: identical ones once, conflicts named, never guessed.

Two results of one cell are identical if weights, metrics, curve and predictions are: where and when
they were made may differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from benchmark.store import files, invariants
from benchmark.store.files import Broken
from benchmark.store.result import Result, Score


@dataclass(frozen=True)
class Source:
    """A result in one of the folders."""

    root: Path
    result: Result

    @property
    def path(self) -> Path:
        """Return where it lies."""
        return self.root / files.relative_path(self.result.cell)


@dataclass(frozen=True)
class Conflict:
    """Two results of one cell that cannot both be kept."""

    first: Source
    second: Source
    differs: tuple[str, ...]
    """What, with both numbers."""


@dataclass(frozen=True)
class Merge:
    """What joining would do; nothing is written yet."""

    winners: tuple[Source, ...]
    """One result a cell, in the order of their paths."""
    conflicts: tuple[Conflict, ...]
    broken: tuple[Broken, ...]
    repeated: int
    """Results that another makes needless: the same once more, or a failure beside a number."""


@dataclass
class _Found:
    sources: dict[str, list[Source]] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)


def plan(roots: Sequence[Path], prefer: Path | None = None) -> Merge:
    """Read all folders and choose one result a cell.

    Of identical ones that with predictions stays, then the one that was finished first, then the
    one whose folder was named first. A final result beats one that came to nothing.

    Args:
        roots: The folders.
        prefer: That of them whose results win where numbers differ.
    """
    found = _Found()
    for root in roots:
        _read(found, root)
    winners, conflicts = [], []
    for sources in found.sources.values():
        final = [source for source in sources if source.result.final]
        best, conflict = _choose(final or sources, prefer)
        winners.append(best)
        conflicts += [conflict] if conflict else []
    repeated = sum(map(len, found.sources.values())) - len(winners)
    ordered = sorted(winners, key=lambda source: files.relative_path(source.result.cell))
    return Merge(tuple(ordered), tuple(conflicts), tuple(found.broken), repeated)


def write(merge: Merge, into: Path) -> int:
    """Write every winner that does not lie there already; return how many.

    Raises:
        ResultError: If the folder cannot be written, or predictions changed since they were read.
    """
    files.check_folder(into)
    count = 0
    for source in merge.winners:
        if source.root.resolve() != into.resolve():
            kept = files.read_predictions(source.root, source.result)
            files.write(into, source.result, kept)
            count += 1
    return count


def differences(first: Result, second: Result) -> tuple[str, ...]:
    """Say what two results of one cell do not have in common, provenance left out."""
    if not (first.final and second.final):
        return ()
    return tuple(_differences(first, second))


def _read(found: _Found, root: Path) -> None:
    """Add what lies in a folder; a result must hold by itself and by what lies beside it."""
    loaded = files.read_all(root)
    found.broken += loaded.broken
    for result in loaded.results:
        source = Source(root, result)
        breaches = [*invariants.one(source.path, result)]
        found.broken += [Broken(Path(path), sentence) for path, sentence in breaches]
        if not breaches:
            found.sources.setdefault(result.id, []).append(source)


def _choose(sources: Sequence[Source], prefer: Path | None) -> tuple[Source, Conflict | None]:
    """Return the result that stays, and the first conflict that nothing settles."""
    ordered = sorted(sources, key=_rank)  # stable: folders named first come first
    preferred = [source for source in ordered if prefer is not None and source.root == prefer]
    best = (preferred or ordered)[0]
    if preferred:
        return best, None
    for other in ordered[1:]:
        if differs := differences(best.result, other.result):
            return best, Conflict(best, other, differs)
    return best, None


def _rank(source: Source) -> tuple[bool, str]:
    origin = source.result.provenance
    return origin.predictions_sha256 is None, origin.finished


def _differences(first: Result, second: Result) -> Iterator[str]:
    if first.status != second.status:
        yield f"status {first.status} against {second.status}"
    ours, theirs = first.provenance, second.provenance
    if ours.weights_sha256 != theirs.weights_sha256:
        yield f"weights {_short(ours.weights_sha256)} against {_short(theirs.weights_sha256)}"
    for name in sorted({*first.metrics, *second.metrics}):
        one, other = first.metrics.get(name), second.metrics.get(name)
        if one != other:
            yield f"{name} {_shown(one)} against {_shown(other)}"
    for here, there in zip_longest(first.curve, second.curve):
        if here != there:
            step = min(point.step for point in (here, there) if point is not None)
            yield f"the curve from step {step} on"
            break
    hashes = ours.predictions_sha256, theirs.predictions_sha256
    if None not in hashes and hashes[0] != hashes[1]:
        yield f"predictions {_short(hashes[0])} against {_short(hashes[1])}"


def _short(sha: str | None) -> str:
    return "none" if sha is None else f"{sha[:12]}..."


def _shown(score: Score | None) -> str:
    if score is None:
        return "no score"
    top5 = "" if score.top5 is None else f", top-5 {score.top5.value!r}"
    return f"{score.top1.value!r} [{score.top1.low!r}, {score.top1.high!r}]{top5}"
