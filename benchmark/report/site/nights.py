"""Nights as points over dates and levels between steps: numbers for an SVG, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from benchmark.evidence.history import History, Trend, intervals
from benchmark.report import history as report
from benchmark.report.site.scale import Scale, Tick

WIDTH, HEIGHT = 420, 160
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 24, 22
SHOWN = 3
"""Nights that are columns of the table."""
_DATES = 3
"""Most dates under a chart."""


def page(found: History) -> dict[str, Any]:
    """Return what the page shows: charts of methods, and of cells with a step."""
    shown = [trend for trend in found.trends if trend.series.of == "method" or trend.steps]
    ends = [_ends(trend) for trend in shown]
    span = max([1.0, *(high - low for low, high in ends)])
    return {
        "past": found,
        "box": {
            "width": WIDTH,
            "height": HEIGHT,
            "left": LEFT,
            "right": WIDTH - RIGHT,
            "top": TOP,
            "bottom": HEIGHT - BOTTOM,
        },
        "charts": [
            _chart(trend, found.nights, (low + high) / 2, span)
            for trend, (low, high) in zip(shown, ends, strict=True)
        ],
        "rows": report.rows(found, SHOWN),
        "said": report.lines(found),
        "means": _means([t for t in found.trends if t.series.of == "method"], found.nights),
    }


def _ends(trend: Trend) -> tuple[float, float]:
    """Return the lowest and the highest that is drawn, percent."""
    means = [point.mean for point in trend.series.points]
    around = intervals(trend.series) or [(mean, mean) for mean in means]
    return min(low for low, _ in around), max(high for _, high in around)


def _chart(trend: Trend, nights: Sequence[str], middle: float, span: float) -> dict[str, Any]:
    """Return one chart; a point is as high in every one."""
    points = trend.series.points
    across = Scale(_day(nights[0]) - 0.8, _day(nights[-1]) + 0.8, LEFT, WIDTH - RIGHT)
    up = Scale(middle - span / 2, middle + span / 2, HEIGHT - BOTTOM, TOP)
    days = [_day(point.night) for point in points]
    starts = [days[0] - 0.5, *((days[s.at - 1] + days[s.at]) / 2 for s in trend.steps)]
    ends = [*starts[1:], days[-1] + 0.5]
    around: Sequence[tuple[float, float] | None]
    around = intervals(trend.series) or [None] * len(points)
    return {
        "name": trend.series.name,
        "of": trend.series.of,
        "about": _about(trend),
        "x": _dates(nights, across),
        "y": up.ticks(),
        "points": [
            {
                "x": f"{across(day):.1f}",
                "y": f"{up(point.mean):.1f}",
                "bar": None if ends is None else (f"{up(ends[0]):.1f}", f"{up(ends[1]):.1f}"),
                "text": f"{point.night}: {point.mean:.2f} %, n = {len(point.scores)}",
            }
            for day, point, ends in zip(days, points, around, strict=True)
        ],
        "levels": [
            (f"{across(start):.1f}", f"{across(end):.1f}", f"{up(level.mean):.1f}")
            for start, end, level in zip(starts, ends, trend.levels, strict=True)
        ],
        "steps": [
            (f"{across(start):.1f}", _change(step.change))
            for start, step in zip(starts[1:], trend.steps, strict=True)
        ],
    }  # fmt: skip


def _about(trend: Trend) -> str:
    """Return the chart in words, for who does not see it."""
    series = trend.series
    first, last = series.points[0], series.points[-1]
    steps = [f"{_change(s.change)} points on {series.points[s.at].night}" for s in trend.steps]
    return (
        f"{series.name}, {len(series.points)} nights: {first.mean:.1f} % on {first.night}, "
        f"{last.mean:.1f} % on {last.night}; steps: {', '.join(steps) or 'none'}"
    )


def _change(change: float) -> str:
    return f"{change:+.1f}".replace("-", "\N{MINUS SIGN}")


def _day(night: str) -> int:
    return date.fromisoformat(night).toordinal()


def _dates(nights: Sequence[str], across: Scale) -> list[Tick]:
    """Return a few nights that are evenly spread over the history."""
    count = min(_DATES, len(nights))
    places = [round((k + 0.5) * len(nights) / count - 0.5) for k in range(count)]
    return [Tick(f"{across(_day(nights[k])):.1f}", nights[k]) for k in places]


def _means(methods: Sequence[Trend], nights: Sequence[str]) -> dict[str, Any]:
    """Return every mean of every method, the last night first."""
    by_method = [{p.night: p.mean for p in trend.series.points} for trend in methods]
    return {
        "methods": [trend.series.name for trend in methods],
        "nights": [
            (night, [f"{own[night]:.2f}" if night in own else "–" for own in by_method])
            for night in reversed(nights)
        ],
    }
