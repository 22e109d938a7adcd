"""What is recorded of a cell that came to nothing."""

from __future__ import annotations

from typing import NoReturn

import pytest
import torch

from benchmark.cell import run_cell
from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.report.live import outcome
from benchmark.run import Run
from tests.benchmark.matrix.texts import matrix, text


def small() -> Cell:
    """Return a cell that is trained within a second."""
    return matrix(
        text(datasets="[digits]", encoders="['compact[width=8]']", budget="{steps: 2}\nbatch: 16")
    ).cells[0]


def test_what_the_allocator_of_a_cpu_refuses_is_out_of_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own words, once, after the batch: a PiB fits into no address space."""

    def greedy(run: Run) -> NoReturn:
        del run
        torch.empty(2**50, dtype=torch.uint8)
        raise AssertionError

    monkeypatch.setattr(Run, "train", greedy)
    found, _ = run_cell(small(), [PROTOCOLS["knn"]], data=None)
    assert found.status == "out_of_memory"
    said = outcome(found, 0.0)
    assert said.startswith("out of memory: at batch 16: ")
    assert "allocate memory" in said
    assert said.count("out of memory") == 1
