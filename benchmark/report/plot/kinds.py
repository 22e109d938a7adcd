"""The kinds of figures: what is asked of each, what it plots, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from benchmark.errors import UsageError, unknown
from benchmark.matrix.cell import Cell
from benchmark.report.plot import (
    accuracy,
    compute,
    curves,
    heatmap,
    history,
    profiles,
    robustness,
    spent,
    style,
)
from benchmark.report.plot.points import groups
from benchmark.report.plot.spent import CURRENCIES, Currency
from benchmark.store.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchmark.evidence.history import History

T = TypeVar("T", bound=str)
Kind = Literal["accuracy", "heatmap", "compute", "curves", "robustness", "profiles", "history"]
DRAW: dict[Kind, Callable[[Any, style.Width], Figure]] = {
    "accuracy": accuracy.draw,
    "heatmap": heatmap.draw,
    "compute": compute.draw,
    "curves": curves.draw,
    "robustness": robustness.draw,
    "profiles": profiles.draw,
    "history": history.draw,
}
KINDS: tuple[Kind, ...] = tuple(DRAW)


@dataclass(frozen=True)
class Wanted:
    """One figure, as it was asked for."""

    kind: Kind
    protocol: str
    against: Currency
    over: str
    cells: history.Cells
    width: style.Width


def wanted(
    kind: str,
    *,
    protocol: str,
    against: str | None,
    over: str | None,
    cells: str | None,
    width: str,
) -> Wanted:
    """Check what was asked for.

    Raises:
        UsageError: If a name is unknown, or an option is not of this kind.
    """
    found = _one(kind, "kind of figure", KINDS)
    if against and found != "compute":
        raise UsageError(f"--against is of compute alone (got {found})")
    if over and found not in ("robustness", "profiles"):
        raise UsageError(f"--over is of robustness and profiles alone (got {found})")
    if cells and found != "history":
        raise UsageError(f"--cells is of history alone (got {found})")
    return Wanted(
        found,
        protocol,
        _one(against or "flops", "currency", CURRENCIES),
        over or "encoder",
        _one(cells or "none", "choice of cells", history.CELLS),
        _one(width, "width", tuple(style.WIDTHS)),
    )


def _one(given: str, what: str, known: Sequence[T]) -> T:
    found = next((each for each in known if each == given), None)
    if found is None:
        raise UsageError(unknown(what, given, known))
    return found


def data(
    asked: Wanted,
    results: Sequence[Result],
    cells: Iterable[Cell] = (),
    past: History | None = None,
) -> object:
    """Return what a figure plots.

    Args:
        asked: The figure.
        results: Of any cells.
        cells: That should have a result; those without are shown as missing where that can be.
        past: Nights, which a figure of their history is of instead.

    Raises:
        UsageError: If there is nothing to plot, or too much.
    """
    match asked.kind:
        case "accuracy":
            return accuracy.data(groups(results, cells), asked.protocol)
        case "heatmap":
            return heatmap.data(groups(results, cells), asked.protocol)
        case "compute":
            return spent.data(groups(results), asked.protocol, asked.against)
        case "curves":
            return curves.data(groups(results))
        case "robustness" | "profiles":
            made = robustness.data if asked.kind == "robustness" else profiles.data
            return made(results, asked.over, asked.protocol)
        case "history":
            return history.data(past, asked.cells)


def drawn(asked: Wanted, shown: object, encoding: str) -> bytes:
    """Return a figure as a file's bytes.

    Raises:
        UsageError: If matplotlib is not installed, or what is shown does not fit the width.
    """
    with style.printed():
        return style.encoded(DRAW[asked.kind](shown, asked.width), encoding)
