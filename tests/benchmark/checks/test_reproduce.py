"""A result is run again from its file alone; cells are faked, so nothing trains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from typer.testing import Result as Done

from benchmark.checks import rebuild, reproduce
from benchmark.cli import application
from benchmark.cli import reproduce as verb
from benchmark.errors import UsageError
from benchmark.matrix.cell import Cell
from benchmark.matrix.load import load, select
from benchmark.store import files
from benchmark.store.result import Point, Result
from tests.benchmark.engines import fakes
from tests.benchmark.factories import make_execution, make_metric, make_result

FAKES = "tests.benchmark.engines.fakes"
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _fake_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test of this file train."""
    monkeypatch.setattr(verb, "RUNNER", FAKES)


def cell(method: str = "simclr", replicate: int = 0) -> Cell:
    """Return a cell of the default matrix, which can be made."""
    return select(load("default"), [method], replicates=[replicate]).cells[0]


def store(root: Path, cell: Cell, threads: int = 1, **changes: Any) -> Path:
    """Write what a faked cell makes, in the environment or with the number that is asked for."""
    result, predictions = fakes.done(cell, threads)
    if "value" in changes:
        score = result.metrics["linear"]
        top1 = make_metric(changes.pop("value"))
        result = result.model_copy(
            update={"metrics": {"linear": score.model_copy(update={"top1": top1})}}
        )
    return files.write(root, moved(result, threads=threads, **changes), predictions)


def moved(result: Result, **changes: Any) -> Result:
    """Return a result that was made in another environment."""
    return result.model_copy(update={"execution": result.execution.model_copy(update=changes)})


def cslbench(*arguments: str | Path) -> Done:
    """Run a command in this process."""
    return CliRunner().invoke(application(), [str(each) for each in arguments])


def test_what_comes_again_bit_for_bit_is_identical(tmp_path: Path) -> None:
    """In worker processes, into a scratch folder: the results folder is as it was."""
    # what a faked cell scores depends on its threads: it has those of the file
    path = store(tmp_path / "mine", cell(), threads=3)
    other = store(tmp_path / "mine", cell("byol"))
    before = {each: each.read_bytes() for each in sorted(tmp_path.rglob("*")) if each.is_file()}

    done = cslbench("reproduce", path, other, "--workers", "2")

    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "2 identical"
    assert {each: each.read_bytes() for each in before} == before
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(before)


def test_a_folder_is_all_its_finished_results(tmp_path: Path) -> None:
    """What came to nothing has no number; a damaged file is exit 2."""
    store(tmp_path / "mine", cell())
    files.write(tmp_path / "mine", make_result(status="failed", error="x", cell=cell("byol")), {})
    done = cslbench("reproduce", tmp_path / "mine", "--keep", tmp_path / "kept")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "1 identical"
    assert [r.cell for r in files.read_all(tmp_path / "kept").results] == [cell()]
    part = cslbench("reproduce", tmp_path / "mine" / "photos")
    assert part.stdout.splitlines()[-1] == "1 identical"
    (tmp_path / "mine" / "x.json").write_text("{}")
    broken = cslbench("reproduce", tmp_path / "mine")
    assert broken.exit_code == 2
    assert "x.json: " in broken.stderr


def test_a_number_that_does_not_come_again_is_exit_1(tmp_path: Path) -> None:
    """With what the environment was, and what the number is now."""
    path = store(tmp_path, cell(), value=60.0)
    done = cslbench("reproduce", path, "--json")
    assert done.exit_code == 1
    (found,) = json.loads(done.stdout)
    assert found["verdict"] == "different"
    assert "the environment is the same" in found["reason"]
    assert "linear top-1 is 56.25 %, stored 60.00 [58.00, 62.00]" in found["reason"]
    assert found["difference"]["metrics"][0]["field"] == "linear.top1.value"


def test_kept_results_never_join_others(tmp_path: Path) -> None:
    """A folder that holds anything is refused before a cell runs."""
    path = store(tmp_path, cell())
    done = cslbench("reproduce", path, "--keep", tmp_path)
    assert done.exit_code == 2
    assert "is not empty" in done.stderr


def test_two_files_of_one_cell_are_both_judged(tmp_path: Path) -> None:
    """Each against a run of its own, since an engine knows cells by their id."""
    paths = [
        store(tmp_path / "a", cell()),
        store(tmp_path / "b", cell(), value=60.0),
    ]
    done = cslbench("reproduce", *paths, "--json")
    verdicts = {entry["path"]: entry["verdict"] for entry in json.loads(done.stdout)}
    assert verdicts == {str(paths[0]): "identical", str(paths[1]): "different"}


STORED = make_result(value=70.0)


def judged(again: Result) -> tuple[str, str]:
    """Return the verdict on what came again of a result of 70 +- 2 percent."""
    found = reproduce.judge(Path("x.json"), STORED, again)
    return found.verdict, found.reason


def test_another_environment_with_the_same_bits_is_identical() -> None:
    """And it is said."""
    newer = moved(STORED, versions={**make_execution().versions, "torch": "2.5.0"})
    assert judged(newer) == ("identical", "in spite of torch 2.4.0, now 2.5.0")


def test_other_bits_are_tolerated_only_where_the_environment_explains_them() -> None:
    """Library versions, processor or threads; and every top-1 within its interval."""
    near, far = make_result(value=71.0), make_result(value=73.0)
    newer = {"versions": {**make_execution().versions, "torch": "2.5.0"}}
    assert judged(moved(near, **newer)) == (
        "within tolerance", "same machine kind; torch 2.4.0, now 2.5.0",
    )  # fmt: skip
    assert judged(moved(near, processor="another")) == (
        "within tolerance", "another machine kind; processor a processor, now another",
    )  # fmt: skip
    assert judged(near)[0] == "different"
    assert judged(moved(far, **newer))[0] == "different"


