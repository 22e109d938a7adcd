"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from benchmark.counting import counted, plural
from benchmark.evidence.reported import Spent
from benchmark.matrix.budget import Budget
from benchmark.report import words
from tests.benchmark.factories import make_cell


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [(1, "cell", "1 cell"), (0, "cell", "0 cells"), (2, "batch", "2 batches")],
)
def test_a_noun_agrees_with_its_number(number: int, noun: str, said: str) -> None:
    """And none is of many."""
    assert counted(number, noun) == said


def test_the_plurals_of_factors_are_english() -> None:
    """They head tables of robustness."""
    assert [plural(each) for each in ("encoder", "batch")] == ["encoders", "batches"]


def test_one_epoch_is_no_epochs() -> None:
    """On the board, ours and reported."""
    assert words.spent(Spent(epochs=1)) == "1 epoch"
    for amount, said in ((1.0, "1 epoch"), (2.0, "2 epochs")):
        assert words.length(make_cell(budget=Budget.of("epochs", amount))) == said
