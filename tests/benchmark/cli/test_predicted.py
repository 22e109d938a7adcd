"""A number that its own predictions refute, or that has lost them, is named and used nowhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application, board, site
from benchmark.store import files, nights

SHIPPED = Path(__file__).parents[3] / "results"
CLAIM = """\
schema_version: 2
claims:
  - {id: better, text: SimCLR beats BYOL, source: me, kind: order, cells: {a: simclr, b: byol},
     assert: a > b}
"""
SAID = {
    "edited": r"top-1 is [0-9.]+ percent, the predictions give [0-9]+ of [0-9]+, ",
    "lost": "the predictions are missing; run the cell again",
}


def cslbench(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(application(), [str(each) for each in arguments])


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Copy the published results of three methods on the photographs."""
    for path in SHIPPED.glob("photos/*/*"):
        if path.name.startswith(("simclr-5120", "byol-5120", "random_init-")):
            place = tmp_path / "results" / path.relative_to(SHIPPED)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    return tmp_path / "results"


def harmed(results: Path, how: str) -> Path:
    """Take ten points from a number, or its predictions; return where those lie, or lay."""
    path = sorted(results.glob("photos/compact/simclr-*.json"))[0]
    beside = files.predictions_path(path)
    if how == "lost":
        beside.unlink()
    else:
        data = json.loads(path.read_text())
        top1 = data["metrics"]["linear"]["top1"]
        data["metrics"]["linear"]["top1"] = top1 | {
            k: top1[k] - 10 for k in ("value", "low", "high")
        }
        path.write_text(json.dumps(data))
    return beside


@pytest.mark.parametrize("how", SAID)
@pytest.mark.parametrize(
    "verb",
    [
        ("claims",), ("robustness",), ("compare",), ("table",), ("plot", "accuracy", "--json"),
    ],
    ids=lambda verb: verb[0],
)  # fmt: skip
def test_what_is_refuted_is_named_and_left_out(
    verb: tuple[str, ...], how: str, results: Path
) -> None:
    """What is printed is what is printed where the result was never made."""
    beside = harmed(results, how)
    done = cslbench(*verb, "--results", results)
    assert re.search(rf"left out: {re.escape(str(beside))}: .*{SAID[how]}", done.stderr), (
        done.stderr
    )

    beside.unlink(missing_ok=True)
    beside.with_suffix(".json").unlink()
    without = cslbench(*verb, "--results", results)
    assert (done.exit_code, done.stdout) == (without.exit_code, without.stdout)
    assert "left out" not in without.stderr


@pytest.mark.parametrize("how", SAID)
def test_the_board_and_the_site_show_no_number_that_is_refuted(how: str, results: Path) -> None:
    """It is named, and its row has a replicate less."""
    whole = board.rendered(results, None)
    beside = harmed(results, how)
    text, found = board.rendered(results, None), site.gather(results, (), ())
    assert re.search(rf"{re.escape(beside.name)}.*{SAID[how]}", text)
    broken = [file.path for file in found.broken]
    assert broken == [beside]
    beside.unlink(missing_ok=True)
    beside.with_suffix(".json").unlink()
    without = board.rendered(results, None)
    assert set(without.splitlines()) - set(text.splitlines()) == set()
    assert without != whole
    assert site.gather(results, (), ()).results == found.results


@pytest.mark.parametrize("how", SAID)
def test_a_night_holds_no_number_that_is_refuted(how: str, results: Path, tmp_path: Path) -> None:
    """So that neither `history` nor the baseline of the next night takes it."""
    shutil.copytree(results, tmp_path / "nights/2026-11-01/results")
    beside = harmed(tmp_path / "nights/2026-11-01/results", how)
    (night,) = nights.load(tmp_path / "nights")
    assert [broken.path for broken in night.loaded.broken] == [beside]
    assert len(night.loaded.results) == len(files.read_all(results).results) - 1


@pytest.mark.parametrize("how", SAID)
def test_the_gate_could_not_measure_what_is_refuted(
    how: str, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On either side, a folder or a revision of history: exit 2, never a regression."""
    shutil.copytree(results, tmp_path / "old")
    whole = cslbench("gate", "--results", results, "--baseline", tmp_path / "old")
    assert whole.exit_code == 3, whole.output  # measured, though three replicates settle nothing
    beside = harmed(results, how)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for step in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *step], check=True)
    monkeypatch.chdir(tmp_path)

    for new, old in (("results", "old"), ("old", "results"), ("old", "HEAD:results")):
        done = cslbench("gate", "--results", new, "--baseline", old)
        assert done.exit_code == 2, done.output
        assert re.search(rf"{beside.name}: .*{SAID[how]}", done.stdout), done.stdout
        assert "regression" not in done.stdout
    assert cslbench("gate", "--results", "old", "--baseline", "HEAD:old").exit_code == 3
