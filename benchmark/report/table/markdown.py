"""Tables as Markdown, and read back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from benchmark.report.markdown import escape
from benchmark.report.table.model import Entry, Mark, Panel, Pivot
from benchmark.report.table.reading import Cell, Document, document, mark, marked, squash

_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|[\s:|-]+\|?")
_TOKEN = re.compile(r"\\([\\|`*~\[\]()])|(\*\*|\*|`|</?[A-Za-z][^<>]*>)|([\s\S])")
_ESCAPED = re.compile(r"\\.")
_BOLD = re.compile(r"\*\*[^*]*\w|<(?:strong|b)>[^<]*\w")
_ITALIC = re.compile(r"\*[^*]*\w|<(?:em|i)>[^<]*\w")


def render(pivot: Pivot) -> str:
    """Return a Markdown table for each panel, with its notes."""
    parts = [f"**{escape(pivot.caption)}**", *(_panel(panel) for panel in pivot.panels)]
    return "\n\n".join(parts) + "\n"


def _panel(panel: Panel) -> str:
    # pandas has it as an optional import of its own; alone it is quick
    from tabulate import tabulate

    heads = [" / ".join(filter(None, labels)) for labels in zip(*panel.header, strict=True)]
    rows = [
        [*map(escape, labels), *map(_cell, cells)]
        for labels, cells in zip(panel.labels, panel.cells, strict=True)
    ]
    names = [escape(name) for name in (*panel.corner, *heads)]
    aligned = ["left"] * len(panel.corner) + ["right"] * len(heads)
    table = tabulate(rows, names, tablefmt="pipe", disable_numparse=True, colalign=aligned)
    lines = [*panel.about, *(f"[{n}] {text}." for n, text in enumerate(panel.notes, start=1))]
    return "\n\n".join([table, *map(escape, lines)])


def _cell(entry: Entry) -> str:
    text = escape(entry.text)
    sign = {"best": "**", "tied": "*", "": ""}[entry.mark]
    return marked(f"{sign}{text}{sign}", entry.notes)


def read(text: str) -> Document:
    """Read every table of a document, whatever its spacing."""
    return document(_grids(text), _plain(text))


def _grids(text: str) -> Iterator[list[list[Cell]]]:
    block: list[list[Cell]] = []
    for line in [*text.splitlines(), ""]:
        stripped = line.strip()
        if stripped.startswith("|"):
            if not _RULE.fullmatch(stripped):
                inner = stripped[1:].removesuffix("|")
                block.append([(_plain(cell), _emphasis(cell)) for cell in _BAR.split(inner)])
        elif block:
            yield block
            block = []


def _emphasis(text: str) -> Mark:
    bare = _ESCAPED.sub("", text)
    return mark(bold=bool(_BOLD.search(bare)), italic=bool(_ITALIC.search(bare)))


def _plain(text: str) -> str:
    """Return the words of Markdown, without emphasis and tags."""
    found = [literal or other for literal, _, other in _TOKEN.findall(text)]
    return squash(html.unescape("".join(found)))
