"""`KIND:WHERE`, as it is typed, to what watches."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec

from benchmark.errors import UsageError, unknown
from benchmark.reading import plain
from benchmark.watch import notify
from benchmark.watch.interface import Background, Watched
from benchmark.watch.tracker import Opening, Tracker

_NOTIFIERS = {"jsonl": notify.jsonl, "command": notify.command}
TRACKERS = ("tensorboard", "mlflow", "wandb")
"""Each a package that is no dependency, and a module beside this one."""


def watchers(
    notified: Sequence[str], tracked: Sequence[str], run: Watched, warn: Callable[[str], None]
) -> list[Background]:
    """Return what watches a run, nothing begun.

    Raises:
        UsageError: If a kind is unknown, a package missing or unusable, a command or file not to
            be had.
    """
    return [*_notifiers(notified, run, warn), *_trackers(tracked, run, warn)]


def _notifiers(
    given: Sequence[str], run: Watched, warn: Callable[[str], None]
) -> Iterator[Background]:
    for text in given:
        kind, where = _parted("--notify", text, tuple(_NOTIFIERS))
        yield Background(f"--notify {text}", notify.Notifier(run, _NOTIFIERS[kind](where)), warn)


def _trackers(
    given: Sequence[str], run: Watched, warn: Callable[[str], None]
) -> Iterator[Background]:
    for text in given:
        kind, where = _parted("--track", text, TRACKERS)
        yield Background(f"--track {text}", Tracker(_opening(kind, where, run)), warn)


def _opening(kind: str, where: str, run: Watched) -> Opening:
    found = find_spec(kind)
    if found is None or found.origin is None:  # a mere folder: `wandb/` of an offline run
        raise UsageError(f"--track {kind}: {kind} is not installed; run `pip install {kind}`")
    try:
        opening: Opening = importlib.import_module(f"benchmark.watch.{kind}").opening(where, run)
    except UsageError:
        raise
    except Exception as error:  # of code that is not ours, in whichever version is there
        words = str(error).strip().partition("\n")[0] or type(error).__name__
        raise UsageError(
            f"--track {kind}: {plain(words)}; if {kind} is old or broken, "
            f"run `pip install --upgrade {kind}`"
        ) from error
    return opening


def _parted(option: str, text: str, known: tuple[str, ...]) -> tuple[str, str]:
    kind, _, where = text.partition(":")
    if kind not in known:
        raise UsageError(f"{option} {text}: {unknown('kind', kind, known)}")
    if not where:
        raise UsageError(f"{option} {text}: nothing after the colon; write {kind}:WHERE")
    return kind, where
