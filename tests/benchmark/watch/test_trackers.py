"""Trackers, read back by their own readers."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmark.engines.engine import Advanced, Event, Finished, Found, Started
from benchmark.errors import UsageError
from benchmark.progress import Progress
from benchmark.store.files import relative_path
from benchmark.store.result import Result
from benchmark.watch.interface import Instant, Watched
from benchmark.watch.targets import watchers
from benchmark.watch.tracker import Opening, Row, Scalar, Tracker, numbers, settings
from tests.benchmark.factories import make_cell, make_result

CELL = make_cell("yadim[extraction=1:1]")
RUN = Watched("tiny", Path("mine"), [(CELL, None)], 1)
RESULT = make_result(cell=CELL, value=71.5, scores={"knn": 60.0})


def moment(done: int, loss: float, knn: float | None = None) -> Advanced:
    """Return a moment of a training of 392 steps."""
    return Advanced(CELL, Progress(CELL.pretrain_id, "train", done, 392, loss, 800.0, knn))


EVENTS: tuple[Event, ...] = (
    Started(CELL),
    moment(100, 3.0),
    moment(200, 2.5, 41.0),
    moment(300, 2.25, 41.0),
    Finished(CELL, RESULT),
)


def told(tracker: Tracker, events: Sequence[Event] = EVENTS) -> None:
    """Tell a run in which two seconds pass between events."""
    tracker.begin(Instant())
    for number, event in enumerate(events):
        tracker.show(event, Instant(2.0 * number))
    tracker.end(None, Instant())


class Kept:
    """A tracker's page as lists."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: list[Row] = []
        self.closed: list[tuple[Mapping[str, float], Mapping[str, str], bool]] = []

    def log(self, rows: Sequence[Row]) -> None:
        """Keep rows."""
        self.rows += rows

    def close(self, metrics: Mapping[str, float], tags: Mapping[str, str], *, ok: bool) -> None:
        """Keep the end."""
        self.closed.append((metrics, tags, ok))


def test_a_page_has_moments_then_the_results_own_curve_and_numbers() -> None:
    """A repeated look is written once; the curve is the result's, whatever was seen live."""
    page, configurations = Kept(), list[Mapping[str, Scalar]]()

    def opening(_: object, configuration: Mapping[str, Scalar]) -> Kept:
        configurations.append(configuration)
        return page

    told(Tracker(opening))
    assert page.rows == [
        (100, {"live/loss": 3.0, "live/images_per_second": 800.0}),
        (200, {"live/loss": 2.5, "live/images_per_second": 800.0, "live/knn": 41.0}),
        (300, {"live/loss": 2.25, "live/images_per_second": 800.0}),
        *((p.step, {"loss": p.loss, "learning_rate": p.learning_rate}) for p in RESULT.curve),
    ]
    ((metrics, tags, ok),) = page.closed
    assert (metrics["linear/top1"], metrics["knn/top1"], ok) == (71.5, 60.0, True)
    assert tags["status"] == "ok"
    (configuration,) = configurations
    assert configuration["method"] == "yadim[extraction=1:1]"
    assert configuration["recipe.base_learning_rate"] == 2e-3
    assert configuration["values.resolution"] == 32


def test_moments_are_thinned_and_a_stopped_run_closes_what_is_open() -> None:
    """Five moments within a second are one; the page ends as stopped, with why."""
    page = Kept()
    tracker = Tracker(lambda *_: page)
    for done in range(1, 6):
        tracker.show(moment(done, 2.0), Instant(7.0))
    tracker.end("interrupted by SIGINT", Instant())
    assert [step for step, _ in page.rows] == [1]
    assert page.closed == [({}, {"status": "stopped", "error": "interrupted by SIGINT"}, False)]


@pytest.mark.parametrize(
    ("found", "ok"),
    [
        (make_result(cell=CELL, value=55.0), True),
        (make_result(cell=CELL, status="failed", error="loss is nan"), False),
    ],
)
def test_a_page_ends_with_what_another_process_published(found: Result, ok: bool) -> None:
    """It holds the numbers that stand, once; a cell that was not run here has no page."""
    page = Kept()
    elsewhere = make_cell(replicate=1)
    told(
        Tracker(lambda *_: page),
        [
            Started(CELL),
            moment(100, 3.0),
            Found(elsewhere, make_result(cell=elsewhere)),
            Found(CELL, found),
        ],
    )
    assert page.closed == [(numbers(found), page.closed[0][1], ok)]
    assert page.closed[0][1]["status"] == found.status


def test_numbers_leave_out_what_is_no_number() -> None:
    """No flag and no word; a failed result has none at all."""
    found = numbers(RESULT)
    assert found["sanity/effective_rank"] == 40.0
    assert found["ledger/images"] == 50_176.0
    assert not {"sanity/encoder_untouched", "sanity/collapsed", "linear/top5"} & set(found)
    assert numbers(make_result(status="failed", error="no")) == {}


