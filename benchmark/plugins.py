"""Methods from a file of the user's: `--plugin FILE.py` adds the file's `CARD`."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from benchmark.errors import UsageError
from benchmark.reading import harmful
from methods.cards import CARDS
from methods.settings import Card

PREFIX = "cslbench_plugin_"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}", re.ASCII)


def misnamed(card: Card) -> str | None:
    """Say what a card is called that could not be typed, or would garble what is shown; or None."""
    for what, name in (("method", card.name), *(("option", name) for name in card.options)):
        if not NAME.fullmatch(name):
            return f"{what} {name!r} must be named by letters, digits and `_` of ASCII"
    for field, text in (("title", card.title), ("paper", card.paper), ("native", card.native)):
        if character := harmful(text):
            return f"{field} holds the character {character}, which cannot be shown"
    return None


def load_all(paths: Iterable[Path]) -> None:
    """Add the card of each file to the known ones.

    Raises:
        UsageError: If a file is missing, cannot be imported, or has no card of its own.
    """
    for path in paths:
        card = load(path)
        CARDS[card.name] = card


def load(path: Path) -> Card:
    """Import a file as a module and return its `CARD`, whose recipe is looked for in that file.

    Raises:
        UsageError: As `load_all`.
    """
    name = PREFIX + path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(
            f"{path}: is no Python file (a plugin is FILE.py with a CARD and a recipe)"
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever a user's file raises is its own fault
        raise UsageError(f"{path}: cannot be imported ({type(error).__name__}: {error})") from error
    card = getattr(module, "CARD", None)
    if not isinstance(card, Card) or not callable(getattr(module, "recipe", None)):
        raise UsageError(f"{path}: needs CARD, a methods.settings.Card, and recipe(setting)")
    if fault := misnamed(card):
        raise UsageError(f"{path}: {fault}")
    if card.name in CARDS and not CARDS[card.name].module.startswith(PREFIX):
        raise UsageError(f"{path}: there is a method {card.name!r} already; name it otherwise")
    return replace(card, module=name)
