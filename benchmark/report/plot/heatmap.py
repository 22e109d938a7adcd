"""Accuracy by method and encoder: a number in every cell, and every missing cell visible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.errors import UsageError
from benchmark.report.plot import style
from benchmark.report.plot.points import Group, Point, points, refuse_none, several

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.24
"""Height of a cell, inches."""
_NARROWEST = 0.3
"""Width in which a number of `SMALL` points can be read, inches."""
_NAMES = 1.3
"""Width that the methods' names take, inches."""
_NONE = Point("", "method", "missing", None, ())


@dataclass(frozen=True)
class Panel:
    """One dataset, training and budget."""

    title: tuple[str, ...]
    methods: tuple[str, ...]
    """Rows from the top: as the board has them on the encoder of most rows, then what else is."""
    encoders: tuple[str, ...]
    """Columns."""
    cells: tuple[tuple[Point, ...], ...]
    """Row by row."""

    @property
    def counts(self) -> set[int]:
        """The replicates of a cell, as far as there is a number."""
        return {cell.estimate.n for row in self.cells for cell in row if cell.estimate}


@dataclass(frozen=True)
class Heatmap:
    """What the figure shows."""

    protocol: str
    panels: tuple[Panel, ...]


def data(groups: Sequence[Group], protocol: str) -> Heatmap:
    """Return what is plotted.

    Raises:
        UsageError: If nothing has a number, or there are too many panels.
    """
    found: dict[tuple[str, ...], list[Group]] = {}
    for group, told in zip(groups, several(groups), strict=True):
        found.setdefault((group.cell.dataset, *group.how, told), []).append(group)
    panels = [_panel(title, own, protocol) for title, own in found.items()]
    panels = [panel for panel in panels if panel.counts]
    refuse_none(panels, f"no result has a top-1 under the protocol {protocol!r}")
    return Heatmap(protocol, tuple(panels))


def _panel(title: tuple[str, ...], groups: Sequence[Group], protocol: str) -> Panel:
    encoders = tuple(dict.fromkeys(group.cell.encoder for group in groups))
    cells: dict[tuple[str, str], dict[str, Point]] = {}
    for group in sorted(groups, key=lambda group: -len(group.rows)):
        for point in points(group.rows, protocol, group.cell):
            cells.setdefault((point.role, point.name), {})[group.cell.encoder] = point
    return Panel(
        title,
        tuple(name for _, name in cells),
        encoders,
        tuple(tuple(own.get(encoder, _NONE) for encoder in encoders) for own in cells.values()),
    )


def draw(shown: Heatmap, width: style.Width) -> Figure:
    """Draw it: colours span all numbers of a panel, controls too, so that no two look the same.

    Raises:
        UsageError: If the cells would be too narrow for their numbers.
    """
    inches = style.WIDTHS[width]
    most = max(len(panel.encoders) for panel in shown.panels)
    fits = int((inches - _NAMES - 0.5) / _NARROWEST)
    if most > fits:
        raise UsageError(
            f"a heat map of {width} width holds at most {fits} encoders (got {most}): choose "
            "with -e" + (", or take --width double" if width == "single" else "")
        )
    columns = 2 if width == "double" and most * 2 <= fits - 4 else 1
    each = inches / min(columns, len(shown.panels))
    heights = [
        0.75 + 0.13 * len(style.heading(_title(p), each)) + _row(p) * len(p.methods)
        for p in shown.panels
    ]
    figure, parts = style.panels(heights, width, columns)
    for part, panel in zip(parts, shown.panels, strict=True):
        style.headed(part, _title(panel), each)
        _draw(part.subplots(), panel, shown.protocol)
    return figure


def _title(panel: Panel) -> tuple[str, ...]:
    """Say how many replicates there are, unless cells differ: then each says its own."""
    own = f"n = {min(panel.counts)}" if len(panel.counts) == 1 else ""
    return (*panel.title, own)


def _draw(axes: Axes, panel: Panel, protocol: str) -> None:
    import matplotlib as mpl
    import numpy as np

    means = np.array(
        [[c.estimate.mean if c.estimate else np.nan for c in row] for row in panel.cells]
    )
    low, high = np.nanmin(means), np.nanmax(means)
    image = axes.imshow(
        np.ma.masked_invalid(means), aspect="auto", cmap="cividis",
        vmin=low, vmax=high if high > low else low + 1,
    )  # fmt: skip
    for y, row in enumerate(panel.cells):
        for x, cell in enumerate(row):
            _cell(axes, x, y, cell, said=len(panel.counts) > 1, dark=_is_dark(image, cell))
    axes.set_xticks(range(len(panel.encoders)), style.labels(panel.encoders, 22))
    axes.set_yticks(range(len(panel.methods)), _names(panel))
    longest = max(len(name) for name in panel.encoders)
    if longest * 0.05 > 0.9 * (style.WIDTHS["single"] - _NAMES) / len(panel.encoders):
        axes.tick_params(axis="x", rotation=40)
        for text in axes.get_xticklabels():
            text.set(ha="right", rotation_mode="anchor")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02, aspect=25)
    bar.outline.set_visible(False)
    bar.locator = mpl.ticker.MaxNLocator(4, integer=high - low > 4)
    bar.update_ticks()
    bar.set_label(f"{style.label(protocol)} top-1, %")


def _names(panel: Panel) -> list[str]:
    roles = [next(c.role for c in row if c is not _NONE) for row in panel.cells]
    shown = style.labels(panel.methods)
    return [
        name if role == "method" else f"{name} ({role})"
        for name, role in zip(shown, roles, strict=True)
    ]


def _row(panel: Panel) -> float:
    """Return how high a row must be for the longest of the names."""
    return max(_ROW, *(0.1 * (1 + name.count("\n")) for name in _names(panel)))


def _is_dark(image: object, cell: Point) -> bool:
    if cell.estimate is None:
        return False
    red, green, blue, _ = image.to_rgba(cell.estimate.mean)  # type: ignore[attr-defined]
    return bool(0.299 * red + 0.587 * green + 0.114 * blue < 0.46)


def _cell(axes: Axes, x: int, y: int, cell: Point, *, said: bool, dark: bool) -> None:
    from matplotlib.patches import Rectangle

    found = cell.estimate
    if found is None:
        axes.add_patch(
            Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor="white", edgecolor="#BBBBBB",
                      hatch="////", linewidth=0)
        )  # fmt: skip
    text = cell.state.replace(" ", "\n") if found is None else f"{found.mean:.1f}"
    if found is not None and said:
        text += f"\nn={found.n}"
    axes.text(
        x, y, text, ha="center", va="center", fontsize=style.SMALL, linespacing=1.0,
        color="white" if dark else "black",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8} if found is None else None,
    )  # fmt: skip
