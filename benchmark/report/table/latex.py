r"""Tables as LaTeX: booktabs and nothing else; and read back out of an author's document."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from benchmark.report.table.model import Entry, Mark, Panel, Pivot, spans
from benchmark.report.table.reading import Cell, Document, document, mark, squash

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "^": r"\textasciicircum{}", "_": r"\_", "~": r"\textasciitilde{}", "%": r"\%",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}", "'": r"\textquotesingle{}",
    "±": r"$\pm$", "×": r"$\times$", "≈": r"$\approx$", "√": r"$\surd$",
    "·": r"\textperiodcentered{}", "–": r"\textendash{}", "−": r"$-$", "…": r"\textellipsis{}",
}  # fmt: skip
"""Every sign that LaTeX takes for something else."""
_LIGATURES = re.compile("(?<=-)-|(?<=,),")
_FIRST = ("[", "*")
"""What LaTeX takes for an option of the line break before it."""
COLUMN, PAGE = 56, 118
"""Characters of this size that fit one column of a paper, and its page."""
_SHRUNK = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
_ACCENTS = frozenset("\u0300\u0301\u0302\u0303\u0308\u0327\u030a\u030c")
"""What inputenc makes of letters in every font encoding."""

_NAMED = {
    "textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<",
    "textgreater": ">", "textbar": "|", "textquotedbl": '"', "textasciigrave": "`",
    "textquotesingle": "'", "pm": "±", "times": "×", "approx": "≈", "surd": "√",
    "textperiodcentered": "·", "textendash": "–", "textellipsis": "…", "quad": " ", "qquad": " ",
    "ldots": "…", "dots": "…", "par": " ", "newline": " ",
}  # fmt: skip
_STYLED = {
    "textbf": "b", "mathbf": "b", "boldsymbol": "b", "bm": "b",
    "textit": "i", "emph": "i", "textsl": "i", "mathit": "i",
}  # fmt: skip
"""Commands that set their argument bold or italic."""
_STYLED_FROM_HERE = {
    "bfseries": "b", "bf": "b", "itshape": "i", "it": "i", "em": "i", "slshape": "i", "sl": "i",
}  # fmt: skip
_DROPPED = re.compile(
    r"\\(?:resizebox|c?midrule|toprule|bottomrule|hline|cline|addlinespace|rowcolor|cellcolor|color|vspace|"
    r"hspace|setlength|label|begin|end|arraystretch|renewcommand|fontsize)\*?"
    r"(?:\([^()]*\))?(?:\[[^\[\]]*\]|\{(?:[^{}]|\{[^{}]*\})*\})*"
)
"""Commands whose arguments are no words, with them."""
_COLOURED = re.compile(r"\\textcolor(?:\[[^\[\]]*\])?\{[^{}]*\}")
_SPAN = re.compile(r"\\multi(column|row)\s*\{([^{}]*)\}\s*\{(?:[^{}]|\{[^{}]*\})*\}")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
_TABULAR = re.compile(r"\\begin\{(tabular[*x]?|tabulary|longtable)\}(.*?)\\end\{\1\}", re.DOTALL)
_SUPER = re.compile(r"\\textsuperscript\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_TOKEN = re.compile(r"\\([A-Za-z]+)\*?\s*|\\(.)|([{}$])|([^\\{}$]+)", re.DOTALL)
_GROUP = re.compile(r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}")


def escape(text: str) -> str:
    """Return text that LaTeX sets as it is; a sign that pdflatex has no letter for becomes `?`."""
    line = squash(text)
    if line.startswith(_FIRST):
        line = "".join(("{", line[0], "}", *map(_sign, line[1:])))
    else:
        line = "".join(map(_sign, line))
    return _LIGATURES.sub(lambda found: f"{{{found[0]}}}", line)


def _sign(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isascii():
        return character
    parts = unicodedata.normalize("NFD", character)
    letter = parts[0].isascii() and parts[0].isalpha()
    return character if letter and parts[1:] in _ACCENTS else "?"


def render(pivot: Pivot, sidecar: str) -> str:
    """Return a table environment for each panel.

    Args:
        pivot: The table.
        sidecar: What the file of the receipts is called.
    """
    head = (
        "% needs \\usepackage{booktabs,graphicx}; `cslbench table --check` reads it back, with its "
        f"receipts in {squash(sidecar)}\n"
    )
    count = len(pivot.panels)
    parts = [
        _panel(pivot, panel, f"-{number}" if count > 1 else "", pivot.caption_of(number))
        for number, panel in enumerate(pivot.panels, start=1)
    ]
    return head + "\n".join(parts)


def _panel(pivot: Pivot, panel: Panel, part: str, caption: str) -> str:
    columns = "l" * len(panel.corner) + "c" * len(panel.cells[0])
    wide = widest(panel) > COLUMN
    kind = "table*" if wide else "table"
    label = pivot.request.label
    lines = [
        rf"\begin{{{kind}}}[t]", r"\centering", r"\footnotesize", r"\setlength{\tabcolsep}{4pt}",
        rf"\caption{{{escape(caption)}}}", *([rf"\label{{{label}{part}}}"] if label else []),
        *([_SHRUNK] if wide else []),
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"\toprule", *_header(panel), r"\midrule",
    ]  # fmt: skip
    for number, (labels, row) in enumerate(zip(panel.labels, panel.cells, strict=True)):
        lines += [r"\midrule"] if number in panel.rules else []
        lines.append(_line([*map(escape, labels), *map(_cell, row)]))
    lines += [r"\bottomrule", r"\end{tabular}" + ("}" if wide else ""), "", r"\smallskip"]
    lines += [r"\begin{minipage}{\linewidth}", r"\raggedright\scriptsize"]
    lines += [escape(text) + r"\par" for text in panel.about]
    lines += [
        rf"\textsuperscript{{{number}}} {escape(text)}.\par"
        for number, text in enumerate(panel.notes, start=1)
    ]
    return "\n".join([*lines, r"\end{minipage}", rf"\end{{{kind}}}", ""])


def widest(panel: Panel) -> int:
    """Return about how wide a table is, in characters and gaps between columns."""
    heads = panel.header[-1] if panel.header else ("",) * len(panel.cells[0])
    sides = [
        [name, *places]
        for name, places in zip(panel.corner, zip(*panel.labels, strict=True), strict=True)
    ]
    columns = [
        [head, *(f"{cell.text}{'x' * len(cell.notes)}" for cell in cells)]
        for head, cells in zip(heads, zip(*panel.cells, strict=True), strict=True)
    ]
    return sum(2 + max(map(len, texts)) for texts in [*sides, *columns])


def _header(panel: Panel) -> Iterator[str]:
    first, levels = len(panel.corner) + 1, len(panel.header)
    for level in range(levels):
        lowest = level == levels - 1
        corner = map(escape, panel.corner) if lowest else ("" for _ in panel.corner)
        cells, rules, at = list(corner), [], first
        groups = spans(panel, level)
        widths = [width for _, width in groups]
        below = [] if level + 2 >= levels else [width for _, width in spans(panel, level + 1)]
        # two levels of the same columns have one rule, below the second
        ruled = not lowest and widths != below
        for label, width in groups:
            one = width == 1 or lowest
            cells += [escape(label)] * width if one else [
                rf"\multicolumn{{{width}}}{{c}}{{{escape(label)}}}"
            ]  # fmt: skip
            rules += [rf"\cmidrule(lr){{{at}-{at + width - 1}}}"] if ruled and not one else []
            at += width
        yield _line(cells)
        if rules:
            yield "".join(rules)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(entry: Entry) -> str:
    text = escape(entry.text)
    if entry.mark:
        text = rf"\text{'bf' if entry.mark == 'best' else 'it'}{{{text}}}"
    numbers = ",".join(map(str, entry.notes))
    return rf"{text}\textsuperscript{{{numbers}}}" if numbers else text


def read(text: str) -> Document:
    """Read every tabular of a document, whatever its spacing and colours."""
    bare = _COMMENT.sub(r"\1", text)
    return document((_grid(found.group(2)) for found in _TABULAR.finditer(bare)), _plain(bare))


def _grid(body: str) -> list[list[Cell]]:
    body = _GROUP.sub("", body.lstrip(), count=2 if body.startswith("{\\") else 1)
    lines = re.split(r"\\\\(?:\s*\[[^\[\]]*\])?|\\tabularnewline\b", body)
    rows = ([*_cells(line)] for line in lines)
    return [row for row in rows if any(text for text, _ in row)]


def _cells(line: str) -> Iterator[Cell]:
    for cell in re.split(r"(?<!\\)&", line):
        span = _SPAN.search(cell)
        wide = span is not None and span.group(1) == "column" and span.group(2).strip().isdigit()
        count = int(span.group(2)) if span and wide else 1
        yield from [(_plain(cell), _emphasis(cell))] * min(count, 100)


def _emphasis(text: str) -> Mark:
    """Return the emphasis of any word or number of a cell: within a group, or until it ends."""
    seen = set[str]()
    groups, coming = [""], ""
    for name, _, brace, words in _TOKEN.findall(_bare(_SUPER.sub("", text))):
        if name in _STYLED:
            coming = _STYLED[name]
        elif name in _STYLED_FROM_HERE:
            groups[-1] += _STYLED_FROM_HERE[name]
        elif brace == "{":
            groups.append(groups[-1] + coming)
            coming = ""
        elif brace == "}" and len(groups) > 1:
            groups.pop()
        elif any(c.isalnum() for c in words):
            seen.update(groups[-1])
            coming = ""
    return mark(bold="b" in seen, italic="i" in seen)


def _plain(text: str) -> str:
    """Return the words of LaTeX, without commands, groups and spacing."""
    text = _bare(_SUPER.sub(lambda found: f" {{[}}{found.group(1)}{{]}} ", text))
    found = []
    for name, sign, brace, words in _TOKEN.findall(text):
        if name:
            found.append(_NAMED.get(name, ""))
        elif sign:
            found.append(" " if sign in ",;:! \\\n" else sign)
        elif words and not brace:
            found.append(words.replace("~", " "))
    return squash("".join(found))


def _bare(text: str) -> str:
    """Return LaTeX without what is no word, with its arguments."""
    return _SPAN.sub("", _COLOURED.sub("", _DROPPED.sub(" ", text)))
