"""YAML as data and nothing else: safe, bounded, and with the line of every value.

Plain words mean what YAML 1.2 says: `no` and `1:1` are text, where YAML 1.1 has false and 61. The
one exception is `1e-4`, text to YAML 1.1 and a number to YAML 1.2: it is refused in words.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from benchmark import reading
from benchmark.errors import CslbenchError

Data: TypeAlias = "dict[str, Data] | list[Data] | str | int | float | bool | None"
Place: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 1_000_000
MAX_DEPTH = 32

# libyaml is about eight times faster; both give the same events
_Parser = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?", re.ASCII)
_ALMOST_FLOAT = re.compile(r"([-+]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE]([-+]?)([0-9]+)", re.ASCII)


@dataclass(frozen=True)
class Document:
    """What a YAML text says, and where it says it."""

    name: str
    """The file, as errors name it."""
    data: Data
    """Dictionaries with text keys, lists, text, numbers, true, false and null."""
    lines: dict[Place, int]
    """Line (from 1) of every key and list item, by its path from the top, `()`."""

    def where(self, *place: str | int) -> str:
        """Name file and line of a place, or of the nearest place above it that has a line."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.name}:{self.lines.get(place, 1)}"


def number_hint(text: str) -> str | None:
    """Say how YAML wants a number that it takes for text (`1e-4`); None for any other text."""
    match = _ALMOST_FLOAT.fullmatch(text)
    if match is None or _FLOAT.fullmatch(text):
        return None
    sign, digits, exponent_sign, exponent = match.groups()
    whole, _, part = digits.partition(".")
    wanted = f"{sign}{whole or '0'}.{part or '0'}e{exponent_sign or '+'}{exponent}"
    return f"got the text {text!r}; YAML needs {wanted}"


def load(path: Path, error: type[CslbenchError], *, mapping: bool = True) -> Document:
    """Read a YAML file.

    Args:
        path: the file; errors name it by its last part.
        error: class of everything that is raised.
        mapping: demand a mapping at the top.

    Raises:
        CslbenchError: as `error`, for a file that cannot be read or does not hold plain data.
    """
    try:
        text = reading.regular(path, MAX_BYTES).decode("utf-8-sig")
    except OSError as problem:
        raise error(f"{path}: cannot be read ({problem.strerror})") from problem
    except UnicodeDecodeError as problem:
        raise error(f"{path.name}: not UTF-8 at byte {problem.start}") from problem
    except ValueError as problem:
        raise error(f"{path.name}: {problem}") from problem
    return parse(text, error, name=path.name, mapping=mapping)


def parse(
    text: str, error: type[CslbenchError], *, name: str = "text", mapping: bool = True
) -> Document:
    """Read a YAML text; arguments and errors as for `load`, `name` stands for the file."""
    reader = _Reader(name, error)
    try:
        size = len(text.encode("utf-8"))
        if size > MAX_BYTES:
            raise error(f"{name}: is too large (at most {MAX_BYTES} bytes)")
        data = reader.document(text)
    except UnicodeEncodeError as problem:
        raise error(f"{name}: not Unicode text at character {problem.start}") from problem
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise error(f"{name}{line}: not YAML: {problem.problem or problem.context}") from problem
    except yaml.YAMLError as problem:
        raise error(f"{name}: not YAML: {' '.join(str(problem).split())}") from problem
    except (ValueError, OverflowError) as problem:
        # PyYAML's own: `"\\Uffffffff"` or a `%YAML` version of 5,000 digits
        raise error(f"{name}: not YAML: {problem}") from problem
    if mapping and not isinstance(data, dict):
        raise error(f"{name}: must be a mapping at the top (got {_kind(data)})")
    return Document(name, data, reader.lines)


class _Reader:
    """Builds the data of one document from parser events, noting lines and refusing extras."""

    def __init__(self, name: str, error: type[CslbenchError]) -> None:
        self.name = name
        self.error = error
        self.lines: dict[Place, int] = {}

    def document(self, text: str) -> Data:
        """Read the only document of a text; an empty text is null."""
        self.events = iter(yaml.parse(text, Loader=_Parser))
        next(self.events)  # the stream's start
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        data = self.value(next(self.events), ())
        next(self.events)  # the document's end
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self.refused(event, (), "a second document ('---'); one file holds one")
        return data

    def value(self, event: yaml.Event, place: Place) -> Data:
        """Build the value that begins with this event."""
        if isinstance(event, yaml.AliasEvent):
            raise self.refused(event, place, f"the alias '*{event.anchor}'; write the value out")
        if not isinstance(event, yaml.NodeEvent):
            raise self.refused(event, place, f"a {type(event).__name__}")
        if event.anchor is not None:
            raise self.refused(event, place, f"the anchor '&{event.anchor}'; write values out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self.refused(event, place, f"the tag {tag!r}; only plain data is read")
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, place)
        if len(place) >= MAX_DEPTH:
            raise self.refused(event, place[:1], f"more than {MAX_DEPTH} levels")
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(place)
        return self.sequence(place)

    def mapping(self, place: Place) -> dict[str, Data]:
        """Build a mapping; keys are text and stand once."""
        data: dict[str, Data] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.value(event, place) if isinstance(event, yaml.ScalarEvent) else None
            if not isinstance(key, str):
                raise self.refused(event, place, f"a key that is {_kind(key)}; keys are text")
            if key in data:
                first = self.lines[*place, key]
                raise self.refused(event, place, f"the key {key!r} twice (first in line {first})")
            self.lines[*place, key] = _line(event)
            data[key] = self.value(next(self.events), (*place, key))
        return data

    def sequence(self, place: Place) -> list[Data]:
        """Build a list."""
        data: list[Data] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            item = (*place, len(data))
            self.lines[item] = _line(event)
            data.append(self.value(event, item))
        return data

    def scalar(self, event: yaml.ScalarEvent, place: Place) -> Data:
        """Read one word: quoted text as it stands, plain text as YAML 1.2 does."""
        text: str = event.value
        if odd := reading.harmful(text.replace("\n", "").replace("\t", "")):
            raise self.refused(event, place, f"the character {odd}, which cannot be shown")
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if hint := number_hint(text):
            raise self.failed(event, place, hint)
        if not _FLOAT.fullmatch(text):
            return text
        number = float(text)
        if not math.isfinite(number):
            raise self.refused(event, place, f"the number {text}, too large for a float")
        return number

    def refused(self, event: yaml.Event, place: Place, what: str) -> CslbenchError:
        """Say that something YAML allows is not read here."""
        return self.failed(event, place, f"cannot hold {what}")

    def failed(self, event: yaml.Event, place: Place, what: str) -> CslbenchError:
        """Word an error: file, line, path of keys, then what is wrong."""
        path = ".".join(str(part) for part in place)
        return self.error(f"{self.name}:{_line(event)}: {path + ': ' if path else ''}{what}")


def _line(event: yaml.Event) -> int:
    """Line, from 1, in which an event begins."""
    return event.start_mark.line + 1 if event.start_mark else 1


def _kind(data: object) -> str:
    """Name the kind of a value as a reader of YAML would."""
    if data is None:
        return "nothing"
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false"}
    return names.get(type(data), "a number")
