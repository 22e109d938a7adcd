"""Markdown that reads well as plain text, and holds whatever a stranger's result says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ESCAPES = str.maketrans({character: f"\\{character}" for character in "\\|`*~"})


def escape(text: str) -> str:
    """Return text that stays one line of plain text: in a table, in a list, in a heading.

    No cell ends, no tag, code, emphasis or link begins; what cannot be printed becomes `?`.
    """
    line = " ".join(text.split())
    printable = "".join(character if character.isprintable() else "?" for character in line)
    harmless = printable.translate(_ESCAPES).translate(_ENTITIES)
    return harmless.replace("](", "]\\(").replace("][", "]\\[").replace("]:", "]\\:")


def table(rows: Sequence[Mapping[str, str]], *, right: Sequence[str] = ()) -> str:
    """Lay out rows as a table; a column that is empty in every row is left out.

    Args:
        rows: One or more, all with the same columns; escaped here.
        right: The columns of numbers, set to the right.
    """
    # pandas takes 0.4 s to import
    import pandas as pd

    escaped = [{name: escape(text) for name, text in row.items()} for row in rows]
    frame = pd.DataFrame(escaped)
    frame = frame[[name for name in frame if any(row[str(name)] for row in escaped)]]
    aligned = ["right" if name in right else "left" for name in frame]
    # no parsing of numbers: tabulate would print `61.0` as it likes
    return frame.to_markdown(index=False, tablefmt="pipe", disable_numparse=True, colalign=aligned)


def bullets(lines: Sequence[str]) -> str:
    """Return a list; the lines are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)
