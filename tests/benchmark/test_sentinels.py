"""The run's own watchmen, on real short runs: collapse, and a loss that is no number."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark import plugins
from benchmark.cell import run_cell
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.store.result import Result
from methods.cards import CARDS
from methods.randomness import key, permutation
from tests.benchmark.matrix.texts import TABLE, matrix, text

BATCH, IMAGES = 64, 1197
"""Images a step, and the train images of `digits`."""

PLUGIN = '''
"""BYOL with one thing changed."""

from dataclasses import replace
from functools import partial

import torch
from torch import nn

from methods import byol
from methods.cards import CARDS


class Changed(byol.BootstrappedViews):
    def __init__(self, encoder, *, hidden, out, tau):
        super().__init__(encoder, hidden=hidden, out=out, tau=tau)
        {built}

    def compare(self, encoder, views, context):
        {compared}
        return super().compare(encoder, views, context)


CARD = replace(CARDS["byol"], name={name!r})


def recipe(setting):
    keep = {{name: setting.whole(name) for name in ("hidden", "out")}}
    made = partial(Changed, **keep, tau=setting.number("tau"))
    return replace(byol.recipe(setting), extraction=made)
'''


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path) -> Iterator[None]:
    """Make two methods known for a test: BYOL without its predictor, and one that breaks."""
    before = dict(CARDS)
    for name, built, compared in (
        ("headless", "self.predictor = nn.Identity()", "pass"),
        ("breaks", "pass", "views = [v * (torch.nan if context.step == 2 else 1) for v in views]"),
    ):
        path = tmp_path / f"{name}.py"
        path.write_text(PLUGIN.format(name=name, built=built, compared=compared))
        plugins.load_all([path])
    yield
    CARDS.clear()
    CARDS.update(before)


def run(method: str, steps: int) -> Result:
    """Train a small encoder without batch norm, which alone would keep images apart, on digits."""
    table = replace(TABLE, defaults=TABLE.defaults.model_copy(update={"learning_rate": 0.1}))
    written = text(
        methods=f"['{method}']", datasets="[digits]", encoders="['compact[norm=layer,width=8]']",
        budget=f"{{steps: {steps}}}", batch=str(BATCH), protocols="[knn]",
    )  # fmt: skip
    return run_cell(matrix(written, table).cells[0], (PROTOCOLS["knn"],), data=None)[0]


def test_byol_without_its_predictor_is_collapsed_while_its_loss_falls() -> None:
    """The loss alone looks like success; the result says what it is, and is final.

    The training did it, not the encoder: untrained it is not collapsed, and worth more.
    """
    found = run("headless[hidden=16,tau=0.5]", 60)
    losses = [point.loss for point in found.curve]
    fifths = [statistics.fmean(losses[n : n + 12]) for n in range(0, 60, 12)]
    assert fifths == sorted(fifths, reverse=True)
    assert losses[0] > 1.0
    assert losses[-1] < 0.01
    assert (found.status, found.error, found.final) == ("collapsed", None, True)
    assert found.sanity is not None
    assert found.sanity.collapsed is not None
    untrained = run("random_init", 60)
    assert untrained.status == "ok"
    before, after = (each.metrics["knn"].top1.value for each in (untrained, found))
    assert after < before - 10


def test_a_loss_that_is_no_number_ends_the_run_with_step_and_images() -> None:
    """The images are those of the step's batch; the result is a failure and no number."""
    found = run("breaks", 5)
    batch = permutation(key(0, "order 0"), IMAGES)[2 * BATCH : 3 * BATCH]
    shown = ", ".join(str(image) for image in batch[:8].tolist())
    assert found.status == "failed"
    assert found.error == f"loss is nan at step 2 (images {shown}, ... of the train split)"
    assert found.metrics == {}