def test_a_missing_package_is_one_sentence_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before anything runs."""
    monkeypatch.setattr("benchmark.watch.targets.find_spec", lambda _: None)
    with pytest.raises(UsageError) as refused:
        watchers([], ["mlflow:x"], RUN, lambda _: None)
    assert str(refused.value) == (
        "--track mlflow: mlflow is not installed; run `pip install mlflow`"
    )
    with pytest.raises(UsageError, match="unknown kind 'tensorbord'; did you mean 'tensorboard'"):
        watchers([], ["tensorbord:x"], RUN, lambda _: None)


class Unusable:
    """A tracker's adapter that fails as an old package does."""

    def __init__(self, error: Exception) -> None:
        """Fail with this."""
        self.error = error

    def opening(self, where: str, run: Watched) -> Opening:
        """Fail."""
        del where, run
        raise self.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            TypeError("login() got an unexpected keyword argument 'prompt'\nand more"),
            "--track wandb: login() got an unexpected keyword argument 'prompt'; "
            "if wandb is old or broken, run `pip install --upgrade wandb`",
        ),
        (
            AttributeError(),
            "--track wandb: AttributeError; "
            "if wandb is old or broken, run `pip install --upgrade wandb`",
        ),
        (UsageError("--track wandb: nobody is logged in"), "--track wandb: nobody is logged in"),
    ],
)
def test_an_unusable_package_is_one_sentence_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    """Whatever it raises; what is said already stays as it is."""
    monkeypatch.setattr("benchmark.watch.targets.find_spec", lambda _: find_spec("json"))
    monkeypatch.setitem(sys.modules, "benchmark.watch.wandb", Unusable(error))
    with pytest.raises(UsageError) as refused:
        watchers([], ["wandb:x"], RUN, lambda _: None)
    assert str(refused.value) == words


def test_a_folder_that_is_named_as_the_package_is_not_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An offline run leaves `wandb/`, which Python takes for a package."""
    (tmp_path / "wandb").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "wandb", raising=False)
    with pytest.raises(UsageError, match="wandb is not installed"):
        watchers([], ["wandb:x"], RUN, lambda _: None)


def test_tensorboard_reads_back_what_was_written(tmp_path: Path) -> None:
    """By its own reader: curve, moments, numbers and configuration; a second try replaces it."""
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from benchmark.watch.tensorboard import opening

    first = moment(350, 9.0)
    told(Tracker(opening(str(tmp_path), RUN)), [Started(CELL), first])
    told(Tracker(opening(str(tmp_path), RUN)))
    folder = tmp_path / relative_path(CELL).with_suffix("")
    found = EventAccumulator(str(folder)).Reload()
    assert [(each.step, each.value) for each in found.Scalars("live/loss")] == [
        (100, 3.0), (200, 2.5), (300, 2.25),
    ]  # fmt: skip
    assert [each.step for each in found.Scalars("live/knn")] == [200]
    assert [(each.step, each.value) for each in found.Scalars("loss")] == [
        (p.step, pytest.approx(p.loss)) for p in RESULT.curve
    ]
    assert [(each.step, each.value) for each in found.Scalars("linear/top1")] == [(392, 71.5)]
    assert "_hparams_/session_start_info" in found.summary_metadata


def test_mlflow_reads_back_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its file store, by its own client: metrics by step, parameters, tags, status."""
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (tmp_path / "store").as_uri()
    from mlflow.tracking import MlflowClient

    from benchmark.watch.mlflow import opening

    told(Tracker(opening(uri, RUN)))
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("tiny")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == CELL.label
    assert run.info.status == "FINISHED"
    assert run.data.metrics["linear/top1"] == 71.5
    assert run.data.params["recipe.base_learning_rate"] == "0.002"
    assert run.data.params["method"] == "yadim[extraction=1:1]"
    assert run.data.tags["cslbench.status"] == "ok"
    history = client.get_metric_history(run.info.run_id, "live/loss")
    assert [(each.step, each.value) for each in history] == [(100, 3.0), (200, 2.5), (300, 2.25)]
    curve = client.get_metric_history(run.info.run_id, "learning_rate")
    assert [each.step for each in curve] == [point.step for point in RESULT.curve]


def test_a_folder_is_mlflows_own_default_database(tmp_path: Path) -> None:
    """An address stays what it is."""
    from benchmark.watch.mlflow import address

    assert address(str(tmp_path / "x")) == f"sqlite:///{tmp_path / 'x' / 'mlflow.db'}"
    assert address("http://localhost:5000") == "http://localhost:5000"


def test_wandb_keeps_curve_and_summary_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that it leaves offline holds them; it has no public reader, so it is searched."""
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    from benchmark.watch.wandb import opening

    told(Tracker(opening("a-project", RUN)))
    wandb.teardown()  # its other process writes a moment later
    (path,) = tmp_path.rglob("*.wandb")
    content = path.read_bytes()
    for word in (b"linear/top1", b"71.5", b"learning_rate", b"live/knn", b"yadim[extraction=1:1]"):
        assert word in content, word


def test_settings_hold_everything_that_decides_the_number() -> None:
    """Every leaf of the cell is there, and its id."""
    found = settings(CELL)
    assert found["id"] == CELL.pretrain_id
    assert {"budget.amount", "recipe.optimizer", "precision", "replicate"} <= set(found)
