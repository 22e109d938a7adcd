"""The series of a history: equal cells alone, methods over the cells of their latest night."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from benchmark.evidence.history import History, Point, Series, history, judged, methods
from benchmark.report import history as report
from benchmark.store.files import Loaded
from benchmark.store.nights import Past
from benchmark.store.result import Result
from tests.benchmark.evidence.gate.nights import ENCODERS, METHODS, World
from tests.benchmark.evidence.statistics.simulating import assert_rate
from tests.benchmark.factories import make_cell, make_result

HISTORIES = int(os.environ.get("CSLBENCH_SIMULATIONS", "40"))


def night(number: int, results: Iterable[Result]) -> Past:
    """Make a night of these results."""
    return Past(f"2026-11-{number:02d}", None, Loaded(tuple(results), ()))


def results(number: int, value: float, method: str = "simclr", **more: str) -> list[Result]:
    """Make three replicates that no other night has, about a value."""
    noise = np.random.default_rng([number, len(method)]).normal(0, 0.5, 3)
    return [
        make_result(method, value + float(noise[k]), replicate=3 * number + k, **more)  # type: ignore[arg-type]
        for k in range(3)
    ]


def steps(found: History) -> dict[str, list[str]]:
    """Return the nights of the steps, by series."""
    return {
        trend.series.name: [trend.series.points[step.at].night for step in trend.steps]
        for trend in found.trends
    }


def test_a_step_is_said_with_its_nights_and_commits() -> None:
    """Of the method and of the cell, in the table, the lines and the JSON."""
    past = [
        night(k, results(k, 70.0 if k < 8 else 66.0, commit=("a" if k < 8 else "b") * 40))
        for k in range(1, 16)
    ]
    found = history(past, "linear", 0.05)
    assert set(map(tuple, steps(found).values())) == {("2026-11-08",)}
    said = "\n".join(report.lines(found))
    assert "drop: method simclr: -4" in said
    assert "from 2026-11-07 to 2026-11-08 (commits aaaaaaaa to bbbbbbbb)" in said
    assert "history: 15 nights, 2 series, 2 steps" in said
    assert report.rows(found, 2)[0]["2026-11-15"].startswith("6")
    assert list(report.rows(found, 2)[0])[-2:] == ["smallest step", "smallest drift a night"]
    assert report.as_json(found)["series"][0]["steps"][0]["night"] == "2026-11-08"
    assert report.as_markdown(found, 5) == report.as_markdown(history(past, "linear", 0.05), 5)


def test_a_method_of_which_no_step_could_be_seen_is_named() -> None:
    """Here a method of a single night with one replicate, beside one of fifteen nights."""
    past = [night(k, results(k, 70.0)) for k in range(1, 15)]
    last = night(15, [*results(15, 70.0), make_result("byol", 60.0, replicate=45)])

    assert report.title(history([*past, last], "linear", 0.05)).endswith(
        "points a night; of 1 method none can be told: byol"
    )
    assert "none can be told" not in report.title(history(past, "linear", 0.05))


def test_a_slow_drift_is_seen() -> None:
    """0.2 points a night over 15 nights, at a spread of 0.5 points."""
    past = [night(k, results(k, 70.0 - 0.2 * k)) for k in range(1, 16)]
    found = history(past, "linear", 0.05)
    assert all(steps(found).values())
    assert all(step.change < 0 for trend in found.trends for step in trend.steps)


def test_cells_that_are_not_equal_are_no_series() -> None:
    """Another learning rate, dataset content or device begins a new one: no step is found."""
    rate = make_cell(learning_rate=1e-3)
    changed: list[Callable[[int], list[Result]]] = [
        lambda k: [
            make_result(cell=rate.model_copy(update={"replicate": r.cell.replicate}), value=60.0)
            for r in results(k, 60.0)
        ],
        lambda k: results(k, 60.0, dataset_sha256="cd" * 32),
        lambda k: [
            r.model_copy(update={"execution": r.execution.model_copy(update={"device": "cuda"})})
            for r in results(k, 60.0)
        ],
    ]
    for make in changed:
        past = [night(k, results(k, 70.0)) for k in range(1, 8)]
        past += [night(k, make(k)) for k in range(8, 15)]
        found = history(past, "linear", 0.05)
        cells = [trend for trend in found.trends if trend.series.of == "cell"]
        assert [len(trend.series.points) for trend in cells] == [7, 7]
        assert not any(trend.steps for trend in found.trends)
        (method,) = [trend.series for trend in found.trends if trend.series.of == "method"]
        assert [point.night for point in method.points] == [
            f"2026-11-{k:02d}" for k in range(8, 15)
        ]
        assert len(method.left_out) == 7


def test_another_processor_goes_on_with_the_series() -> None:
    """Replicates vary more than processors do."""
    past = [night(k, results(k, 70.0, processor=f"kind {k % 2}")) for k in range(1, 8)]
    assert len(history(past, "linear", 0.05).trends) == 2


def test_results_without_a_number_are_counted() -> None:
    """A night of which nothing came is a line, and the series go on without it."""
    bad = make_result("byol", status="failed", error="nan", replicate=9)
    past = [night(1, results(1, 70.0)), night(2, [bad]), night(3, results(3, 70.0))]
    found = history(past, "linear", 0.05)
    assert "2026-11-02: 1 result without a number" in report.lines(found)
    assert [len(trend.series.points) for trend in found.trends] == [2, 2]


@pytest.mark.simulation
@pytest.mark.parametrize("nights", [15, 30])
def test_a_history_without_a_step_alarms_as_seldom_as_stated(nights: int) -> None:
    """24 cells and 6 methods: at most alpha find a step anywhere in them."""
    hits = sum(bool(_found(seed, nights, 0.0)) for seed in range(HISTORIES))
    print(f"{nights} nights, A/A: {hits / HISTORIES:.3f}")
    assert_rate(hits, HISTORIES, 0.0, 0.05)


@pytest.mark.simulation
def test_a_slow_drift_of_one_method_is_seen() -> None:
    """0.2 points a night over 15 nights, in all its encoders; the others say nothing."""
    found = [_found(seed, 15, 0.2) for seed in range(HISTORIES)]
    method = sum("m0" in names for names in found)
    cells = sum(len([name for name in names if name.startswith("m0 ")]) for names in found)
    others = sum(any(not name.startswith("m0") for name in names) for names in found)
    print(f"drift: method {method / HISTORIES:.3f}, its cells {cells / ENCODERS / HISTORIES:.3f}")
    assert_rate(method, HISTORIES, 0.95, 1.0)
    assert_rate(others, HISTORIES, 0.0, 0.05)


def _found(seed: int, nights: int, drift: float) -> set[str]:
    """Return the series of a simulated history that have a step."""
    random = np.random.default_rng(seed)
    scores = np.stack([World().draw(random, 3) for _ in range(nights)])
    scores[:, 0] -= drift * np.arange(nights)[:, None, None]
    cells = [
        Series(
            f"m{m} e{e}",
            "cell",
            f"m{m}",
            tuple(
                Point(f"{k:03d}", dict(enumerate(map(float, scores[k, m, e]), 3 * k)), ())
                for k in range(nights)
            ),
        )
        for m in range(METHODS)
        for e in range(ENCODERS)
    ]
    trends = judged([*methods(cells), *cells], 0.05)
    return {trend.series.name for trend in trends if trend.steps}
