"""Performance profiles: the share of a method's runs that score above each accuracy.

Source: Dolan and More, Mathematical Programming 91 (2002) 201; in the form of score distributions
    Agarwal et al., arXiv 2108.13264, sec. 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.counting import plural
from benchmark.evidence.designs import Design, Refused, designs
from benchmark.report.plot import style
from benchmark.report.plot.looks import Look, of_methods
from benchmark.report.plot.points import refuse_none
from benchmark.store.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Profile:
    """One method."""

    name: str
    above: tuple[float, ...]
    """Share of its runs above each threshold."""


@dataclass(frozen=True)
class Panel:
    """One full table of results: the same encoders and replicates for every method."""

    title: str
    levels: tuple[str, ...]
    replicates: tuple[int, ...]
    thresholds: tuple[float, ...]
    """Percent: every score that occurs, and one below all."""
    profiles: tuple[Profile, ...]


@dataclass(frozen=True)
class Profiles:
    """What the figure shows."""

    protocol: str
    over: str
    panels: tuple[Panel, ...]
    left_out: tuple[str, ...]
    """Tables that are not full, with the reason."""


def data(results: Sequence[Result], over: str, protocol: str) -> Profiles:
    """Return what is plotted; only methods with the same runs can be compared.

    Raises:
        UsageError: If no table is full, or there are too many panels.
    """
    found = designs(results, over, protocol=protocol)
    panels = [_panel(design) for design in found if isinstance(design, Design)]
    left_out = [each.sentence for each in found if isinstance(each, Refused)]
    refuse_none(panels, "; ".join(left_out))
    return Profiles(protocol, over, tuple(panels), tuple(left_out))


def _panel(design: Design) -> Panel:
    from benchmark.evidence.statistics.aggregate import performance_profile  # here: it needs numpy

    every = sorted({s for method in design.scores for level in method for s in level})
    thresholds = (max(0.0, every[0] - 0.05 * (every[-1] - every[0])), *every)
    return Panel(
        design.label,
        design.levels,
        design.replicates,
        thresholds,
        tuple(
            Profile(name, tuple(performance_profile(scores, thresholds)))
            for name, scores in zip(design.methods, design.scores, strict=True)
        ),
    )


def draw(shown: Profiles, width: style.Width) -> Figure:
    """Draw it."""
    columns = 2 if width == "double" else 1
    inches = style.WIDTHS[width]
    each = inches / min(columns, len(shown.panels))
    looks = of_methods(p.name for panel in shown.panels for p in panel.profiles)
    note = f"Runs: all {plural(shown.over)} and replicates, the same for every method."
    extra = style.key_size(list(looks), inches)[1] + style.note_height(note, inches)
    figure, parts = style.panels([2.1] * len(shown.panels), width, columns, extra=extra)
    for part, panel in zip(parts, shown.panels, strict=True):
        runs = f"{len(panel.levels)} {plural(shown.over)} × {len(panel.replicates)} replicates"
        style.headed(part, (panel.title, runs), each)
        axes = part.subplots()
        _draw(axes, panel, looks)
        axes.set_xlabel(f"{style.label(shown.protocol)} top-1, %")
    style.keyed(figure, looks, lines=True)
    style.noted(figure, note)
    return figure


def _draw(axes: Axes, panel: Panel, looks: dict[str, Look]) -> None:
    style.light(axes, "both")
    for profile in panel.profiles:
        look = looks[profile.name]
        axes.plot(
            panel.thresholds, profile.above, color=look.colour, linestyle=look.line,
            marker=look.marker, markevery=max(1, len(panel.thresholds) // 6),
            drawstyle="steps-post", label=profile.name, markersize=3, **look.inside,
        )  # fmt: skip
    axes.set_ylabel("share of runs above")
    axes.set_ylim(-0.03, 1.05)
    axes.margins(x=0.02)
