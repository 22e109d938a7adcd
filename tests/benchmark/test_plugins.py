"""Plugins: what a user's file may call itself, and what its faults are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark import plugins
from benchmark.errors import UsageError
from methods.cards import CARDS

GOOD = """
from dataclasses import replace
from methods.cards import CARDS
from methods.settings import Option

CARD = replace(CARDS["simclr"], {changes})


def recipe(setting):
    return None
"""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ("name='sim\\u202eclr'", "method 'sim.u202eclr' must be named by letters"),
        ("name='s\\u0456mclr'", "must be named by letters"),
        ("name='../simclr'", "must be named by letters"),
        ("name='a b'", "must be named by letters"),
        ("name=''", "must be named by letters"),
        ("name='mine', title='\\x1b[2J'", r"title holds the character U\+001B"),
        ("name='mine', options={'a=b': Option()}", "option 'a=b' must be named"),
    ],
)
def test_a_card_that_cannot_be_typed_or_shown_is_refused(
    tmp_path: Path, changes: str, reason: str
) -> None:
    """In one sentence, before it is known to anybody."""
    path = tmp_path / "mine.py"
    path.write_text(GOOD.format(changes=changes))
    before = dict(CARDS)
    with pytest.raises(UsageError, match=reason):
        plugins.load_all([path])
    assert before == CARDS


@pytest.mark.parametrize(
    "text",
    ["raise SystemExit(0)", "import sys\nsys.exit('bye')", "1 / 0", "def", "\x00", "x = (" * 99],
)
def test_a_file_that_ends_the_program_is_at_fault(tmp_path: Path, text: str) -> None:
    """A plugin that exits must not look like success."""
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(UsageError, match="cannot be imported"):
        plugins.load(path)
