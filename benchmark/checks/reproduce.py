"""Run the cell of a result file again, from the file alone, and judge what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from benchmark.checks import rebuild
from benchmark.checks.diff import Change, Difference, diff
from benchmark.engines.engine import Event, Finished, Options, Work
from benchmark.errors import UsageError
from benchmark.store import files
from benchmark.store.result import Result

Verdict: TypeAlias = Literal["identical", "within tolerance", "different"]

_MOST_THREADS = 1024
_OWN = "versions.cslbench"
"""Another version of this program excuses no other number, as another library's does."""


@dataclass(frozen=True)
class Stored:
    """A result, and the file that it came in."""

    path: Path
    result: Result


@dataclass(frozen=True)
class Reproduction:
    """What came of running a cell again."""

    path: Path
    """The file that was run again."""
    verdict: Verdict
    reason: str
    """In words: what differs, or what is equal in spite of another environment."""
    difference: Difference
    """A is what was stored, B what came now."""


def gather(paths: Iterable[Path]) -> list[Stored]:
    """Return the finished results of files and folders.

    Raises:
        ResultError: If a file is no result, or in a folder one is not.
        UsageError: If a file holds no number, no folder does, or a cell cannot be made any more.
    """
    found = [stored for path in paths for stored in _read(path)]
    if not found:
        raise UsageError("there is no finished result to reproduce")
    for stored in found:
        rebuild.row(stored.result.cell)
        rebuild.protocols(stored.result)
        threads = stored.result.execution.threads
        if not 1 <= threads <= _MOST_THREADS:
            raise UsageError(f"{stored.path}: was run on {threads} threads; 1 to {_MOST_THREADS}")
    return found


def reproduce(
    found: Sequence[Stored],
    *,
    options: Options,
    scratch: Path,
    on_event: Callable[[Event], None],
    tell: Callable[[Reproduction], None],
) -> None:
    """Run every result's cell in worker processes and tell each verdict as it comes.

    Args:
        found: The results, from `gather`.
        options: Workers, data and plugins; threads and device are each result's own.
        scratch: The only folder that is written into.
        on_event: Told what the engine tells.
        tell: Told each verdict.

    Raises:
        CslbenchError: If data or request are at fault.
        Interrupted: After SIGINT or SIGTERM.
    """
    from benchmark.engines.local import LocalEngine

    for batch in _batches(found):
        first = next(iter(batch.values())).result.execution
        own = replace(options, threads=first.threads, device=_device(first.device))
        works = [Work(s.result.cell, rebuild.protocols(s.result)) for s in batch.values()]
        LocalEngine().run(works, options=own, on_event=_judge(batch, scratch, on_event, tell))


def judge(path: Path, stored: Result, again: Result) -> Reproduction:
    """Compare a stored result with one of the same cell that was made now."""
    found = diff(stored, again)
    moved = [change for change in found.environment if _excuses(change)]
    if _identical(found, stored):
        reason = f"in spite of {_words(moved)}" if moved else ""
        return Reproduction(path, "identical", reason, found)
    same_data = not any(change.field == "dataset_sha256" for change in found.provenance)
    if moved and same_data and not found.cell and again.final and not _outside(stored, again):
        kinds = {change.field for change in moved} & {"processor", "device"}
        machine = "another machine kind" if kinds else "same machine kind"
        return Reproduction(path, "within tolerance", f"{machine}; {_words(moved)}", found)
    return Reproduction(path, "different", "; ".join(_reasons(stored, again, found)), found)


def _read(path: Path) -> Iterator[Stored]:
    if not path.is_dir():
        result = files.read(path)
        if not result.final:
            raise UsageError(f"{path}: is {result.status}, so there is no number to reproduce")
        yield Stored(path, result)
        return
    for each in files.candidates(path):  # also of a part of a results folder
        result = files.read(each)
        if result.final:
            yield Stored(each, result)


def _batches(found: Sequence[Stored]) -> Iterator[dict[str, Stored]]:
    """Yield what one engine can run: the same threads and device, and each cell once, by id."""
    batches: list[dict[str, Stored]] = []
    for stored in found:
        name, how = stored.result.id, _how(stored)
        fits = (b for b in batches if name not in b and _how(next(iter(b.values()))) == how)
        batch = next(fits, None)
        if batch is None:
            batches.append(batch := {})
        batch[name] = stored
    yield from batches


def _how(stored: Stored) -> tuple[int, str]:
    return stored.result.execution.threads, stored.result.execution.device


def _device(recorded: str) -> Literal["cpu", "cuda"]:
    """Return the device that a result was made on if there is one here, else the CPU."""
    if recorded != "cuda":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _judge(
    batch: dict[str, Stored],
    scratch: Path,
    on_event: Callable[[Event], None],
    tell: Callable[[Reproduction], None],
) -> Callable[[Event], None]:
    """Return what writes each result into the scratch folder, reads it back and judges it."""

    def take(event: Event) -> None:
        on_event(event)
        if isinstance(event, Finished):
            stored = batch[event.result.id]
            again = files.read(files.write(scratch, event.result, event.predictions))
            tell(judge(stored.path, stored.result, again))

    return take


def _identical(found: Difference, stored: Result) -> bool:
    predicted = any(change.field == "predictions_sha256" for change in found.provenance)
    return found.same_numbers and not (predicted and stored.provenance.predictions_sha256)


def _excuses(change: Change) -> bool:
    """Say whether a difference of the environment may move the last bits."""
    library = change.field.startswith("versions.") and change.field != _OWN
    return library or change.field in ("device", "processor", "threads")


def _outside(stored: Result, again: Result) -> list[str]:
    """Return, in words, every top-1 that lies outside of the stored interval."""
    return [
        f"{name} top-1 is {again.metrics[name].top1.value:.2f} %, stored "
        f"{score.top1.value:.2f} [{score.top1.low:.2f}, {score.top1.high:.2f}]"
        for name, score in stored.metrics.items()
        if not score.top1.low <= again.metrics[name].top1.value <= score.top1.high
    ]


def _reasons(stored: Result, again: Result, found: Difference) -> Iterator[str]:
    if not again.final:
        yield f"{again.status}: {again.error}"
    moved = [change for change in found.environment if change.field != "determinism"]
    yield _words(moved) if moved else "the environment is the same"
    origin = [c for c in found.provenance if c.field in ("dataset_sha256", "commit", "dirty")]
    if origin:
        yield _words(origin)
    if found.curve is not None:
        step, a, b = found.curve.step, found.curve.a, found.curve.b
        yield f"the curves part at step {step} (loss {a}, now {b})"
    elif found.weights:
        yield "the weights differ, the curves do not"
    if again.final:
        outside = _outside(stored, again)
        yield from outside or _first(found)


def _first(found: Difference) -> Iterator[str]:
    """Yield the first number that differs, or else that only predictions do."""
    if found.metrics:
        first = found.metrics[0]
        name = first.field.replace(".top1.value", " top-1").replace(".top5.value", " top-5")
        yield _words([replace(first, field=name)])
    elif found.same_numbers:
        yield "the predictions differ, the numbers do not"


def _words(changes: Iterable[Change]) -> str:
    return ", ".join(
        f"{change.field.removeprefix('versions.')} {_short(change.a)}, now {_short(change.b)}"
        for change in changes
    )


def _short(value: object) -> str:
    """Shorten a hash, which is the one long thing among what a result came from."""
    text = str(value)
    return text[:12] if len(text) >= 40 else text
