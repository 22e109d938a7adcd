"""Robustness over replicates and test images: from predictions of the same images alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.evidence.designs import Design, Refused, designs
from benchmark.evidence.population import population
from benchmark.evidence.robustness import Robustness
from benchmark.evidence.statistics.crossed import crossed_effect, on_logits
from tests.benchmark.evidence.answering import LABELS, answered


def judged(changed: dict[str, dict[str, NDArray[Any]]] | None = None) -> Robustness | Refused:
    """Judge two methods on three encoders; some predictions may be other than they were."""
    made = answered()
    predictions = {result.id: found for result, found in made} | (changed or {})
    (design,) = designs([result for result, _ in made], "encoder", protocol="linear")
    assert isinstance(design, Design)
    return population(design, predictions.__getitem__, "linear")


def test_a_row_is_what_its_answers_say() -> None:
    """In points and on logits; the rest of it is as over replicates, and nothing is tested."""
    found = judged()
    assert isinstance(found, Robustness)
    answers = np.array([
        [
            100.0 * (predictions["linear"] == LABELS)
            for result, predictions in answered()
            if (result.cell.method, result.cell.encoder) == ("byol", encoder)
        ]
        for encoder in found.design.levels
    ])  # fmt: skip
    groups = answered()[0][1]["groups"]
    row = next(row for row in found.rows if row.method == "byol")

    assert row.points.effect == crossed_effect(answers, groups=groups)
    assert row.logit is not None
    assert row.logit.effect == crossed_effect(on_logits(answers), groups=groups)
    assert row.points.mean == pytest.approx(answers.mean())
    assert (found.test_images, found.pairs, found.components) == ("drawn", (), None)
    assert [each.method for each in found.rows] == ["simclr", "byol"]


def test_twice_gives_the_same() -> None:
    """Nothing is drawn."""
    assert judged() == judged()


@pytest.mark.parametrize("name", ["linear", "labels"])
def test_a_result_without_predictions_is_named(name: str) -> None:
    """By method, encoder and replicate."""
    result, predictions = answered()[-1]
    left = {key: value for key, value in predictions.items() if key != name}
    found = judged({result.id: left})

    assert isinstance(found, Refused)
    assert f"no predictions that agree with its numbers: {result.cell.encoder} replicate" in (
        found.reason
    )
    assert found.reason.startswith(result.cell.method)


@pytest.mark.parametrize("name", ["labels", "groups"])
def test_other_test_images_are_refused(name: str) -> None:
    """Of one of the results: no two may be laid beside each other image by image."""
    result, predictions = answered()[-1]
    found = judged({result.id: {**predictions, name: predictions[name][::-1]}})

    assert isinstance(found, Refused)
    assert "other test images" in found.reason


def test_groups_that_only_some_results_have_are_refused() -> None:
    """Images of theirs depend on each other, or do not."""
    result, predictions = answered()[-1]
    alone = {key: value for key, value in predictions.items() if key != "groups"}
    found = judged({result.id: alone})

    assert isinstance(found, Refused)
    assert "other test images" in found.reason
