"""`cslbench evaluate`, and encoders kept by `run`: from the command to the board."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner
from typer.testing import Result as Done

from benchmark import run as run_module
from benchmark.cli import application
from benchmark.data.dataset import Dataset
from benchmark.evaluation import weights
from benchmark.store import files
from benchmark.store.result import Result
from methods import encoders
from tests.benchmark import toy

ENCODER = "compact[width=8]"


@pytest.fixture(autouse=True)
def _toy_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every evaluation in this process see the few images."""

    def load(*_: object) -> Dataset:
        return replace(toy.make_dataset(), official=False)

    monkeypatch.setattr(run_module, "load_dataset", load)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Write an encoder with its head, as a stranger would."""
    torch.manual_seed(0)
    state = encoders.build(ENCODER, 32).state_dict()
    path = tmp_path / "stranger.pt"
    prefixed = {f"backbone.{name}": value for name, value in state.items()}
    torch.save({"state_dict": {**prefixed, "projector.0.weight": torch.ones(2)}}, path)
    return path


def cslbench(*arguments: str | Path) -> Done:
    """Run a command in this process."""
    return CliRunner().invoke(application(), [str(each) for each in arguments])


def evaluate(checkpoint: Path, results: Path, *more: str) -> Done:
    """Evaluate on the few images."""
    return cslbench(
        "evaluate", checkpoint, "--encoder", ENCODER, "--dataset", "digits", "--results", results,
        *more,
    )  # fmt: skip


def only(results: Path) -> Result:
    """Return the one result of a folder, which must be whole."""
    loaded = files.read_all(results)
    assert loaded.broken == ()
    (result,) = loaded.results
    return result


def test_a_checkpoint_becomes_a_result_like_any_other(tmp_path: Path, checkpoint: Path) -> None:
    """Its hash and name are on record, nothing was trained, and the board has its row."""
    results = tmp_path / "mine"
    done = evaluate(checkpoint, results, "--name", "their SimCLR | v1")
    assert done.exit_code == 0, done.output
    assert "42 tensors of compact[width=8]; left out 1: projector (1)" in done.stderr
    result = only(results)
    sha = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert result.cell.method == f"checkpoint[sha256={sha[:16]}]"
    assert result.provenance.checkpoint_sha256 == sha
    assert result.provenance.checkpoint_name == "their SimCLR | v1"
    assert result.ledger is not None
    assert (result.ledger.steps, result.ledger.images) == (0, 0)
    assert result.described is not None
    assert result.described.marks == ("trained elsewhere", "unofficial data")
    assert cslbench("validate", "--results", results).output == "1 result, nothing wrong\n"
    board = cslbench("leaderboard", "--results", results).output
    assert f"### {ENCODER}, checkpoints trained elsewhere" in board
    assert "checkpoint: their SimCLR \\| v1" in board
    assert "missing" not in board.partition("## Reported")[0]


def test_the_weights_scored_are_the_files(tmp_path: Path, checkpoint: Path) -> None:
    """Their hash is the file's encoder's, batch-norm statistics as saved."""
    evaluate(checkpoint, tmp_path / "mine")
    torch.manual_seed(0)
    from benchmark.evaluation.features import weights_sha256

    expected = weights_sha256(encoders.build(ENCODER, 32))
    result = only(tmp_path / "mine")
    assert result.provenance.weights_sha256 == expected
    assert result.sanity is not None
    assert result.sanity.encoder_untouched


def test_a_protocol_is_added_to_the_same_result(tmp_path: Path, checkpoint: Path) -> None:
    """The one before stays, with its predictions; what is seen otherwise is another cell."""
    results = tmp_path / "mine"
    evaluate(checkpoint, results)
    first = only(results)
    assert evaluate(checkpoint, results, "--protocol", "knn").exit_code == 0
    both = only(results)
    assert set(both.metrics) == {"linear", "knn"}
    assert both.metrics["linear"] == first.metrics["linear"]
    assert set(files.read_predictions(results, both)) == {"linear", "knn", "labels"}
    evaluate(checkpoint, results, "--normalise", "imagenet", "--border", "1")
    variants = {result.cell.method for result in files.read_all(results).results}
    assert len(variants) == 2
    assert any("[border=1,normalise=imagenet,sha256=" in variant for variant in variants)


def test_a_floor_stands_beside_a_checkpoint(tmp_path: Path, checkpoint: Path) -> None:
    """It is compared with the untrained encoder of its dataset like every method."""
    from benchmark.cell import run_cell
    from benchmark.matrix.protocol import PROTOCOLS

    results = tmp_path / "mine"
    floor, predictions = run_cell(toy.make_cell(), [PROTOCOLS["linear"]], data=None)
    files.record(results, floor, predictions)
    evaluate(checkpoint, results)
    board = cslbench("leaderboard", "--results", results).output
    assert "Against the floor of the same replicate" in board
    assert "random\\_init (floor)" in board or "random_init (floor)" in board


@pytest.mark.parametrize("verb", ["reproduce", "explain"])
def test_what_needs_the_training_says_that_there_was_none(
    tmp_path: Path, checkpoint: Path, verb: str
) -> None:
    """One sentence that names the command for the file, not an unknown method."""
    results = tmp_path / "mine"
    evaluate(checkpoint, results)
    done = cslbench(verb, results / files.relative_path(only(results).cell))
    assert done.exit_code == 2, done.output
    assert "the encoder was trained elsewhere" in done.stderr
    assert f"cslbench evaluate FILE -e '{ENCODER}' -d 'digits'" in done.stderr


def test_json_is_the_result(tmp_path: Path, checkpoint: Path) -> None:
    """On stdout, alone."""
    done = evaluate(checkpoint, tmp_path / "mine", "--json")
    printed, kept = Result.model_validate_json(done.stdout), only(tmp_path / "mine")
    assert (printed.id, printed.metrics) == (kept.id, kept.metrics)


class Bomb:
    """Makes a folder where it is unpickled."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell pickle to make it."""
        return os.mkdir, (self.target,)


