"""Tables that strangers wrote, CSV or Markdown, as bounded and harmless text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark import reading
from benchmark.errors import ReportedError

MAX_BYTES = 1_000_000
MAX_ROWS = 1_000
MAX_COLUMNS = 50
MAX_CELL = 500

_RULE = re.compile(r":?-+:?")
_BAR = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)|`([^`<>]*) <[^<>`]*>`_{1,2}")
_EMOJI = re.compile(r":[a-z][a-z0-9_+-]*:")


@dataclass(frozen=True)
class Row:
    """The cells of a line, by column."""

    line: int
    """From 1, as errors name it."""
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """One table."""

    name: str
    """The file, as errors name it."""
    columns: tuple[str, ...]
    """In lower case, no two alike."""
    rows: tuple[Row, ...]


def read(path: Path) -> Table:
    """Read the one table of a file, by its suffix: `.csv`, or `.md` or `.markdown`.

    Links become their text; emphasis and emoji go.

    Raises:
        ReportedError: The file cannot be read, is too large, or holds no such table.
    """
    if path.suffix.lower() not in (".csv", ".md", ".markdown"):
        raise ReportedError(f"{path.name}: must end in .csv or .md")
    try:
        text = reading.regular(path, MAX_BYTES).decode("utf-8-sig")
    except OSError as problem:
        raise ReportedError(f"{path}: cannot be read ({problem.strerror})") from problem
    except UnicodeDecodeError as problem:
        raise ReportedError(f"{path.name}: not UTF-8 at byte {problem.start}") from problem
    except ValueError as problem:
        raise ReportedError(f"{path.name}: {problem}") from problem
    return parse(text, path.name, markdown=path.suffix.lower() != ".csv")


def parse(text: str, name: str, *, markdown: bool) -> Table:
    """Read the one table of a text; `name` stands for the file in errors.

    Raises:
        ReportedError: The text holds no such table.
    """
    lines = _markdown(text, name) if markdown else _csv(text, name)
    header_line, header = next(lines, (1, []))
    columns = [cell.lower() for cell in _cells(header, name, header_line)]
    if not any(columns):
        raise ReportedError(f"{name}: holds no table")
    if len(columns) > MAX_COLUMNS or len({*columns}) < len(columns):
        raise ReportedError(
            f"{name}:{header_line}: must have at most {MAX_COLUMNS} columns, no two of one name"
        )
    rows = list[Row]()
    for line, found in lines:
        if len(rows) == MAX_ROWS:
            raise ReportedError(f"{name}:{line}: holds more than {MAX_ROWS} rows")
        if len(found) != len(columns):
            raise ReportedError(
                f"{name}:{line}: must have {len(columns)} cells, as the header (got {len(found)})"
            )
        rows.append(Row(line, dict(zip(columns, _cells(found, name, line), strict=True))))
    return Table(name, tuple(columns), tuple(rows))


def _csv(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as problem:
        raise ReportedError(f"{name}:{reader.line_num}: not CSV: {problem}") from problem


def _markdown(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of the one table: a header, a rule, rows, each line from bar to bar."""
    block: list[tuple[int, list[str]]] = []
    ended = False
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped.startswith("|"):
            ended = bool(block)
            continue
        if ended:
            raise ReportedError(f"{name}:{number}: holds a second table; one file holds one")
        inner = stripped[1:].removesuffix("|")
        block.append((number, [cell.replace("\\|", "|") for cell in _BAR.split(inner)]))
    if len(block) < 2 or not all(_RULE.fullmatch(cell.strip()) for cell in block[1][1]):
        raise ReportedError(f"{name}: holds no Markdown table: | a header |, | --- |, | rows |")
    yield block[0]
    yield from block[2:]


def _cells(cells: list[str], name: str, line: int) -> list[str]:
    found = []
    for cell in cells:
        if len(cell) > MAX_CELL:
            raise ReportedError(f"{name}:{line}: has a cell of more than {MAX_CELL} characters")
        if odd := reading.harmful(cell.strip().replace("\t", " ")):
            raise ReportedError(f"{name}:{line}: holds the character {odd}, which cannot be shown")
        plain = _EMOJI.sub("", _LINK.sub(lambda link: link[1] or link[2] or "", cell))
        found.append(" ".join(plain.replace("**", "").replace("`", "").split()))
    return found
