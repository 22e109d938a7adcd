"""Selectors: how a method, an encoder or a dataset is written, `name[option=value,...]`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | tuple[int, ...]

_SHAPE = re.compile(r"(?P<base>[^\[\]=,\s]+)(?:\[(?P<inside>[^\[\]]*)\])?")
# a comma ends an option only where another begins, so that values may hold commas of their own
_BETWEEN = re.compile(r",(?=\s*[A-Za-z_]\w*\s*=)")
_NAME = re.compile(r"[A-Za-z_]\w*")


def split(text: str) -> tuple[str, dict[str, str]]:
    """Split a selector into its name and its options as written.

    `yadim[extraction=1:5,1:7,views=patches]` gives `yadim` and
    `{"extraction": "1:5,1:7", "views": "patches"}`.

    Raises:
        ValueError: If it is not of that form, or names an option twice.
    """
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None:
        raise ValueError(f"cannot read {text!r} (write `name` or `name[option=value,...]`)")
    options: dict[str, str] = {}
    for part in _BETWEEN.split(shape["inside"]) if shape["inside"] is not None else ():
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value or not _NAME.fullmatch(name):
            raise ValueError(f"cannot read {part!r} in {text!r} (write `option=value`)")
        if name in options:
            raise ValueError(f"option {name!r} is given twice in {text!r}")
        options[name] = value
    return shape["base"], options


def join(base: str, options: Mapping[str, Value]) -> str:
    """Write a selector, its options in alphabetical order."""
    inside = ",".join(f"{name}={write(options[name])}" for name in sorted(options))
    return f"{base}[{inside}]" if inside else base


def write(value: Value) -> str:
    """Write an option's value as `read` reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value)


def read(where: str, text: str, like: Value) -> Value:
    """Read an option's text as the type of its default.

    Args:
        where: Whose option it is, for the error.
        text: The value as written.
        like: The default.

    Raises:
        ValueError: If the text is no such value.
    """
    try:
        if isinstance(like, bool):
            return {"true": True, "false": False}[text]
        if isinstance(like, tuple):
            return tuple(int(piece) for piece in text.split(","))
        return type(like)(text)
    except (KeyError, ValueError):
        raise ValueError(f"{where} must be {_noun(like)} (got {text!r})") from None


def _noun(like: Value) -> str:
    nouns = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return nouns.get(type(like), "whole numbers with commas between them")


def unknown(kind: str, name: str, known: Iterable[str]) -> ValueError:
    """Make the error for a name that nobody has, with the nearest name and the whole list."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return ValueError(f"unknown {kind} {name!r}{hint} (known: {', '.join(names) or 'none'})")
