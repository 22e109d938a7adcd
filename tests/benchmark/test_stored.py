"""Encoders that cells leave: what the file holds, and that scoring it trains nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors
import torch

from benchmark import run as run_module
from benchmark.cell import run_cell
from benchmark.errors import ResultError
from benchmark.evaluation import weights
from benchmark.evaluation.features import weights_sha256
from benchmark.matrix.protocol import PROTOCOLS, Protocol
from benchmark.store import encoders, files, invariants, work
from benchmark.store.predictions import Predictions
from benchmark.store.result import Result
from benchmark.stored import rescored
from methods import encoders as built
from tests.benchmark import toy

LINEAR, KNN = PROTOCOLS["linear"], Protocol("knn", "knn", k=20)


@pytest.fixture(autouse=True)
def _toy_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every cell see the few images."""
    monkeypatch.setattr(run_module, "load_dataset", lambda *_: toy.make_dataset())


@pytest.fixture
def kept(tmp_path: Path) -> Result:
    """Run a short training that leaves its encoder, and record it."""
    cell = toy.make_cell("simclr", steps=2)
    result, found = run_cell(cell, [LINEAR], data=None, keep=work.folder(tmp_path))
    assert result.status in ("ok", "collapsed"), result.error
    encoders.publish(tmp_path, result)
    files.record(tmp_path, result, found)
    return files.read_all(tmp_path).results[0]


def place(root: Path, result: Result) -> Path:
    """Return the result's file."""
    return root / files.relative_path(result.cell)


def rescore(root: Path, result: Result) -> tuple[Result, Predictions] | None:
    """Ask for a protocol that the result lacks."""
    return rescored(
        place(root, result), [LINEAR, KNN], data=None, device="cpu", progress=lambda _: None
    )


def test_a_cell_leaves_its_encoder_with_what_it_is(tmp_path: Path, kept: Result) -> None:
    """Contiguous tensors that give the result's weights hash; the result names the file's."""
    path = encoders.path_of(place(tmp_path, kept))
    origin = kept.provenance
    assert origin.encoder_file_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not [*work.folder(tmp_path).iterdir()]
    with safetensors.safe_open(path, "pt") as file:
        facts = file.metadata()
    assert facts == {
        "format": "pt", "format_version": "1", "cell": kept.id, "method": "simclr",
        "dataset": "digits", "encoder": "compact[width=8]", "image_size": "32",
        "weights_sha256": origin.weights_sha256,
    }  # fmt: skip
    encoder = built.build("compact[width=8]", 32)
    encoder.load_state_dict(weights.unpack(path, path.read_bytes()))
    assert weights_sha256(encoder) == origin.weights_sha256


def test_a_new_protocol_trains_nothing(
    tmp_path: Path, kept: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result keeps all of its training and gains the protocol, with its predictions."""
    monkeypatch.setattr(run_module, "pretrain", lambda *_: pytest.fail("trained again"))
    assert encoders.kept(tmp_path, kept.cell) == place(tmp_path, kept)
    found = rescore(tmp_path, kept)
    assert found is not None
    result, predictions = found
    assert set(result.metrics) == {"linear", "knn"}
    assert result.metrics["linear"] == kept.metrics["linear"]
    for field in ("id", "curve", "sanity", "described", "execution", "status"):
        assert getattr(result, field) == getattr(kept, field)
    before, after = kept.provenance.closure, result.provenance.closure
    assert result.provenance.model_copy(update={"closure": before}) == kept.provenance
    assert {**after, **before} == after, "what the training was made of stands"
    assert after.keys() - before.keys() == {"benchmark/evaluation/knn.py", "protocol knn"}
    files.record(tmp_path, result, predictions)
    again = files.read_all(tmp_path).results[0]
    assert set(files.read_predictions(tmp_path, again)) == {"linear", "knn", "labels"}
    assert again.provenance.encoder_file_sha256 == kept.provenance.encoder_file_sha256


def test_a_protocol_asked_for_later_gives_what_it_gives_at_once(
    tmp_path: Path, kept: Result
) -> None:
    """The same metric and the same predictions, to the last bit."""
    at_once, predicted = run_cell(kept.cell, [LINEAR, KNN], data=None)
    found = rescore(tmp_path, kept)
    assert found is not None
    assert found[0].metrics == at_once.metrics
    assert found[1]["knn"].tolist() == predicted["knn"].tolist()


def test_an_encoder_that_is_not_the_results_is_not_used(tmp_path: Path, kept: Result) -> None:
    """Another file is refused by its hash, another's weights by theirs, other data by its."""
    path = encoders.path_of(place(tmp_path, kept))
    good = path.read_bytes()
    path.write_bytes(good[:-4] + bytes(4))
    with pytest.raises(ResultError, match="is not the encoder that its result names"):
        encoders.kept(tmp_path, kept.cell)
    assert rescore(tmp_path, kept) is None
    path.write_bytes(good[:100])
    assert rescore(tmp_path, kept) is None


def test_a_result_of_other_weights_than_its_encoders_is_named(tmp_path: Path, kept: Result) -> None:
    """The file is whole and the result's by its hash, yet states other weights."""
    path = place(tmp_path, kept)
    encoders.check(path, kept)
    true = str(kept.provenance.weights_sha256)
    path.write_text(path.read_text().replace(true, "cd" * 32))
    sentence = f"says that its weights are {true[:12]}..., its result says cdcdcdcdcdcd..."
    breach = (str(encoders.path_of(path)), f"{sentence}; it is not used")
    assert breach in list(invariants.folder(tmp_path))


def test_other_data_than_the_trainings_is_not_used(
    tmp_path: Path, kept: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two numbers of one result are of one test set."""
    other = replace(toy.make_dataset(), content_sha256="cd" * 32)
    monkeypatch.setattr(run_module, "load_dataset", lambda *_: other)
    assert rescore(tmp_path, kept) is None


def test_an_older_encoder_goes_with_its_result(tmp_path: Path, kept: Result) -> None:
    """A result that kept none leaves no stranger beside it; a failed one takes nothing away."""
    path = encoders.path_of(place(tmp_path, kept))
    without = kept.provenance.model_copy(update={"encoder_file_sha256": None})
    failed = kept.model_copy(update={"status": "failed", "provenance": without})
    encoders.publish(tmp_path, failed)
    assert path.exists()
    encoders.publish(tmp_path, kept.model_copy(update={"provenance": without}))
    assert not path.exists()
    assert encoders.kept(tmp_path, kept.cell) is None


def test_weights_are_written_alike_whatever_their_layout() -> None:
    """Channels last or not, the file has the same bytes."""
    encoder = torch.nn.Conv2d(3, 4, 3)
    plain = weights.pack(encoder, cell="a")
    assert weights.pack(encoder.to(memory_format=torch.channels_last), cell="a") == plain
    header = json.loads(plain[8 : 8 + int.from_bytes(plain[:8], "little")])
    assert list(header) == ["__metadata__", "bias", "weight"]
