"""How every figure looks: print sizes, fonts, headings, keys and notes, and a file's bytes.

matplotlib is an extra: it is imported where something is drawn.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchmark.errors import UsageError, unknown
from benchmark.reading import plain
from benchmark.report.plot.looks import Look
from benchmark.report.plot.points import decades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

Width = Literal["single", "double"]
WIDTHS: dict[Width, float] = {"single": 3.3, "double": 6.9}
"""Of a column and of a page of two columns, inches."""
FORMATS = ("pdf", "svg", "png")
GREY = "#666666"
SMALL = 6.0
"""Points, the smallest text."""
_TEXT = 7.0
_LINES = 4
"""Of a name."""
_KEY = 30
"""Characters of a line of a key."""
_FONT = "DejaVu Sans"
"""Comes with matplotlib, so that every machine draws the same."""
_RC: Any = {
    "font.family": _FONT,
    "font.size": _TEXT,
    "axes.titlesize": _TEXT,
    "axes.labelsize": _TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "figure.titlesize": _TEXT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.0,
    "lines.markersize": 4.0,
    "hatch.linewidth": 0.4,
    "legend.frameon": False,
    # names are a stranger's: a $ in them is a $
    "text.parse_math": False,
    "text.usetex": False,
    "pdf.fonttype": 42,
    "svg.hashsalt": "cslbench",
    "savefig.dpi": 300,
}
_UNDATED: dict[str, dict[str, None]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


@contextmanager
def printed() -> Iterator[None]:
    """Draw with these settings alone, whatever a user's own say; then restore those.

    Raises:
        UsageError: If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ModuleNotFoundError:
        raise UsageError(
            "figures need matplotlib: run `pip install 'cslbench[plots]'`, or take --json"
        ) from None
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield


def file_format(out: Path) -> str:
    """Return the format that a file's name asks for.

    Raises:
        UsageError: If it is none of ours.
    """
    found = out.suffix.lower().removeprefix(".")
    if found not in FORMATS:
        raise UsageError(f"--out {out}: {unknown('format', found, FORMATS)}")
    return found


def encoded(figure: Figure, kind: str) -> bytes:
    """Return a figure as a file's bytes: the same each time, without a date."""
    file = io.BytesIO()
    figure.savefig(file, format=kind, metadata=_UNDATED[kind])
    return file.getvalue()


def label(name: str, longest: int = 24) -> str:
    """Return a stranger's name as text that can be shown: its options below it, line by line.

    Only a single option that is longer than a line, or a fifth line, is cut.
    """
    known = _characters()
    safe = "".join(c if ord(c) in known else "?" for c in plain(name))
    if len(safe) <= longest:
        return safe
    end = next((i for i, character in enumerate(safe) if character in "[("), len(safe))
    lines = [safe[:end].rstrip()]
    for option in re.split("(?<=,)", safe[end:]):
        if len(lines) > 1 and len(lines[-1] + option) <= longest:
            lines[-1] += option
        else:
            lines.append(option)
    if len(lines) > _LINES:
        lines[_LINES - 1 :] = ["".join(lines[_LINES - 1 :])]
    return "\n".join(_cut(line, longest) for line in lines if line)


def labels(names: Sequence[str], longest: int = 24) -> list[str]:
    """Return labels of different names, different after they were cut, too."""
    found: list[str] = []
    for name in names:
        text = label(name, longest)
        same = sum(other.partition(" #")[0] == text for other in found)
        found.append(f"{text} #{same + 1}" if same else text)
    return found


def _cut(text: str, longest: int) -> str:
    half = (longest - 1) // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"


@cache
def _characters() -> frozenset[int]:
    """Return what the font can show: for anything else matplotlib would warn and draw a box."""
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(findfont(_FONT)).get_charmap())


