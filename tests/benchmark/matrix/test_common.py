"""The table of the common training is read strictly and written the same way every time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import yaml
from benchmark.errors import MatrixError
from benchmark.matrix import common
from benchmark.matrix.common import Entry, Trial
from tests.benchmark.matrix.texts import TABLE, text
from tests.benchmark.matrix.texts import matrix as matrix_of

ROW = Entry(
    method="byol[tau=0.97]", dataset="photos", encoder="compact", budget="40000 images", batch=128,
    learning_rate=1e-3, tried=[Trial(rate=5e-4, score=61.25), Trial(rate=1e-3, score=None)],
)  # fmt: skip


def read(written: str) -> common.Table:
    """Read a table from text."""
    return common.parse(yaml.parse(written, MatrixError, name="common.yaml"))


def test_the_shipped_table_is_what_its_writer_writes() -> None:
    """So that tuning again with the same outcome leaves the file as it is."""
    assert common.render(common.load()) == common.SHIPPED.read_text()


def test_a_tuned_row_takes_its_rate_and_says_so() -> None:
    """Any other row takes the default, and says that too; so does another batch."""
    table = TABLE.with_entries((ROW,))
    rate = partial(table.training, dataset="photos", encoder="compact")
    tuned = rate(method=ROW.method, spent="40000 images")
    assert (tuned.learning_rate, tuned.batch, tuned.source) == (1e-3, 128, common.TUNED)
    others = (
        rate(method=ROW.method, spent="40000 images", batch=64),
        rate(method=ROW.method, spent="20000 images"),
        rate(method="byol", spent="40000 images"),
    )
    assert {(other.learning_rate, other.source) for other in others} == {(2e-3, common.DEFAULT)}


def test_a_tuned_row_reaches_its_cell() -> None:
    """A budget is looked up by what it spends, whatever it is called."""
    row = ROW.model_copy(update={"method": "byol[tau=0.9]", "budget": "50000 images"})
    written = text(methods='["byol[tau=0.9]", byol]', budget="pocket")
    tuned, default = matrix_of(written, TABLE.with_entries((row,))).cells
    assert (tuned.recipe.source, tuned.recipe.learning_rate) == (common.TUNED, 1e-3)
    assert (default.recipe.source, default.recipe.learning_rate) == (common.DEFAULT, 2e-3)


def test_rows_are_sorted_and_replaced() -> None:
    """The order of tuning leaves no trace; a row tuned again stands once."""
    other = ROW.model_copy(update={"method": "amdim"})
    again = ROW.model_copy(update={"learning_rate": 4e-3})
    table = TABLE.with_entries((ROW, other)).with_entries((again,))
    assert [(row.method, row.learning_rate) for row in table.tuned] == [
        ("amdim", 1e-3), ("byol[tau=0.97]", 4e-3),
    ]  # fmt: skip
    assert common.render(table) == common.render(TABLE.with_entries((again, other)))


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20),
    st.floats(1e-12, 1e12),
    st.floats(0, 100).map(lambda score: round(score, 2)),
)
def test_what_is_written_is_read_back(name: str, rate: float, score: float) -> None:
    """Any selector and any rate survive, to the last bit."""
    row = Entry(
        method=name, dataset="photos", encoder="compact", budget="1 steps", batch=2,
        learning_rate=rate, tried=[Trial(rate=rate, score=score), Trial(rate=rate, score=None)],
    )  # fmt: skip
    table = TABLE.with_entries((row,))
    assert read(common.render(table)) == table


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("optimizer: adamw", "optimizer: adan", "common.yaml:9: defaults.optimizer: must be"),
        (
            "learning_rate: 2.0e-03",
            "learning_rate: 2e-3",
            "common.yaml:10: defaults.learning_rate:",
        ),
        (
            "learning_rate: 2.0e-03",
            "learning_rate: 0",
            "common.yaml:10: defaults.learning_rate: must",
        ),
        ("photos: 128", "photos: 1", "common.yaml:19: batches.photos: must be greater"),
        ("tuned:", "tuned: []\nmore:", "common.yaml:22: unknown key 'more'"),
        ("    batch: 128", "    batches: 128", "common.yaml:26: unknown key 'batches'"),
    ],
)
def test_a_fault_in_the_table_is_one_sentence(old: str, new: str, said: str) -> None:
    """As in a matrix file: file, line, what was wrong, what is allowed."""
    written = common.render(TABLE.with_entries((ROW,)))
    assert old in written
    with pytest.raises(MatrixError) as caught:
        read(written.replace(old, new, 1))
    assert str(caught.value).startswith(said)


def test_a_row_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Which of two rates would be taken must not depend on order."""
    path = tmp_path / "common.yaml"
    path.write_text(common.render(replace(TABLE, tuned=(ROW, ROW))))
    with pytest.raises(MatrixError, match="stands twice"):
        common.load(path)
