"""What JSON allows and a result may not hold: checked before anything is made of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import ValidationError

from benchmark.errors import ResultError, words
from benchmark.reading import harmful
from benchmark.store.result import Record, Result

R = TypeVar("R", bound=Record)

LARGEST = 2**63 - 1
_LONGEST_NAME = 1000
_OTHERS = bytes({*range(256)} - {*b"0123456789."})
_OUTLINE = bytes.maketrans(b"123456789" + _OTHERS, b"0" * 9 + b" " * len(_OTHERS))
"""For `bytes.translate`: digits all alike, anything else blank but for the point of a fraction."""
_LONG = b" " + b"0" * len(str(LARGEST))


def parse(path: Path, content: bytes, kind: type[R]) -> R:
    """Make a record of what a file holds.

    Raises:
        ResultError: In words, with the path in front.
    """
    try:
        found = _strictly(content, kind)
        if isinstance(found, Result):
            check_result(found)
        return found
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        said = f"{where + ': ' if where else ''}{words(first['msg'])}{more}"
        raise ResultError(f"{path}: {said}") from None
    except (ValueError, RecursionError) as error:
        raise ResultError(f"{path}: damaged JSON ({error})") from None


def written(record: Record) -> bytes:
    """Return a record as a file of ours holds it."""
    return record.model_dump_json(indent=1).encode() + b"\n"


def _strictly(content: bytes, kind: type[R]) -> R:
    """Make a record of JSON that passes `check_json`.

    That is slow, a call for each number, and spared what our own hand shows: a record that is
    written as it was read has no key twice.
    """
    try:
        found = kind.model_validate_json(content)
    except ValidationError:
        check_json(content)  # says better what is wrong with damaged JSON
        raise
    if written(found) != content or _may_hold_strange_numbers(content):
        check_json(content)
    return found


def _may_hold_strange_numbers(content: bytes) -> bool:
    """Say whether there may be NaN, infinities or whole numbers past 64 bits, strings included."""
    return _LONG in content.translate(_OUTLINE) or b"NaN" in content or b"Infinity" in content


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


def check_result(result: Result) -> None:
    """Refuse what the types allow and no reader of results could make sense of.

    Raises:
        ValueError: Naming the field and what it holds.
    """
    _check_names(result)
    resolution = result.cell.values.get("resolution")
    if resolution is not None and type(resolution) is not int:  # a bool is an int too
        raise ValueError(f"cell.values.resolution must be a whole number (got {resolution!r})")
    for field, number, least in _numbers(result):
        if number is not None and number < least:
            raise ValueError(f"{field} must be at least {least} (got {number})")
    for name, score in result.metrics.items():
        protocol = score.protocol
        if protocol.k is not None and protocol.probe != "knn":
            raise ValueError(f"metrics.{name}: k belongs to the probe 'knn'")
        if protocol.width is not None and protocol.probe != "mlp":
            raise ValueError(f"metrics.{name}: width belongs to the probe 'mlp'")
        if not protocol.augmentation.strip():
            raise ValueError(f"metrics.{name}: augmentation must be said, `none` if there is none")


def _numbers(result: Result) -> Iterator[tuple[str, float | None, int]]:
    """Yield numbers that have a least value, by their names."""
    cell = result.cell
    resolution = cell.values.get("resolution")
    yield "cell.replicate", cell.replicate, 0
    yield "cell.steps", cell.steps, 0
    yield "cell.budget.amount", cell.budget.amount, 0
    yield "cell.recipe.batch", cell.recipe.batch, 1
    yield "cell.values.resolution", resolution if isinstance(resolution, int) else None, 1
    for name, score in result.metrics.items():
        yield f"metrics.{name}.protocol.k", score.protocol.k, 1
        yield f"metrics.{name}.protocol.width", score.protocol.width, 1


def _check_names(result: Result) -> None:
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
        if not (text.isascii() and text.isprintable() and text and " " not in text):
            strange = next((each for each in text if not " " < each < "\x7f"), None)
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
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise ValueError(f"key {twice!r} stands twice")
    return found
