"""Contrastive methods as the paper's five aspects; no torch until a recipe is composed."""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from methods.cards import CARDS
from methods.settings import Card, Setting

if TYPE_CHECKING:
    from methods.recipe import Recipe


def cards() -> dict[str, Card]:
    """Return the card of every method: the built-in ones, then those of installed packages.

    Another package offers a method as an entry point of the group `cslbench.methods` whose object
    is a `Card`; `cslbench --plugin FILE.py` adds the file's `CARD` to the built-in ones.

    Raises:
        ValueError: If such a package cannot be loaded or offers something else.
    """
    found = dict(CARDS)
    for entry in entry_points(group="cslbench.methods"):
        if entry.name not in found:
            found[entry.name] = _loaded(entry)
    return found


def _loaded(entry: EntryPoint) -> Card:
    try:
        card = entry.load()
    except Exception as error:  # whatever a package raises is that package's fault
        said = f"cannot be loaded ({type(error).__name__}: {error})"
        raise ValueError(f"method {entry.name!r}: {entry.value} {said}") from error
    if not isinstance(card, Card) or card.name != entry.name:
        raise ValueError(f"method {entry.name!r}: {entry.value} is no Card of that name")
    return card


def compose(setting: Setting) -> Recipe:
    """Build the five aspects of a method on a dataset."""
    module = importlib.import_module(setting.card.module)
    built: Recipe = module.recipe(setting)
    return built
