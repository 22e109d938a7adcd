"""The same rows with other replicates, and a matrix file that gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.matrix.load import load, shipped
from benchmark.matrix.rotate import as_file, replicates, rotated, row_key, with_replicates


def test_a_rotated_matrix_has_its_rows_and_other_replicates() -> None:
    """And scores each cell as before."""
    matrix = load("default")
    other = rotated(matrix, (40, 41, 42))
    assert replicates(other) == [40, 41, 42]
    assert [row_key(cell) for cell in other.cells] == [row_key(cell) for cell in matrix.cells]
    assert not {c.pretrain_id for c in other.cells} & {c.pretrain_id for c in matrix.cells}
    assert other.wanted(other.cells[0]) == matrix.wanted(matrix.cells[0])


@pytest.mark.parametrize("name", shipped())
def test_a_matrix_file_gives_the_very_cells(name: str, tmp_path: Path) -> None:
    """Budgets, batches, precision and protocols come back, whatever the matrix."""
    matrix = load(name)
    first = [cell for cell in matrix.cells if cell.replicate == 0]
    part = with_replicates(matrix, {row_key(cell): (7, 9) for cell in first})
    path = tmp_path / "again.yaml"
    path.write_text(as_file(part))
    again = load(str(path))
    assert again.cells == part.cells
    assert [again.wanted(c) for c in again.cells] == [part.wanted(c) for c in part.cells]
