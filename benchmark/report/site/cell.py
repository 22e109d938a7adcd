"""The page of one row: its replicates, what they cost, and where they came from, as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from markupsafe import Markup

from benchmark.evidence.floor import FloorCheck
from benchmark.report import words
from benchmark.report.rows import Row
from benchmark.store import files
from benchmark.store.result import Metric, Result

Counts: TypeAlias = Sequence[Sequence[int]]
"""(K, K) test images, by their class and by the predicted one."""

WIDEST = 25
"""Classes of the largest confusion matrix that is shown whole."""
_SHADES = 9
_MOST = 20
"""Confusions that are listed in place of a larger matrix."""


@dataclass(frozen=True)
class Fact:
    """One thing, replicate by replicate; one value where all agree."""

    name: str
    values: tuple[str, ...]


def facts(row: Row) -> dict[str, list[Fact]]:
    """Return ledger, sanity, execution and provenance, section by section."""
    return {
        title: [fact for name, get in section if (fact := _fact(row, name, get))]
        for title, section in _SECTIONS.items()
    }


def replicates(row: Row, data: str) -> list[dict[str, Any]]:
    """Return each replicate with its scores and the place of its file.

    Args:
        row: The row.
        data: What the path of a result under its results folder is put behind.
    """
    return [
        {
            "number": result.cell.replicate,
            "id": result.id,
            "status": result.status.replace("_", " "),
            "error": result.error,
            "scores": {name: _score(score.top1) for name, score in result.metrics.items()},
            "file": file,
            "href": data + file,
        }
        for result in row.results
        for file in [files.relative_path(result.cell).as_posix()]
    ]


def tests(row: Row, checks: Mapping[str, FloorCheck] | None) -> list[FloorCheck]:
    """Return the tests of a row against its floor."""
    return [check for cell in row.cells if (check := (checks or {}).get(cell.pretrain_id))]


def confusion(row: Row, counted: Mapping[str, Counts]) -> dict[str, Any] | None:
    """Return where a row's test images went, over its replicates; None if that is not known."""
    found = [counted[result.id] for result in row.final if result.id in counted]
    if not found or len({len(each) for each in found}) > 1:
        return None
    total = [[sum(cells) for cells in zip(*lines, strict=True)] for lines in zip(*found)]  # noqa: B905
    size = len(total)
    if size > WIDEST:
        pairs = [(n, a, b) for a, line in enumerate(total) for b, n in enumerate(line) if a != b]
        most = sorted((each for each in pairs if each[0]), key=lambda each: (-each[0], each))
        return {"size": size, "most": most[:_MOST], "replicates": len(found)}
    return {"size": size, "lines": list(map(_shaded, total)), "replicates": len(found)}


def _shaded(line: Sequence[int]) -> Markup:
    """Return a row's cells, shaded by their share: whole numbers, which need no escaping.

    A template would take a third of the time of a large site for them.
    """
    whole = sum(line) or 1
    cells = (f'<td class="h{round(_SHADES * n / whole)}">{n:d}</td>' for n in line)
    return Markup("".join(cells))


def _score(metric: Metric) -> str:
    return f"{metric.value:.1f} [{metric.low:.1f}, {metric.high:.1f}]"


def _fact(row: Row, name: str, get: Callable[[Result], object]) -> Fact | None:
    values = tuple(_text(get(result)) for result in row.results)
    if not any(values):
        return None
    return Fact(name, values[:1] if len(set(values)) == 1 else values)


def _text(value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return words.grouped(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _of(part: str, name: str) -> Callable[[Result], object]:
    """Return what reads a field of a part that a failed cell lacks."""
    return lambda result: getattr(getattr(result, part), name, None)


def _commit(result: Result) -> str:
    found = result.provenance
    changed = " with uncommitted changes" if found.dirty else ""
    return f"{found.commit}{changed}" if found.commit else "not from a checkout"


_SECTIONS: dict[str, list[tuple[str, Callable[[Result], object]]]] = {
    "Ledger": [
        ("images", _of("ledger", "images")),
        ("steps", _of("ledger", "steps")),
        ("epochs", _of("ledger", "epochs")),
        ("FLOPs", _of("ledger", "flops")),
        ("training, seconds", _of("ledger", "train_seconds")),
        ("evaluation, seconds", _of("ledger", "evaluate_seconds")),
        ("images a second", _of("ledger", "images_per_second")),
        ("encoder parameters", _of("ledger", "encoder_parameters")),
        ("parameters of heads", _of("ledger", "extraction_parameters")),
        ("peak memory, bytes", _of("ledger", "peak_memory_bytes")),
        ("calibration", _of("ledger", "calibration")),
    ],
    "Sanity": [
        ("feature std (1 isotropic, 0 collapsed)", _of("sanity", "feature_std")),
        ("effective rank (RankMe)", _of("sanity", "effective_rank")),
        ("alignment", _of("sanity", "alignment")),
        ("uniformity", _of("sanity", "uniformity")),
        ("collapsed", _of("sanity", "collapsed")),
        ("encoder untouched by the probes", _of("sanity", "encoder_untouched")),
    ],
    "Provenance": [
        ("command", _of("provenance", "command")),
        ("commit", _commit),
        ("run on", lambda result: words.execution(result.execution)),
        ("determinism", _of("execution", "determinism")),
        ("versions", lambda r: ", ".join(f"{k} {v}" for k, v in r.execution.versions.items())),
        ("finished", _of("provenance", "finished")),
        ("dataset SHA-256", _of("provenance", "dataset_sha256")),
        ("official dataset", _of("provenance", "dataset_official")),
        ("weights SHA-256", _of("provenance", "weights_sha256")),
        ("predictions SHA-256", _of("provenance", "predictions_sha256")),
        ("checkpoint", _of("provenance", "checkpoint_name")),
        ("checkpoint SHA-256", _of("provenance", "checkpoint_sha256")),
    ],
}
