"""What a reader assumes of fields that a published number leaves open: `--assume FIELD=VALUE`.

An assumption fills what is unknown and nothing else. Where the source states another value it is
refused for that number, in words, and the number stays as published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, get_args

from pydantic import ValidationError

from benchmark import reading
from benchmark.errors import UsageError, unknown, words
from benchmark.evidence.reported import Probe, Reported, Scoring, Selection, Spent
from benchmark.matrix.protocol import PROTOCOLS

Value: TypeAlias = "str | float | bool"

_OWN = ("encoder", "variant")
_CHOICES: Mapping[str, Mapping[str, Value]] = {
    "probe": {name: name for name in get_args(Probe)},
    "selection": {name: name for name in get_args(Selection)},
    "online": {"true": True, "false": False},
}
_COUNTS = ("width", "k", "resolution")
_WORDS = (*_OWN, "feature", "pretrain_split", "probe_split")
FIELDS = ("protocol", *_WORDS, "epochs", *_COUNTS, *_CHOICES)
_LONGEST = 200
_PASSES = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


@dataclass(frozen=True)
class Assumption:
    """One `FIELD=VALUE`, and the blocking fields that it would fill."""

    text: str
    values: tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Filled:
    """A published number under assumptions."""

    entry: Reported
    fields: tuple[str, ...] = ()
    """Names of the fields that were filled."""
    refused: tuple[tuple[str, str], ...] = ()
    """Assumptions that the source contradicts, each with its reason."""


def parse(texts: Iterable[str]) -> tuple[Assumption, ...]:
    """Read assumptions as they were typed; `protocol=NAME` stands for that protocol's fields.

    Raises:
        UsageError: An unknown field, a value that it cannot have, or two that contradict.
    """
    found = [_assumption(text) for text in dict.fromkeys(texts)]
    said: dict[str, tuple[Value, str]] = {}
    for assumption in found:
        for field, value in assumption.values:
            before, text = said.setdefault(field, (value, assumption.text))
            if before != value:
                raise UsageError(
                    f"--assume: {text} and {assumption.text} give {field} two values "
                    f"({before!r} and {value!r})"
                )
    # a probe's size can only be filled where its class is known
    return tuple(sorted(found, key=lambda each: "probe" not in dict(each.values)))


def fill(entries: Iterable[Reported], assumptions: Iterable[Assumption]) -> tuple[Filled, ...]:
    """Fill the open fields of published numbers.

    Raises:
        UsageError: An assumption that fills nothing, since every number states something else.
    """
    wanted = tuple(assumptions)
    found = tuple(_fill(entry, wanted) for entry in entries)
    for each in wanted:
        used = any(each.text in filled.entry.assumed for filled in found)
        against = [
            f"of {filled.entry.id} {each.text} is refused: {reason}"
            for filled in found
            for text, reason in filled.refused
            if text == each.text
        ]
        if against and not used:
            raise UsageError(f"--assume fills only what is unknown; {against[0]}")
    return found


def told(numbers: Iterable[Filled], assumptions: Iterable[Assumption]) -> list[str]:
    """Say in sentences what was assumed, of how many numbers, and of how many it was refused."""
    found = list(numbers)
    lines = []
    for each in assumptions:
        filled = sum(each.text in number.entry.assumed for number in found)
        refused = sum(each.text in dict(number.refused) for number in found)
        lines.append(
            f"Assumed by the reader, not stated by the source: {each.text} (of {filled} numbers; "
            f"refused for {refused} that say otherwise)."
        )
    return lines


def _assumption(text: str) -> Assumption:
    field, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--assume: must be FIELD=VALUE (got {text[:_LONGEST]!r})")
    if field not in FIELDS:
        raise UsageError(f"--assume: {unknown('field', field[:_LONGEST], FIELDS)}")
    if field == "protocol":
        return Assumption(text, _protocol(value))
    return Assumption(text, ((field, _value(field, value)),))


def _protocol(name: str) -> tuple[tuple[str, Value], ...]:
    if name not in PROTOCOLS:
        raise UsageError(f"--assume: {unknown('protocol', name[:_LONGEST], PROTOCOLS)}")
    given = PROTOCOLS[name]
    values: dict[str, Value | None] = {
        "probe": given.probe,
        "k": given.k,
        "width": given.width,
        "feature": given.feature,
        "probe_split": "train",
        "online": given.online,
        "selection": given.selection,
    }
    return tuple((field, value) for field, value in values.items() if value is not None)


def _value(field: str, text: str) -> Value:
    if field in _CHOICES:
        if text not in _CHOICES[field]:
            raise UsageError(f"--assume: {unknown(field, text[:_LONGEST], _CHOICES[field])}")
        return _CHOICES[field][text]
    if field in _COUNTS:
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= 1):
            raise UsageError(f"--assume: {field} must be a count from 1 (got {text[:_LONGEST]!r})")
        return int(text)
    if field == "epochs":
        return _epochs(text)
    if field == "variant" and text == "default":
        return ""
    if len(text) > _LONGEST or reading.harmful(text) or not (text.strip() or field == "variant"):
        raise UsageError(
            f"--assume: {field} must be 1 to {_LONGEST} characters that print "
            f"(got {text[:_LONGEST]!r})"
        )
    return text


def _epochs(text: str) -> float:
    """Read a number of passes, which may be a part of one."""
    if not _PASSES.fullmatch(text) or not float(text) > 0:
        raise UsageError(
            "--assume: epochs must be a number above 0, such as 1000 or 0.6 "
            f"(got {text[:_LONGEST]!r})"
        )
    return float(text)


def _fill(entry: Reported, assumptions: tuple[Assumption, ...]) -> Filled:
    filled, assumed = entry, list[str]()
    fields, refused = list[str](), list[tuple[str, str]]()
    for each in assumptions:
        stated = {field: _stated(filled, field) for field, _ in each.values}
        clash = [f for f, value in each.values if stated[f] is not None and stated[f] != value]
        new = {f: value for f, value in each.values if stated[f] is None}
        if clash:
            refused.append((each.text, f"{clash[0]} is stated as {_worded(stated[clash[0]])}"))
        elif new:
            try:
                filled = _with(filled, (*assumed, each.text), new)
            except ValidationError as problem:
                reason = words(problem.errors()[0]["msg"])
                refused.append((each.text, reason))
                continue
            assumed.append(each.text)
            fields += new
    return Filled(filled, tuple(fields), tuple(refused))


def _worded(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)


def _stated(entry: Reported, field: str) -> object:
    home = entry if field in _OWN else entry.budget if field == "epochs" else entry.protocol
    value: object = getattr(home, field)
    return value


def _with(entry: Reported, assumed: tuple[str, ...], new: Mapping[str, Value]) -> Reported:
    own: dict[str, object] = {field: new[field] for field in _OWN if field in new}
    if "epochs" in new:
        own["budget"] = Spent.model_validate(entry.budget.model_dump() | {"epochs": new["epochs"]})
    scoring = {f: value for f, value in new.items() if f not in (*_OWN, "epochs")}
    if scoring:
        own["protocol"] = Scoring.model_validate(entry.protocol.model_dump() | scoring)
    return entry.assuming(assumed, own)