def test_another_version_of_this_program_excuses_nothing() -> None:
    """Nor does other data: both are what reproducing is to find."""
    own = {"versions": {**make_execution().versions, "cslbench": "0.2.0"}}
    assert judged(moved(make_result(value=71.0), **own))[0] == "different"
    other = moved(make_result(value=71.0, dataset_sha256="cd" * 32), threads=2)
    verdict, reason = judged(other)
    assert verdict == "different"
    was = STORED.provenance.dataset_sha256[:12]
    assert f"dataset_sha256 {was}, now cdcdcdcdcdcd" in reason


def test_the_first_point_where_the_curves_part_is_named() -> None:
    """The step and both losses."""
    curve = (Point(step=1, loss=5.0, learning_rate=0.1),)
    a = STORED.model_copy(update={"curve": curve})
    b = STORED.model_copy(update={"curve": (curve[0].model_copy(update={"loss": 5.5}),)})
    found = reproduce.judge(Path("x.json"), a, b)
    assert found.verdict == "different"
    assert "the curves part at step 1 (loss 5.0, now 5.5)" in found.reason


def changed(**changes: Any) -> Result:
    """Return the stored result with other hashes."""
    origin = STORED.provenance.model_copy(update={"predictions_sha256": "12" * 32, **changes})
    return STORED.model_copy(update={"provenance": origin})


def test_the_first_number_that_differs_is_named() -> None:
    """Also within its interval, where the environment explains nothing; and all its digits."""
    same = "the environment is the same; "
    assert judged(make_result(value=70.01)) == (
        "different", f"{same}linear top-1 70.0, now 70.01",
    )  # fmt: skip
    score = STORED.metrics["linear"]
    wider = score.model_copy(update={"top1": make_metric(70.0, half=3.0)})
    again = STORED.model_copy(update={"metrics": {"linear": wider}})
    assert judged(again)[1] == f"{same}linear.top1.low 68.0, now 67.0"
    collapsed = make_result(value=70.0, status="collapsed")
    assert judged(collapsed)[1] == f"{same}status ok, now collapsed"


def test_weights_or_predictions_that_alone_differ_are_named() -> None:
    """The numbers are the same, and yet it is another run."""
    same = "the environment is the same; "
    stored = changed()
    for again, words in (
        (changed(weights_sha256="cd" * 32), "the weights differ, the curves do not"),
        (changed(predictions_sha256="cd" * 32), "the predictions differ, the numbers do not"),
    ):
        found = reproduce.judge(Path("x.json"), stored, again)
        assert (found.verdict, found.reason) == ("different", same + words)


def test_a_cell_that_fails_now_is_different() -> None:
    """In its own words."""
    verdict, reason = judged(make_result(status="failed", error="loss is nan at step 2"))
    assert verdict == "different"
    assert "failed: loss is nan at step 2" in reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "nobody"}, "unknown method 'nobody'"),
        ({"method": "simclr[depth=3]"}, "unknown option of simclr 'depth'"),
        ({"dataset": "../../etc"}, "unknown dataset"),
        ({"encoder": "resnet7"}, "unknown encoder 'resnet7'"),
        ({"values": {}}, "its scale is None, and that of simclr is (0.2, 1.0)"),
        ({"steps": 10**9}, "its budget of 5120 images is 80 steps, not 1000000000"),
    ],
)
def test_a_cell_that_cannot_be_made_is_one_sentence(changes: dict[str, Any], words: str) -> None:
    """Whoever wrote the file: names, settings and budget are looked at before anything runs."""
    with pytest.raises(UsageError, match="cannot be made any more") as caught:
        rebuild.row(cell().model_copy(update=changes))
    assert words in str(caught.value)


def test_a_cell_of_a_batch_of_nothing_cannot_be_made() -> None:
    """It would divide by zero."""
    text = cell().model_dump_json().replace('"batch":64', '"batch":0')
    with pytest.raises(UsageError, match="a batch is at least 1 image"):
        rebuild.row(Cell.model_validate_json(text))


def test_a_stranger_cannot_ask_for_any_number_of_threads(tmp_path: Path) -> None:
    """Nor bring a protocol that is not one of ours."""
    path = store(tmp_path, cell())
    path.write_text(path.read_text().replace('"threads": 1', '"threads": 1000000000'))
    done = cslbench("reproduce", path)
    assert done.exit_code == 2
    assert "threads" in done.stderr
    text = store(tmp_path, cell()).read_text()
    text = text.replace('"augmentation": "none"', '"augmentation": "crops"')
    path.write_text(text)
    other = cslbench("reproduce", path)
    assert other.exit_code == 2
    assert "the protocol 'linear' is another one now" in other.stderr


def test_every_committed_result_can_be_made() -> None:
    """Its settings are still those of its method."""
    found = reproduce.gather([ROOT / "results"])
    assert len(found) == len(list((ROOT / "results").rglob("*-*.json")))


@pytest.mark.slow
def test_committed_results_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Identical on the machine kind that made them, within tolerance on another."""
    monkeypatch.setattr(verb, "RUNNER", "benchmark.engines.runner")
    folder = ROOT / "results" / "photos" / "compact"
    paths = [*folder.glob("simclr-*-r0-*.json"), *folder.glob("random_init-none-r0-*.json")]
    done = cslbench("reproduce", *paths, "--keep", tmp_path / "kept")
    assert done.exit_code == 0, done.output
