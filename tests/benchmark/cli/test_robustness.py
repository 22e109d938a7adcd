"""`cslbench robustness`: what is printed, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application
from benchmark.store import files
from tests.benchmark.evidence.answering import answered
from tests.benchmark.factories import make_result


def cslbench(*arguments: str | Path) -> Result:
    """Run `robustness` in this process."""
    return CliRunner().invoke(application(), ["robustness", *map(str, arguments)])


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two methods on two encoders, three replicates; BYOL depends on the encoder, SimCLR hardly."""
    random = np.random.default_rng(0)
    for method, effect in (("simclr", 0.2), ("byol", 9.0)):
        for place, encoder in enumerate(("compact", "resnet18")):
            for replicate in range(3):
                value = round(60 + effect * place + float(random.normal(0, 0.3)), 2)
                result = make_result(method, value, encoder=encoder, replicate=replicate)
                files.write(tmp_path, result, {})
    return tmp_path


def test_the_table_names_methods_encoders_and_verdicts(results: Path) -> None:
    """Twice the same, byte for byte."""
    done = cslbench("--results", results)

    assert done.exit_code == 0, done.output
    assert "encoders compact, resnet18; 3 replicates" in done.stdout
    assert "sd of the encoder effect" in done.stdout
    lines = done.stdout.splitlines()
    assert any(line.startswith("simclr  ") and "byol" in line for line in lines)
    assert "Kendall's W" in done.stdout
    assert "sd and its interval: over replicates; the test images count as given" in lines
    assert cslbench("--results", results).stdout == done.stdout


def test_json_holds_what_the_table_holds(results: Path) -> None:
    """One method of the two was asked for."""
    done = cslbench("--results", results, "--json", "-m", "byol")
    (table,) = json.loads(done.stdout)["tables"]

    assert [row["method"] for row in table["rows"]] == ["byol"]
    assert table["design"]["levels"] == ["compact", "resnet18"]
    assert table["pairs"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--over", "encodr"), "did you mean 'encoder'"),
        (("--over", "dataset"), "two datasets or more (got photos)"),
        (("--margin", "0"), "--margin must be above 0"),
        (("--population", "--over", "dataset"), "datasets differ"),
        (("--population",), "no predictions that agree with its numbers: compact replicate 0"),
        (("--margin", "inf"), "at most 100 points (got inf)"),
        (("--protocol", "knn"), "no result has a score under the protocol 'knn'"),
        (("--protocol", "knn", "-m", "byol"), "(--protocol may be one of linear)"),
        (("-m", "simclr[hidden=64]"), "no result of the method 'simclr[hidden=64]'"),
    ],
)
def test_what_cannot_be_judged_is_one_sentence_and_exit_2(
    results: Path, arguments: tuple[str, ...], said: str
) -> None:
    """No traceback, and what there is."""
    done = cslbench("--results", results, *arguments)

    assert done.exit_code == 2
    assert said in done.output
    assert len(done.output.splitlines()) == 1


def test_the_head_of_a_table_is_readable(results: Path) -> None:
    """No hash, where one content is all there is; and of which encoders it speaks."""
    done = cslbench("--results", results)
    assert done.stdout.startswith("photos, 50000 images, common, float32: encoders compact, ")
    assert "these encoders are a fixed set: nothing is said of others" in done.stdout
    assert "mean, at 95 % alone" in done.stdout


def test_json_has_the_sd_that_is_printed(results: Path) -> None:
    """That of the effect, beside the raw sd of the means."""
    (table,) = json.loads(cslbench("--results", results, "--json").stdout)["tables"]
    found = table["rows"][0]["sd_of_effect"]
    assert (
        "{sd:.2f} [{low:.2f}, {high:.2f}]".format(**found) in cslbench("--results", results).stdout
    )


def test_an_incomplete_table_is_exit_2_and_says_what_is_missing(results: Path) -> None:
    """BYOL was never run on the second encoder."""
    for path in results.rglob("byol*.json"):
        if "resnet18" in str(path):
            path.unlink()
    done = cslbench("--results", results)

    assert done.exit_code == 2
    assert "missing: byol on resnet18" in done.output


def test_an_incomplete_table_says_which_methods_to_choose(results: Path) -> None:
    """The line that it gives is judged."""
    random = np.random.default_rng(1)
    for replicate in range(3):
        value = round(50 + float(random.normal(0, 0.3)), 2)
        files.write(results, make_result("amdim", value, replicate=replicate), {})
    done = cslbench("--results", results)

    assert done.exit_code == 2
    sentence, _, choice = done.output.rpartition("; choose methods: ")
    assert "missing: amdim on resnet18" in sentence
    assert choice.split() == ["-m", "byol", "-m", "simclr"]
    assert cslbench("--results", results, *choice.split()).exit_code == 0


@pytest.fixture
def with_predictions(tmp_path: Path) -> Path:
    """Two methods on three encoders, three replicates, with the predictions of each."""
    for result, predictions in answered():
        files.write(tmp_path, result, predictions)
    return tmp_path


def test_the_population_is_named_and_has_no_tests_between_methods(with_predictions: Path) -> None:
    """Intervals are others than over replicates alone; twice the same, byte for byte."""
    given = ("--results", with_predictions)
    drawn, fixed = cslbench(*given, "--population"), cslbench(*given)

    assert drawn.exit_code == 0, drawn.output
    assert "sd and its interval: over replicates and test images" in drawn.stdout
    assert "smaller spread" in fixed.stdout
    assert "smaller spread" not in drawn.stdout
    rows = [
        next(line for line in done.stdout.splitlines() if line.startswith("byol ")).split()
        for done in (drawn, fixed)
    ]
    assert rows[0] != rows[1]
    assert rows[0][:3] == rows[1][:3]
    assert cslbench(*given, "--population").stdout == drawn.stdout


def test_json_says_whether_test_images_are_drawn(with_predictions: Path) -> None:
    """And which results a table is of."""
    for option, said in (((), "fixed"), (("--population",), "drawn")):
        done = cslbench("--results", with_predictions, "--json", *option)
        (table,) = json.loads(done.stdout)["tables"]
        assert table["test_images"] == said
        ids = {name for method in table["design"]["ids"] for level in method for name in level}
        assert ids == {result.id for result, _ in answered()}


def test_damaged_predictions_are_named_and_nothing_is_judged_by_them(
    with_predictions: Path,
) -> None:
    """The replicate is left out, over replicates alone too, for all methods alike."""
    path = sorted(with_predictions.rglob("byol*.npz"))[0]
    path.write_bytes(path.read_bytes()[:-20])
    for options in (["--population"], []):
        done = cslbench("--results", with_predictions, *options)
        assert done.exit_code == 0
        assert f"left out: {path}" in done.output
        assert "; 2 replicates" in done.output
