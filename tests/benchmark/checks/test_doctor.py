"""Levels of determinism: from fingerprints made by hand, and from methods with planted faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner
from typer.testing import Result as Done

from benchmark.checks.diff import Divergence
from benchmark.checks.doctor import Fingerprint, Parting, diagnose, part, shortened
from benchmark.checks.fingerprint import tensors, unsettle
from benchmark.cli import application, running
from benchmark.errors import ResultError
from benchmark.store import determinism, files
from benchmark.store.determinism import Finding, Level
from benchmark.store.result import Point
from methods.cards import CARDS
from tests.benchmark.factories import make_cell, make_execution, make_result

PLUGIN = '''
"""SimCLR with a fault that the option `plant` puts somewhere."""

import os
from dataclasses import dataclass, replace
from functools import partial

import torch

from methods import simclr
from methods.aspects.augmentation.pipeline import Pipeline
from methods.aspects.augmentation.transform import NoParameters, Transform
from methods.cards import SIMCLR
from methods.settings import Option

CARD = replace(
    SIMCLR,
    name="planted",
    values={"digits": {**SIMCLR.values["digits"], "plant": "nothing", "hidden": 16}},
    options={"plant": Option(("nothing", "views", "compare", "entropy", "after"))},
)


def fresh(shape):
    """Return numbers that nobody seeded."""
    generator = torch.Generator().manual_seed(int.from_bytes(os.urandom(6), "little"))
    return torch.rand(shape, generator=generator)


@dataclass(frozen=True)
class GlobalNoise(Transform[NoParameters]):
    """Draws from torch's own generator."""

    def parameters(self, draws, size):
        return NoParameters()

    def apply(self, images, parameters):
        return images + torch.rand(images.shape)


class Planted(simclr.ProjectedViews):
    """Adds noise to what it compares, or moves its head after the last step.

    A noise in each pixel: batch norm would undo one factor for all, almost to the last bit.
    """

    def __init__(self, encoder, *, plant, **sizes):
        super().__init__(encoder, **sizes)
        self.plant = plant

    def compare(self, encoder, views, context):
        noise = {"compare": torch.rand, "entropy": fresh}.get(self.plant, torch.zeros)
        return super().compare(encoder, [view + noise(view.shape) for view in views], context)

    def after_step(self, encoder, context):
        if self.plant == "after" and context.step == context.total_steps - 1:
            with torch.no_grad():
                list(self.head.parameters())[-1].add_(fresh(1))


def recipe(setting):
    """Compose SimCLR around the fault."""
    whole, plant = simclr.recipe(setting), setting.text("plant")
    noise = (GlobalNoise(),) if plant == "views" else ()
    sizes = {name: setting.whole(name) for name in ("hidden", "out", "layers")}
    return replace(
        whole,
        augmentation=Pipeline(views=[(*view, *noise) for view in whole.augmentation.views]),
        extraction=partial(Planted, plant=plant, **sizes),
    )
