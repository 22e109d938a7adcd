"""What is not there: cells without a number, combinations left out, files that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from benchmark.report import markdown
from benchmark.report.rows import Row, Table

if TYPE_CHECKING:
    from benchmark.matrix.model import Matrix
    from benchmark.store.files import Broken


def section(tables: Sequence[Table], broken: Sequence[Broken], matrix: Matrix | None) -> str:
    """Render one table of everything that is not there; empty if nothing is.

    Args:
        tables: The tables of the board.
        broken: Files that should be results.
        matrix: What should be there, if that is known.
    """
    # floors stand in several tables
    rows = {row.cell.pretrain_id: row for table in tables for row in table.rows}
    lines = [line for name in sorted(rows) for line in _of_row(rows[name], matrix)]
    lines.sort(key=lambda line: tuple(line.values()))
    if matrix is not None:
        lines += [_line(gone.label, "excluded", gone.reason) for gone in matrix.excluded]
    lines += [_line(file.path.as_posix(), "unreadable", file.reason) for file in broken]
    return f"## Not there\n\n{markdown.table(lines)}" if lines else ""


def _of_row(row: Row, matrix: Matrix | None) -> Iterator[dict[str, str]]:
    by_reason: dict[tuple[str, str], list[int]] = {}
    for result in row.unfinished:
        state = result.status.replace("_", " ")
        by_reason.setdefault((state, result.error or "no reason was recorded"), []).append(
            result.cell.replicate
        )
    if row.missing:
        why = "not run" + (f" (matrix {matrix.name})" if matrix else "")
        by_reason["missing", why] = [cell.replicate for cell in row.missing]
    name = row.cell.label.rpartition(" ")[0]
    for (state, reason), replicates in by_reason.items():
        numbers = " ".join(f"r{number}" for number in sorted(replicates))
        yield _line(f"{name} {numbers}", state, reason)


def _line(what: str, state: str, reason: str) -> dict[str, str]:
    return {"what": what, "state": state, "why": reason}
