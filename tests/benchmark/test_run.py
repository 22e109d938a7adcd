"""What a cell keeps beside its result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark import run as run_module
from benchmark.cell import run_cell
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.progress import Progress
from benchmark.run import narrow
from benchmark.store.closure import Sources
from tests.benchmark.matrix.texts import matrix, text
from tests.benchmark.sources import copied, edit


def test_whole_numbers_are_kept_as_they_are_whatever_their_size() -> None:
    """Tiles of a large set are more than 16 bits can count; they must not wrap around."""
    few, many = torch.tensor([0, 519]), torch.tensor([0, 40_000])

    assert narrow(few).dtype == np.int16
    assert narrow(few).tolist() == [0, 519]
    assert narrow(many).tolist() == [0, 40_000]


def test_a_checkpoint_of_other_sources_is_not_gone_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What trains must be what it was; a probe may change, and the result is of the new one.

    Both are told: that it goes on and where, or why it does not.
    """
    shipped = text(
        datasets="[digits]", encoders="['compact[width=8]']", budget="{steps: 2}\nbatch: 16"
    )
    (cell,), knn = matrix(shipped).cells, PROTOCOLS["knn"]
    root, notes, closures = copied(tmp_path / "copy"), list[str](), []

    def hear(progress: Progress) -> None:
        if progress.note:
            notes.append(progress.note)

    for edited in (None, "benchmark/evaluation/knn.py", "methods/aspects/loss/info_nce.py"):
        if edited is not None:
            edit(root, edited)
        monkeypatch.setattr(run_module, "_SOURCES", Sources(root))
        path = tmp_path / "kept.safetensors"
        result, _ = run_cell(cell, [knn], data=None, checkpoint=path, every=0.0, progress=hear)
        assert result.error is None
        closures.append(result.provenance.closure)
        assert closures[-1] == Sources(root).files(cell, [knn])
    assert notes == [
        "goes on at step 2 of 2",
        "checkpoint kept.safetensors was saved by other code "
        "(methods/aspects/loss/info_nce.py changed); the cell starts again",
    ]
    assert closures[0] != closures[1] != closures[2]
