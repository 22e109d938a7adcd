"""Numbers with their nouns: 1 cell, 2 cells, 2 batches."""

from __future__ import annotations


def plural(noun: str) -> str:
    """Return the plural of a regular noun."""
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `1 cell`, `3 cells`."""
    return f"{number} {noun if number == 1 else plural(noun)}"
