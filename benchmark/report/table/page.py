"""Tables as one HTML page that needs nothing beside it, and read back."""

from __future__ import annotations

import html
from collections.abc import Iterator
from html.parser import HTMLParser

from benchmark.report.table.model import Entry, Panel, Pivot, spans
from benchmark.report.table.reading import Cell, Document, document, mark, squash

_STYLE = """\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { padding: .2rem .8rem; text-align: right; white-space: nowrap; }
th { text-align: left; font-weight: 500; }
thead th { border-bottom: 1px solid; }
.ruled > * { border-top: 1px solid; }
thead th[colspan] { text-align: center; }
table { border-top: 2px solid; border-bottom: 2px solid; }
p, li { font-size: .875rem; max-width: 50rem; }
"""
_SKIPPED = ("style", "script", "head")
_BOLD, _ITALIC = ("strong", "b"), ("em", "i")
_BREAKS = ("p", "li", "td", "th", "caption", "h1", "br", "tr", "ol", "div")


def escape(text: str) -> str:
    """Return text as HTML shows it."""
    return html.escape(squash(text))


def render(pivot: Pivot) -> str:
    """Return the page."""
    body = "\n".join(
        _panel(pivot.caption_of(number), panel)
        for number, panel in enumerate(pivot.panels, start=1)
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(pivot.caption)}</title>\n<style>\n{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _panel(caption: str, panel: Panel) -> str:
    lines = ['<div class="scroll" tabindex="0" role="region" aria-label="table">', "<table>"]
    lines += [f"<caption>{escape(caption)}</caption>", "<thead>", *_header(panel), "</thead>"]
    lines.append("<tbody>")
    for number, (labels, cells) in enumerate(zip(panel.labels, panel.cells, strict=True)):
        ruled = ' class="ruled"' if number in panel.rules else ""
        heads = "".join(f'<th scope="row">{escape(label)}</th>' for label in labels)
        lines.append(f"<tr{ruled}>{heads}{''.join(map(_cell, cells))}</tr>")
    lines += ["</tbody>", "</table>", "</div>"]
    lines += [f"<p>{escape(text)}</p>" for text in panel.about]
    lines += [
        f"<p><sup>{number}</sup> {escape(text)}.</p>"
        for number, text in enumerate(panel.notes, start=1)
    ]
    return "\n".join(lines)


def _header(panel: Panel) -> Iterator[str]:
    for level in range(len(panel.header)):
        lowest = level == len(panel.header) - 1
        corner = panel.corner if lowest else ("",) * len(panel.corner)
        cells = [f"<th>{escape(name)}</th>" if name else "<td></td>" for name in corner]
        for label, width in spans(panel, level):
            span = f' colspan="{width}"' if width > 1 and not lowest else ""
            times = width if lowest else 1
            cells += [f'<th scope="col"{span}>{escape(label)}</th>'] * times
        yield f"<tr>{''.join(cells)}</tr>"


def _cell(entry: Entry) -> str:
    text = escape(entry.text)
    tag = {"best": "strong", "tied": "em", "": ""}[entry.mark]
    text = f"<{tag}>{text}</{tag}>" if tag else text
    numbers = ",".join(map(str, entry.notes))
    return f"<td>{text}<sup>{numbers}</sup></td>" if numbers else f"<td>{text}</td>"


def read(text: str) -> Document:
    """Read every table of a page, whatever its styles; emphasis is a tag."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return document(reader.tables, squash("".join(reader.words)))


class _Reader(HTMLParser):
    """Collects the cells of tables and all words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[Cell]]] = []
        self.words: list[str] = []
        self._rows: list[list[Cell]] = []
        self._row: list[Cell] = []
        self._cell: list[str] | None = None
        self._open: list[str] = []
        self._emphasis: set[str] = set()
        self._span, self._skip = 1, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a cell, a table, or what holds no words."""
        self._skip += tag in _SKIPPED
        if tag in _BREAKS:
            self.words.append(" ")
        if tag in ("td", "th"):
            given = dict(attrs).get("colspan") or "1"
            self._open, self._emphasis = [], set()
            self._cell, self._span = [], min(int(given), 100) if given.isdecimal() else 1
        elif tag == "table":
            self._rows = []
        elif tag in (*_BOLD, *_ITALIC):
            self._open.append(tag)
        elif tag == "sup":
            self.handle_data(" [")

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened."""
        self._skip -= tag in _SKIPPED and self._skip > 0
        if tag == "sup":
            self.handle_data("]")
        elif tag in self._open:
            self._open.remove(tag)
        elif tag in ("td", "th") and self._cell is not None:
            bold, italic = (not self._emphasis.isdisjoint(tags) for tags in (_BOLD, _ITALIC))
            said = mark(bold=bold, italic=italic)
            self._row += [(squash("".join(self._cell)), said)] * self._span
            self._cell = None
        elif tag == "tr" and self._row:
            self._rows.append(self._row)
            self._row = []
        elif tag == "table":
            self.tables.append(self._rows)

    def handle_data(self, data: str) -> None:
        """Take words."""
        if self._skip:
            return
        self.words.append(data)
        if self._cell is not None:
            self._cell.append(data)
            if any(c.isalnum() for c in data):
                self._emphasis.update(self._open)