def panels(
    heights: Sequence[float], width: Width, columns: int, *, extra: float = 0.0
) -> tuple[Figure, list[SubFigure]]:
    """Return a figure with a part for each panel, row by row.

    Args:
        heights: Of each panel, inches; a row is as high as its highest.
        width: Of the figure.
        columns: In which panels are laid out, if there are as many.
        extra: Height for what is below or above all panels, inches.
    """
    from matplotlib.figure import Figure

    columns = min(columns, len(heights))
    rows = [max(heights[i : i + columns]) for i in range(0, len(heights), columns)]
    figure = Figure(figsize=(WIDTHS[width], sum(rows) + extra), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)  # type: ignore[union-attr,call-arg]
    parts = figure.subfigures(len(rows), columns, squeeze=False, height_ratios=rows)
    return figure, list(parts.flat)[: len(heights)]


def headed(part: SubFigure, parts: Sequence[str], width: float) -> int:
    """Write what a panel is of over it, and return how many lines that takes.

    Args:
        part: The panel.
        parts: What all of it has in common.
        width: Of the panel, inches.
    """
    lines = heading(parts, width)
    part.suptitle("\n".join(lines), x=0.02, ha="left", fontweight="bold")
    return len(lines)


def heading(parts: Sequence[str], width: float) -> list[str]:
    """Return a heading in lines that fit a width, inches."""
    whole = (label(part, 60).replace("\n", "") for part in parts if part)
    text = " · ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in whole)
    lines = textwrap.wrap(text, int(width * 72 / (_TEXT * 0.68)))
    return [line.strip(" ·") for line in lines] or [""]


def noted(figure: Figure, text: str) -> None:
    """Write a note under a figure."""
    if text:
        wide = int(figure.get_figwidth() * 72 / (SMALL * 0.56))
        lines = textwrap.fill(text, wide)
        figure.supxlabel(lines, x=0.01, ha="left", fontsize=SMALL, color=GREY)


def note_height(text: str, width: float) -> float:
    """Return the height of such a note, inches."""
    return 0.1 * len(textwrap.wrap(text, int(width * 72 / (SMALL * 0.56))))


def light(axes: Axes, axis: Literal["x", "y", "both"]) -> None:
    """Draw a grid that stays behind the data."""
    axes.grid(visible=True, axis=axis, color="#DDDDDD", linewidth=0.5)
    axes.set_axisbelow(True)


def key_size(names: Sequence[str], inches: float) -> tuple[int, float]:
    """Return the columns of a key that fits a width, and its height, inches."""
    texts = _keys(names)
    longest = max(len(line) for text in texts for line in text.split("\n"))
    columns = max(1, min(4, int(inches / (0.4 + longest * SMALL * 0.56 / 72))))
    rows = -(-len(names) // columns)
    # a key is filled column by column
    high = (sum(1 + text.count("\n") for text in texts[at : at + rows])
            for at in range(0, len(texts), rows))  # fmt: skip
    return columns, 0.14 * max(high) + 0.1


def keyed(figure: Figure, looks: dict[str, Look], *, lines: bool = False) -> None:
    """Say above a figure which look is whose, outside of all panels."""
    from matplotlib.lines import Line2D

    names = list(looks)
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, label=text,
               linestyle=look.line if lines else "none", **look.inside)
        for text, look in zip(_keys(names), looks.values(), strict=True)
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="outside upper left", ncols=key_size(names, figure.get_figwidth())[0],
        handletextpad=0.4, columnspacing=1.0, handlelength=2.4 if lines else 1.0,
    )  # fmt: skip


def _keys(names: Sequence[str]) -> list[str]:
    return labels(names, _KEY)


def amounts(axes: Axes, values: Sequence[float]) -> None:
    """Scale the axis of a cost: logarithmic where it spans more than a decade, else from 0."""
    from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter

    if decades(values):
        axes.set_xscale("log")
        axes.margins(x=0.1)
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.set_xlim(0, 1.08 * max(values))
    axes.xaxis.set_major_formatter(EngFormatter(sep=" "))
