"""How exact each row was found to be, kept beside the results: `doctor.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from benchmark.store import atomic, files
from benchmark.store.result import Execution, Record, Result

Level: TypeAlias = Literal["D0", "D1", "D2", "D3"]
"""D0 seeded; D1 two processes give the same bits; D2 beside others too; D3 on other devices too."""
Key: TypeAlias = tuple[str, str, str, str]


class Finding(Record):
    """One row's level, in one execution."""

    method: str
    dataset: str
    encoder: str
    level: Level
    steps: int
    """Optimiser steps that were compared."""
    tensor: str | None
    """The first that differed, in the order of the state dicts of encoder and extraction."""
    step: int | None
    """The first at which the loss differed."""
    execution: Execution
    measured: str
    """When, UTC, ISO 8601."""

    @property
    def key(self) -> Key:
        """Return what the level is of."""
        return self.method, self.dataset, self.encoder, _written(self.execution)


class _File(Record):
    schema_version: Literal[1] = 1
    findings: tuple[Finding, ...]


def load(root: Path) -> tuple[Finding, ...]:
    """Return what was found; nothing where there is no file.

    Raises:
        ResultError: If the file is damaged.
    """
    path = root / files.DOCTOR_FILE
    return files.read_record(path, _File).findings if path.exists() else ()


def save(root: Path, found: Iterable[Finding]) -> Path:
    """Add findings to a folder's, in place of older ones of the same row and execution.

    Of several at once the lowest level counts: a row may have cells with other budgets.

    Raises:
        ResultError: If the file is damaged or cannot be written.
    """
    worst_last = sorted(found, key=lambda finding: finding.level, reverse=True)
    merged = {finding.key: finding for finding in (*load(root), *worst_last)}
    content = _File(findings=tuple(merged[key] for key in sorted(merged)))
    path = root / files.DOCTOR_FILE
    atomic.write(path, content.model_dump_json(indent=1).encode() + b"\n")
    return path


def noted(result: Result, findings: Sequence[Finding]) -> Result:
    """Return a result with the level that was found in its very execution, if one was."""
    if not findings:
        return result
    cell = result.cell
    key = (cell.method, cell.dataset, cell.encoder, _written(result.execution))
    level = next((finding.level for finding in findings if finding.key == key), None)
    if level is None:
        return result
    execution = result.execution.model_copy(update={"determinism": level})
    return result.model_copy(update={"execution": execution})


def _written(execution: Execution) -> str:
    """Write an execution in one form, without the level: what was measured, not what was found."""
    return json.dumps(execution.model_dump(exclude={"determinism"}), sort_keys=True)
