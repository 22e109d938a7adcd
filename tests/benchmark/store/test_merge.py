"""Folders of several machines become one: nothing is lost, nothing is guessed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.cli import application
from benchmark.store import files, invariants
from benchmark.store.result import Result
from tests.benchmark.engines.fakes import make_predictions
from tests.benchmark.factories import make_cell, make_result


def merge(*arguments: str | Path) -> tuple[int, str]:
    """Run the verb; return its exit code and all that it printed."""
    done = CliRunner().invoke(application(), ["merge", *map(str, arguments)])
    return done.exit_code, done.output


def made(
    replicate: int = 0, *, right: int = 1024, day: int = 1, status: str = "ok", weights: str = "ab"
) -> Result:
    """Return a result of a replicate that was finished on a day of January."""
    found = make_result(
        cell=make_cell(replicate=replicate), value=100 * right / 2048, status=status,  # type: ignore[arg-type]
        error="why" if status == "failed" else None, weights=f"{weights}{replicate}" * 21 + "0",
    )  # fmt: skip
    finished = found.provenance.model_copy(update={"finished": f"2026-01-{day:02}T00:00:00+00:00"})
    return found.model_copy(update={"provenance": finished})


def put(root: Path, result: Result, right: int = 1024, wrong_by: int = 1) -> Path:
    """Write a result and its predictions: so many are right, the others that far from it."""
    labels = make_predictions()["labels"]
    linear = np.where(np.arange(2048) < right, labels, (labels + wrong_by) % 16)
    found = {"linear": linear.astype(labels.dtype), "labels": labels}
    return files.write(root, result, found if result.final else {})


def days(root: Path) -> dict[int, str]:
    """Return the day on which each replicate of a folder was finished, or its status."""
    return {
        each.cell.replicate: each.provenance.finished[8:10] if each.final else each.status
        for each in files.read_all(root).results
    }


def test_the_same_result_of_two_folders_is_kept_once(tmp_path: Path) -> None:
    """The earlier one, whichever folder is named first; what only one has comes along."""
    a, b = tmp_path / "a", tmp_path / "b"
    put(a, made(0, day=5))
    put(b, made(0, day=2))
    put(a, made(1, day=3))
    put(b, made(2, day=4))
    for order in ((a, b), (b, a)):
        into = tmp_path / f"into-{order[0].name}"
        code, output = merge(*order, "--into", into)
        assert (code, output) == (
            0, f"{into}: 3 results, 3 of them written; 1 were there more than once\n",
        )  # fmt: skip
        assert days(into) == {0: "02", 1: "03", 2: "04"}
        assert list(invariants.folder(into)) == []
    names = [sorted(p.relative_to(tmp_path / n) for p in (tmp_path / n).rglob("*.*"))
             for n in ("into-a", "into-b")]  # fmt: skip
    assert names[0] == names[1]


def test_a_number_beats_a_failure_wherever_it_lies(tmp_path: Path) -> None:
    """Also where the failure is in the target; a failure everybody has stays one."""
    a, b = tmp_path / "a", tmp_path / "b"
    put(a, made(0, status="failed"))
    put(b, made(0))
    put(a, made(1))
    put(b, made(1, status="failed"))
    put(a, made(2, status="failed"))
    assert merge(b, "--into", a)[0] == 0
    assert days(a) == {0: "01", 1: "01", 2: "failed"}


@pytest.mark.parametrize(
    ("other", "right", "wrong_by", "differs"),
    [
        ({"right": 1025}, 1025, 1, "linear 50.0 [48.0, 52.0] against 50.048828125 ["),
        ({"weights": "cd"}, 1024, 1, "weights ab0ab0ab0ab0... against cd0cd0cd0cd0..."),
        ({"status": "collapsed"}, 1024, 1, "status ok against collapsed"),
        ({}, 1024, 2, "; predictions "),
    ],
)
def test_a_conflict_is_named_and_nothing_is_written(
    tmp_path: Path, other: dict[str, object], right: int, wrong_by: int, differs: str
) -> None:
    """Both files and what differs; the harmless results are not written either."""
    a, b, into = tmp_path / "a", tmp_path / "b", tmp_path / "into"
    first = put(a, made(0))
    second = put(b, made(0, **other), right, wrong_by)  # type: ignore[arg-type]
    put(b, made(1))
    code, output = merge(a, b, "--into", into)
    assert code == 1
    assert f"conflict: simclr photos compact pocket r0: {first} against {second}: " in output
    assert differs.removeprefix("; ") in output
    assert "nothing was written; --prefer FOLDER says which wins" in output
    assert not into.exists()
    facts = json.loads(merge(a, b, "--into", into, "--json")[1])
    assert (facts["written"], facts["conflicts"][0]["paths"]) == (0, [str(first), str(second)])
    for folder, path in ((a, first), (b, second)):
        assert merge(a, b, "--into", tmp_path / (folder.name * 2), "--prefer", folder)[0] == 0
        kept = tmp_path / (folder.name * 2) / path.relative_to(folder)
        assert json.loads(kept.read_text()) == json.loads(path.read_text())
        assert (
            files.predictions_path(kept).read_bytes() == files.predictions_path(path).read_bytes()
        )


def test_curves_that_part_are_a_conflict_with_the_step(tmp_path: Path) -> None:
    """The same end by another way is another run."""
    a, b = tmp_path / "a", tmp_path / "b"
    put(a, made(0))
    curve = made(0).curve
    other = made(0).model_copy(
        update={"curve": (curve[0], curve[1].model_copy(update={"loss": 3.0}))}
    )
    put(b, other)
    code, output = merge(a, b, "--into", a)
    assert code == 1
    assert "the curve from step 392 on" in output


def test_a_conflict_with_what_lies_in_the_target_is_one_too(tmp_path: Path) -> None:
    """The target counts as a folder, named or not; and may be the one that is preferred."""
    a, into = tmp_path / "a", tmp_path / "into"
    put(a, made(0, right=1025), 1025)
    put(into, made(0))
    assert merge(a, "--into", into)[0] == 1
    assert merge(a, "--into", into, "--prefer", into)[0] == 0
    assert files.read_all(into).results[0].metrics["linear"].top1.value == 50.0
    assert merge(a, "--into", into, "--prefer", a)[0] == 0
    assert files.read_all(into).results[0].metrics["linear"].top1.value == 100 * 1025 / 2048


def test_what_is_broken_is_refused_unless_left_out(tmp_path: Path) -> None:
    """A damaged result, and predictions that are not what the result was scored by."""
    a, b, into = tmp_path / "a", tmp_path / "b", tmp_path / "into"
    put(a, made(0))
    damaged = put(b, made(1))
    damaged.write_text("{")
    swapped = files.predictions_path(put(b, made(2)))
    swapped.write_bytes(files.predictions_path(put(tmp_path / "c", made(2), 7)).read_bytes())
    code, output = merge(a, b, "--into", into)
    assert code == 2
    assert f"broken: {damaged}: damaged JSON" in output
    assert f"broken: {swapped}: is not what its result was scored by" in output
    assert not into.exists()
    code, output = merge(a, b, "--into", into, "--skip-broken")
    assert code == 0
    assert f"left out: {swapped}: is not what" in output
    assert days(into) == {0: "01"}


def test_a_number_that_its_predictions_refute_is_broken(tmp_path: Path) -> None:
    """Alone, and against the true one: the side that contradicts itself is named, and its count."""
    a, b, into = tmp_path / "a", tmp_path / "b", tmp_path / "into"
    put(a, made(0))
    refuted = files.predictions_path(put(b, made(0, right=1100), 1024))
    says = f"{refuted}: linear: top-1 is 53.7109375 percent, the predictions give 1024 of 2048"
    for folders in ((b,), (a, b), (b, a)):
        code, output = merge(*folders, "--into", into)
        assert (code, f"broken: {says}" in output) == (2, True)
        assert "conflict" not in output
        assert not into.exists()
    code, output = merge(b, a, "--into", into, "--skip-broken")
    assert (code, f"left out: {says}" in output) == (0, True)
    assert files.read_all(into).results[0].metrics["linear"].top1.value == 50.0


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """As a source, and as the one that is preferred."""
    assert merge(tmp_path / "none", "--into", tmp_path / "into")[0] == 2
    put(tmp_path / "a", made(0))
    code, output = merge(tmp_path / "a", "--into", tmp_path / "b", "--prefer", tmp_path / "c")
    assert code == 2
    assert "--prefer must be one of the folders that are joined" in output


def test_merging_twice_changes_nothing(tmp_path: Path) -> None:
    """Byte by byte, and the second time nothing is written."""
    a, into = tmp_path / "a", tmp_path / "into"
    put(a, made(0))
    merge(a, "--into", into)
    before = {path: path.read_bytes() for path in into.rglob("*") if path.is_file()}
    code, output = merge(a, "--into", into)
    assert (code, "1 results, 0 of them written" in output) == (0, True)
    assert {path: path.read_bytes() for path in into.rglob("*") if path.is_file()} == before
