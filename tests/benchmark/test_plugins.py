"""Plugins: what a user's file may call itself, and what its faults are called."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import methods
from benchmark import plugins
from benchmark.data import catalogue as datasets
from benchmark.errors import UsageError
from methods import catalogue as encoders
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


@pytest.mark.parametrize(
    ("group", "value", "reason"),
    [
        ("cslbench.methods", "no_such_module:CARD", "cannot be loaded .ModuleNotFoundError"),
        ("cslbench.methods", "methods.cards:BYOL", "is no Card of that name"),
        ("cslbench.encoders", "no_such_module:CARD", "cannot be loaded .ModuleNotFoundError"),
        ("cslbench.datasets", "no_such_module:CARD", "cannot be loaded .ModuleNotFoundError"),
    ],
)
def test_a_package_that_cannot_be_loaded_is_named(
    monkeypatch: pytest.MonkeyPatch, group: str, value: str, reason: str
) -> None:
    """Whatever it offers, and only when it is asked for."""

    def offered(**asked: str) -> list[EntryPoint]:
        return (
            [EntryPoint(name="theirs", value=value, group=group)] if asked["group"] == group else []
        )

    for module in (methods, encoders, datasets):
        monkeypatch.setattr(module, "entry_points", offered)
    loaders: dict[str, Callable[[], object]] = {
        "cslbench.methods": methods.cards,
        "cslbench.encoders": lambda: encoders.card("theirs"),
        "cslbench.datasets": lambda: datasets.card("theirs"),
    }
    with pytest.raises((UsageError, ValueError), match=f"'theirs': {value} {reason}"):
        loaders[group]()
