"""Every format a table is written in, and read back from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.report.markdown import escape as escape_markdown
from benchmark.report.table import data, latex, markdown, page
from benchmark.report.table.model import Format, Pivot
from benchmark.report.table.reading import Document


@dataclass(frozen=True)
class Medium:
    """One format."""

    render: Callable[[Pivot, str], str]
    """Takes the table, and what the file of its receipts is called."""
    read: Callable[[str], Document]
    escape: Callable[[str], str]
    """How a sentence is written in it."""


MEDIA: dict[Format, Medium] = {
    "markdown": Medium(lambda pivot, _: markdown.render(pivot), markdown.read, escape_markdown),
    "latex": Medium(latex.render, latex.read, latex.escape),
    "html": Medium(lambda pivot, _: page.render(pivot), page.read, page.escape),
    "csv": Medium(lambda pivot, _: data.to_csv(pivot), data.read_csv, str),
    "json": Medium(lambda pivot, _: data.to_json(pivot), data.read_json, str),
}
SUFFIXES: dict[str, Format] = {
    ".md": "markdown", ".markdown": "markdown", ".tex": "latex", ".html": "html", ".htm": "html",
    ".csv": "csv", ".json": "json",
}  # fmt: skip
