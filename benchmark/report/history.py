"""A history of nights as a table, as lines, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from benchmark.counting import counted
from benchmark.evidence.history import History, Series, Trend
from benchmark.report import markdown, words


def rows(found: History, last: int) -> list[dict[str, str]]:
    """Return a row of each method and cell, the last nights as columns."""
    nights = found.nights[-last:]
    return [_row(trend, nights) for trend in found.trends]


def _row(trend: Trend, nights: tuple[str, ...]) -> dict[str, str]:
    series = trend.series
    means = {point.night: point for point in series.points}
    every = [score for point in series.points for score in point.scores.values()]
    return {
        "what": f"{series.of}: {series.name}",
        "nights": str(len(series.points)),
        "n": str(len(every)),
        "mean": f"{sum(every) / len(every):.2f}",
        "sd": "" if trend.sd is None else f"{trend.sd:.2f}",
        **{night: f"{means[night].mean:.2f}" if night in means else "" for night in nights},
        "steps": "; ".join(_steps(trend)) or "none",
        "smallest step": _points(trend.smallest_step),
        "smallest drift a night": _points(trend.smallest_drift),
    }


def _points(value: float | None) -> str:
    return "" if value is None else words.points(value)


def _steps(trend: Trend) -> Iterator[str]:
    for step in trend.steps:
        yield f"{step.change:+.2f} on {trend.series.points[step.at].night}"


def lines(found: History) -> list[str]:
    """Return what was found, step by step, then what could have been, in words."""
    said = [line for trend in found.trends for line in _said(trend)]
    said += [
        f"{night}: {counted(count, 'result')} without a number"
        for night, count in found.failed.items()
    ]
    said += [
        f"left out of {trend.series.name}, which had other cells then: "
        f"{', '.join(trend.series.left_out)}"
        for trend in found.trends
        if trend.series.left_out
    ]
    return [*said, title(found)]


def _said(trend: Trend) -> Iterator[str]:
    series = trend.series
    for step in trend.steps:
        before, after = series.points[step.at - 1], series.points[step.at]
        yield (
            f"{'drop' if step.change < 0 else 'rise'}: {series.of} {series.name}: "
            f"{step.change:+.2f} points from {before.night} to {after.night} "
            f"({_change(series, step.at)})"
        )


def _change(series: Series, at: int) -> str:
    before, after = (", ".join(series.points[k].commits) or "unknown" for k in (at - 1, at))
    return f"commit {before}" if before == after else f"commits {before} to {after}"


def title(found: History) -> str:
    """Return the history in one line, with what it could have seen."""
    steps = sum(len(trend.steps) for trend in found.trends)
    methods = [trend for trend in found.trends if trend.series.of == "method"]
    seen = [trend.smallest_step for trend in methods if trend.smallest_step is not None]
    drifts = [trend.smallest_drift for trend in methods if trend.smallest_drift is not None]
    power = "; too short to see any step of a method"
    if seen:
        most = words.points(max(seen))
        power = f"; smallest step of a method it could have seen (chance 80 %): {most}"
    if seen and drifts:
        power += f" points, or a drift of {words.points(max(drifts))} points a night"
    if seen:
        power += words.untold([t.series.name for t in methods if t.smallest_step is None])
    return (
        f"history: {counted(len(found.nights), 'night')}, {len(found.trends)} series, "
        f"{counted(steps, 'step')} (alpha {found.alpha:g} for one look at all of them){power}"
    )


def as_markdown(found: History, last: int) -> str:
    """Return a section of a job's summary: methods, and cells with a step."""
    parts = ["## History"]
    shown = [
        _row(trend, found.nights[-last:])
        for trend in found.trends
        if trend.series.of == "method" or trend.steps
    ]
    if shown:
        right = [name for name in shown[0] if name not in ("what", "steps")]
        parts.append(markdown.table(shown, right=right))
    parts.append(markdown.bullets([markdown.escape(line) for line in lines(found)]))
    return "\n\n".join(parts) + "\n"


def as_json(found: History) -> dict[str, Any]:
    """Return all of it for a program."""
    return {
        "nights": list(found.nights),
        "protocol": found.protocol,
        "alpha": found.alpha,
        "failed": dict(found.failed),
        "series": [_facts(trend) for trend in found.trends],
    }


def _facts(trend: Trend) -> dict[str, Any]:
    series = trend.series
    return {
        "name": series.name,
        "of": series.of,
        "method": series.method,
        "nights": [
            {
                "night": point.night,
                "mean": point.mean,
                "scores": {str(k): score for k, score in sorted(point.scores.items())},
                "commits": list(point.commits),
            }
            for point in series.points
        ],
        "left_out": list(series.left_out),
        "steps": [{**asdict(step), "night": series.points[step.at].night} for step in trend.steps],
        "sd": trend.sd,
        "smallest_step": trend.smallest_step,
        "smallest_drift": trend.smallest_drift,
    }
