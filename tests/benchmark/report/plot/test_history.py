"""The figure of a history of nights: its points, intervals, levels and steps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pytest

from benchmark.errors import UsageError
from benchmark.evidence.history import History
from benchmark.report.plot import history, style
from tests.benchmark.report.plot.drawn import fits, lines
from tests.benchmark.report.plot.series import past, stepped
from tests.benchmark.report.plot.stores import LONG

pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def _printed() -> Iterator[None]:
    with style.printed():
        yield


def test_history_draws_nights_at_their_dates_and_levels_between_steps() -> None:
    """Means by hand; pooled within nights the interval has 2 K degrees of freedom; 40: 2.021075."""
    nights = stepped(20, 1.0)
    (axes,) = history.draw(history.data(past({"simclr": nights})), "single").axes
    days = [date(2026, 11, k).toordinal() for k in range(1, 22) if k != 5]
    half = 2.021075 * np.sqrt(np.mean([np.var(n, ddof=1) for n in nights])) / np.sqrt(3)

    (drawn,) = lines(axes, "simclr")
    bars: list[Any] = list(axes.collections)
    levels = [c.get_segments()[0] for c in bars if c.get_label() == "_level"]
    ends = [c.get_segments()[0][:, 1] for c in bars if c.get_label() != "_level"]

    np.testing.assert_allclose(
        np.array(drawn), np.array([[d, np.mean(n)] for d, n in zip(days, nights, strict=True)])
    )
    np.testing.assert_allclose(
        ends, [(np.mean(n) - half, np.mean(n) + half) for n in nights], rtol=1e-6
    )
    means = [np.mean(nights[:10]), np.mean(nights[10:])]
    np.testing.assert_allclose([level[:, 1] for level in levels], [[m, m] for m in means])
    between = (days[9] + days[10]) / 2
    assert levels[0][1, 0] == levels[1][0, 0] == between
    assert [(text.get_text(), text.xy) for text in axes.texts] == [  # type: ignore[attr-defined]
        (f"\N{MINUS SIGN}{means[0] - means[1]:.1f}", (between, 1.0))
    ]


def test_a_point_is_as_high_in_every_panel_of_a_history() -> None:
    """A quiet method looks quiet; one replicate a night has no interval."""
    found = past({"a": stepped(20, 1.0), "b": stepped(20, 0.0), "c": [[70.0]] * 20})
    shown = history.data(found)
    spans = [np.ptp(axes.get_ylim()) for axes in history.draw(shown, "double").axes]

    assert spans == pytest.approx([spans[0]] * 3)
    assert {night.low for night in shown.panels[2].nights} == {None}


def test_a_history_shows_and_explains_levels_only_where_there_is_a_step() -> None:
    """Two nights of one replicate are two points, and it says why they have no interval."""
    said, levels = {}, {}
    for name, nights in (("few", [[70.0], [71.0]]), ("level", stepped(20, 0.0)),
                         ("stepped", stepped(20, 1.0))):  # fmt: skip
        figure = history.draw(history.data(past({"a": nights})), "double")
        said[name] = " ".join(figure.get_supxlabel().split())
        drawn = [c.get_label() for c in figure.axes[0].collections]
        levels[name] = drawn.count("_level")

    assert levels == {"few": 0, "level": 0, "stepped": 2}
    assert "no night has two replicates, so there is no interval" in said["few"]
    for name in ("few", "level"):
        assert "No step was detected (alpha 0.05" in said[name]
        assert "levels" not in said[name]
    assert "their 95 % t interval" in said["level"]
    assert "A point without a line" not in said["stepped"]
    assert "levels before and after a detected step" in said["stepped"]


@pytest.mark.parametrize("width", style.WIDTHS)
@pytest.mark.parametrize("names", [["simclr"], [*"abc"], list(LONG)])
def test_a_history_fits_its_page(names: list[str], width: style.Width) -> None:
    """Likewise: one night and thirty of them, with and without steps."""
    for count in (1, 30):
        found = past({name: stepped(count, place % 2) for place, name in enumerate(names)})
        fits(history.draw(history.data(found), width), width)


def both() -> History:
    """Return two methods of two cells each; one cell alone has a step."""
    cells = {f"{m} on {e}": stepped(20, float((m, e) == ("a", "x"))) for m in "ab" for e in "xy"}
    return past({"a": stepped(20, 0.5), "b": stepped(20, 0.0)}, cells)


def test_cells_follow_their_method() -> None:
    """None unless asked for; all of them, or those with a step, each with its own levels."""
    shown = {cells: history.data(both(), cells).panels for cells in history.CELLS}
    names = {cells: [panel.name for panel in panels] for cells, panels in shown.items()}
    assert names == {
        "none": ["a", "b"],
        "steps": ["a", "a on x", "b"],
        "all": ["a", "a on x", "a on y", "b", "b on x", "b on y"],
    }
    levels = {panel.name: len(panel.levels) for panel in shown["all"]}
    assert levels == {"a": 2, "a on x": 2, "a on y": 1, "b": 1, "b on x": 1, "b on y": 1}


@pytest.mark.parametrize("width", style.WIDTHS)
def test_cells_are_named_as_such_and_fit_the_page(width: style.Width) -> None:
    """As many panels as a figure may hold, with long names; a heading says which are cells."""
    cells = {f"a on {name}": stepped(30, 1.0) for name in [*LONG, "x", "y", "z"]}
    figure = history.draw(history.data(past({"a": stepped(30, 1.0)}, cells), "all"), width)
    fits(figure, width)
    headings = [part.texts[0].get_text() for part in figure.subfigs]
    assert headings[0] == "a"
    assert all(heading.startswith("cell · a\N{NO-BREAK SPACE}on") for heading in headings[1:])


def test_more_panels_than_can_be_read_are_refused() -> None:
    """With their count, and what to choose instead."""
    found = past({"a": stepped(4, 0.0)}, {f"a on {k}": stepped(4, 0.0) for k in range(24)})
    with pytest.raises(UsageError, match=r"got 1 of methods and 24 of cells.*or --cells steps"):
        history.data(found, "all")
    assert len(history.data(found, "steps").panels) == 1