def test_what_cannot_be_used_is_one_sentence_and_exit_2(tmp_path: Path, checkpoint: Path) -> None:
    """No traceback, no result, nothing executed."""
    bomb, other = tmp_path / "bomb.pt", tmp_path / "other.pt"
    target = tmp_path / "made-by-the-bomb"
    torch.save({"state_dict": {}, "hyper_parameters": Bomb(str(target))}, bomb)
    torch.save({"fc.weight": torch.ones(1)}, other)
    results = tmp_path / "mine"
    for done, reason in (
        (evaluate(bomb, results), "holds Python objects other than tensors"),
        (evaluate(other, results), f"other name of {ENCODER} at 32 px"),
        (evaluate(tmp_path / "none.pt", results), "cannot be read"),
        (evaluate(checkpoint, results, "--encoder", "compakt"), "did you mean 'compact'?"),
        (evaluate(checkpoint, results, "--dataset", "digts"), "did you mean 'digits'?"),
        (evaluate(checkpoint, results, "--protocol", "liner"), "did you mean 'linear'?"),
        (
            evaluate(checkpoint, results, "--image-size", "4096"),
            "resolution=...] must be at least 8",
        ),
        (evaluate(checkpoint, results, "--name", "a\nb"), "--name: 1 to 60 characters"),
    ):
        assert done.exit_code == 2, done.output
        assert done.stderr.startswith("error: ")
        assert len(done.stderr.strip().splitlines()) == 1
        assert reason in done.stderr
    assert not results.exists()
    assert not target.exists()


def test_missing_data_is_exit_2(
    tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is recorded."""
    monkeypatch.undo()
    done = evaluate(
        checkpoint, tmp_path / "mine", "--dataset", "cifar10", "--data", str(tmp_path / "nowhere")
    )
    assert done.exit_code == 2
    assert "cifar" in done.stderr
    assert not (tmp_path / "mine").exists()


MATRIX = """\
name: tiny
description: for a test
datasets: [digits]
encoders: ["compact[width=8]"]
replicates: 1
budget: {steps: 3}
training: common
protocols: [PROTOCOLS]
methods: [random_init]
"""


def test_a_kept_encoder_is_scored_under_a_protocol_asked_for_later(tmp_path: Path) -> None:
    """Real workers: the encoder lies beside its result, and the second run evaluates it only."""
    path, results = tmp_path / "tiny.yaml", tmp_path / "demo"
    path.write_text(MATRIX.replace("PROTOCOLS", "linear"))
    first = cslbench("run", path, "--results", results, "--keep-encoders", "--no-board")
    assert first.exit_code == 0, first.output
    before = only(results)
    stored = (results / files.relative_path(before.cell)).with_suffix(".safetensors")
    content = stored.read_bytes()
    assert hashlib.sha256(content).hexdigest() == before.provenance.encoder_file_sha256
    assert weights.unpack(stored, content)
    path.write_text(MATRIX.replace("PROTOCOLS", "linear, knn"))
    plan = json.loads(cslbench("plan", path, "--results", results, "--json").stdout)
    assert plan["cells"][0]["reason"] == "lacks the protocols knn"
    second = cslbench("run", path, "--results", results, "--no-board")
    assert second.exit_code == 0, second.output
    after = only(results)
    assert set(after.metrics) == {"linear", "knn"}
    # a cell that is trained again has a start of its own, and keeps no encoder unasked
    assert after.provenance.encoder_file_sha256 == before.provenance.encoder_file_sha256
    assert after.provenance.started == before.provenance.started
    assert cslbench("validate", "--results", results).output == "1 result, nothing wrong\n"
    stored.write_bytes(content[:-4] + bytes(4))
    damaged = cslbench("validate", "--results", results)
    assert damaged.exit_code == 1
    assert "is not the encoder that its result names" in damaged.output
