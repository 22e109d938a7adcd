"""What JSON allows and a result may not hold: checked before anything is made of it."""

from __future__ import annotations

import json
import math
from typing import NoReturn

from benchmark.reading import harmful
from benchmark.store.result import Result

LARGEST = 2**63 - 1
_LONGEST_NAME = 1000


def check_json(content: bytes) -> None:
    """Refuse repeated keys, NaN, infinities, whole numbers past 64 bits, and what is no JSON.

    Raises:
        ValueError: In words.
        RecursionError: If it is nested too deeply.
    """
    json.loads(
        content,
        parse_constant=_refuse,
        parse_float=_finite,
        parse_int=_whole,
        object_pairs_hook=_distinct,
    )


def check_names(result: Result) -> None:
    """Refuse names that cannot be shown as they are, or that look like another.

    Method, encoder, budget and protocols are ASCII; so is a dataset's name, but its options (a
    folder) may be any text of one line.

    Raises:
        ValueError: Naming the field and the character.
    """
    cell = result.cell
    names = [
        ("cell.method", cell.method),
        ("cell.encoder", cell.encoder),
        ("cell.dataset", cell.dataset.partition("[")[0]),
        ("cell.budget.name", cell.budget.name),
        *(("cell.values", name) for name in cell.values),
        *(("metrics", name) for name in result.metrics),
        *(("protocol.name", score.protocol.name) for score in result.metrics.values()),
        *(("protocol.feature", score.protocol.feature) for score in result.metrics.values()),
        *(("chosen", name) for score in result.metrics.values() for name in score.chosen),
    ]
    for field, text in names:
        strange = next((each for each in text if not " " < each < "\x7f"), None)
        if strange is not None or not text:
            what = f"U+{ord(strange):04X}" if strange else "nothing"
            raise ValueError(f"{field} must be plain ASCII without blanks (got {what})")
    for field, text in [*names, ("cell.dataset", cell.dataset)]:
        if len(text) > _LONGEST_NAME:
            raise ValueError(f"{field} has {len(text)} characters, at most {_LONGEST_NAME}")
        if character := harmful(text):
            raise ValueError(f"{field} holds the character {character}, which cannot be shown")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is beyond what a number can be")
    return number


def _whole(text: str) -> int:
    if len(text) > len(str(-LARGEST)) or abs(int(text)) > LARGEST:
        raise ValueError(f"{text[:20]}... is beyond what a whole number can be")
    return int(text)


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {key!r} stands twice")
        found[key] = value
    return found