'''
MATRIX = """\
name: planted
description: a fault in each
datasets: [digits]
encoders: ["compact[width=8]"]
replicates: 1
budget: {steps: 3}
training: common
batch: 8
protocols: [linear]
methods:
  - planted
  - planted[plant=compare]
  - planted[plant=views]
  - planted[plant=entropy]
  - planted[plant=after]
  - random_init
"""


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """Return a matrix and the plugin that it needs; no plugin stays."""
    known = dict(CARDS)
    (tmp_path / "planted.py").write_text(PLUGIN)
    (tmp_path / "planted.yaml").write_text(MATRIX)
    yield str(tmp_path / "planted.yaml"), "--plugin", str(tmp_path / "planted.py")
    CARDS.clear()
    CARDS.update(known)


def cslbench(*arguments: str | Path) -> Done:
    """Run a command in this process."""
    return CliRunner().invoke(application(), [str(each) for each in arguments])


def test_a_planted_draw_that_nobody_seeded_falls_to_d0(
    planted: tuple[str, str, str], tmp_path: Path
) -> None:
    """The first tensor and the first loss that differ are named; sound methods reach D2.

    A plain `torch.rand` is seeded where an extraction compares, since the harness seeds torch's
    generator before each step; in an augmentation it is not, since views are drawn before that and
    take what the process drew before: the state that a warm worker happens to be in.
    """
    done = cslbench("doctor", *planted, "--results", tmp_path / "mine", "--json")
    assert done.exit_code == 1, done.output
    found = {row["method"]: row for row in json.loads(done.stdout)}
    assert {name: row["level"] for name, row in found.items()} == {
        "planted": "D2",
        "planted[plant=compare]": "D2",
        "planted[plant=views]": "D0",
        "planted[plant=entropy]": "D0",
        "planted[plant=after]": "D0",
        "random_init": "D2",
    }
    for fault in ("views", "entropy"):
        row = found[f"planted[plant={fault}]"]
        assert (row["tensor"], row["step"]) == ("encoder.conv1.weight", 1)
    # moved after the last loss, and in the head alone: its last weight is the first to differ
    last = found["planted[plant=after]"]
    assert last["tensor"].startswith("extraction.head.")
    assert last["step"] is None
    assert [f.method for f in determinism.load(tmp_path / "mine")] == sorted(found)


def fingerprint(hashes: dict[str, bytes], *losses: float, error: str | None = None) -> Fingerprint:
    """Make what is left of a training with these losses."""
    curve = (Point(step=s, loss=loss, learning_rate=0.1) for s, loss in enumerate(losses, 1))
    return Fingerprint(hashes, tuple(curve), make_execution(), error)


SAME = fingerprint({"encoder.a": b"1", "extraction.b": b"2"}, 5.0, 4.0)
OTHER = fingerprint({"encoder.a": b"1", "extraction.b": b"3"}, 5.0, 4.5)


@pytest.mark.parametrize(
    ("alone", "beside", "level"),
    [
        ((SAME, SAME), (SAME, SAME), "D2"),
        ((SAME, SAME), (SAME, OTHER), "D1"),
        ((SAME, OTHER), (SAME, SAME), "D0"),
    ],
)
def test_the_level_is_the_last_before_something_differs(
    alone: tuple[Fingerprint, ...], beside: tuple[Fingerprint, ...], level: Level
) -> None:
    """Two processes first, then side by side."""
    found = diagnose(make_cell(), alone, beside)
    assert found.level == level
    assert found.parting == (
        None if level == "D2" else Parting("extraction.b", Divergence(2, 4.0, 4.5))
    )


def test_a_training_that_fails_has_no_level() -> None:
    """And nothing is kept of it."""
    failed = fingerprint({}, error="the worker process was killed by SIGKILL")
    found = diagnose(make_cell(), (SAME, SAME), (failed,))
    assert (found.level, found.error, found.finding) == (None, failed.error, None)


def test_a_tensor_that_one_side_lacks_differs() -> None:
    """A momentum copy that is made late, for instance."""
    less = fingerprint({"encoder.a": b"1"}, 5.0, 4.0)
    assert part(SAME, less) == Parting("extraction.b", None)
    assert part(less, SAME) == Parting("extraction.b", None)
    assert part(SAME, SAME) is None


def test_only_the_budget_is_shortened() -> None:
    """What does not train keeps its own, so that the floor is the floor."""
    cell = make_cell()
    short = shortened(cell, 3)
    assert (short.steps, short.budget.spent) == (3, "3 steps")
    assert short.model_copy(update={"budget": cell.budget, "steps": cell.steps}) == cell
    floor = cell.model_copy(update={"steps": 0})
    assert shortened(floor, 3) == floor


def test_a_hash_is_of_the_values_whatever_their_memory_layout() -> None:
    """Channels last or not; a last bit changes it, and a shape does."""
    layer = torch.nn.Conv2d(3, 4, 3)
    plain = dict(tensors(layer))
    assert list(plain) == ["weight", "bias"]
    assert dict(tensors(layer.to(memory_format=torch.channels_last))) == plain
    with torch.no_grad():
        layer.weight[0, 0, 0, 0] = torch.nextafter(layer.weight[0, 0, 0, 0], torch.tensor(9.0))
    moved = dict(tensors(layer))
    assert moved["bias"] == plain["bias"]
    assert moved["weight"] != plain["weight"]


def test_no_global_generator_is_left_as_it_was() -> None:
    """Twice from one seed gives two states."""
    drawn = []
    for _ in range(2):
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002
        unsettle()
        drawn.append((float(torch.rand(1)), np.random.rand()))  # noqa: NPY002
    assert drawn[0][0] != drawn[1][0]
    assert drawn[0][1] != drawn[1][1]


def finding(level: Level, method: str = "simclr", threads: int = 1) -> Finding:
    """Make a finding."""
    execution = make_execution().model_copy(update={"threads": threads})
    return Finding(
        method=method, dataset="photos", encoder="compact", level=level, steps=3, tensor=None,
        step=None, execution=execution, measured="2026-01-01T00:00:00+00:00",
    )  # fmt: skip


def test_a_finding_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    """Of the same row in the same execution; of several at once the lowest counts."""
    determinism.save(tmp_path, [finding("D2"), finding("D0"), finding("D1", threads=2)])
    assert {f.execution.threads: f.level for f in determinism.load(tmp_path)} == {1: "D0", 2: "D1"}
    determinism.save(tmp_path, [finding("D2")])
    assert {f.execution.threads: f.level for f in determinism.load(tmp_path)} == {1: "D2", 2: "D1"}


def test_a_level_is_noted_only_in_results_of_its_execution() -> None:
    """Another thread count, or another row, was not measured."""
    found = [finding("D2")]
    assert determinism.noted(make_result(), found).execution.determinism == "D2"
    assert determinism.noted(make_result("byol"), found).execution.determinism is None
    assert determinism.noted(make_result(processor="x"), found).execution.determinism is None
    assert determinism.noted(make_result(), [finding("D2", threads=2)]) == make_result()


def test_findings_are_no_result_and_a_damaged_file_is_said(tmp_path: Path) -> None:
    """The file lies among results; one of that name deeper is a damaged result."""
    assert determinism.load(tmp_path) == ()
    determinism.save(tmp_path, [finding("D2")])
    assert files.read_all(tmp_path) == files.Loaded((), ())
    (tmp_path / "doctor.json").write_text('{"findings": [], "findings": []}')
    with pytest.raises(ResultError, match=r"doctor\.json: .*stands twice"):
        determinism.load(tmp_path)


def test_a_run_notes_the_level_that_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is read once; a damaged one ends the run before a cell is started."""
    monkeypatch.setattr(running, "RUNNER", "tests.benchmark.engines.fakes")
    path = tmp_path / "one.yaml"
    path.write_text(MATRIX.partition("methods:")[0] + "methods: [simclr]\n")
    determinism.save(tmp_path / "mine", [
        finding("D2").model_copy(update={"dataset": "digits", "encoder": "compact[width=8]"})
    ])  # fmt: skip
    done = cslbench("run", path, "--results", tmp_path / "mine")
    assert done.exit_code == 0, done.output
    (result,) = files.read_all(tmp_path / "mine").results
    assert result.execution.determinism == "D2"
    (tmp_path / "mine" / "doctor.json").write_text("{}")
    refused = cslbench("run", path, "--results", tmp_path / "mine", "--force")
    assert refused.exit_code == 2
    assert "doctor.json: findings: Field required" in refused.stderr
