"""Recipes resolved: each constant that decides a number is shown, with what the code says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from benchmark.checks.explain import source_of
from benchmark.cli import application
from benchmark.matrix.load import load, shipped
from benchmark.store import files
from methods.aspects.similarity import Cosine
from methods.cards import CARDS
from tests.benchmark.factories import make_result

SECTIONS = (
    "1 augmentation", "2 encoder", "3 extraction", "4 similarity", "5 loss",
    "settings that may depend on the data", "training", "budget", "protocols",
)  # fmt: skip


def cslbench(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(application(), [str(each) for each in arguments])


def explained(*arguments: str | Path) -> list[dict[str, Any]]:
    """Return what `explain` says as JSON."""
    done = cslbench("explain", *arguments, "--json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def section(one: dict[str, Any], title: str) -> dict[str, tuple[str, str | None]]:
    """Return the lines of a section, values and sources by name."""
    return {line["name"]: (line["value"], line["source"]) for line in one["sections"][title]}


def test_every_method_is_explained_by_its_five_aspects() -> None:
    """One explanation a row, whatever the count of replicates; none needs its data."""
    found = explained("default")
    assert len(found) == 9
    assert {one["label"].split()[0].partition("[")[0] for one in found} == set(CARDS)
    for one in found:
        assert tuple(one["sections"]) == SECTIONS
        assert all(one["sections"].values()), one["label"]


def test_byol_on_photos_is_what_its_card_says() -> None:
    """Two views that differ, a tuned rate, values that are not the authors' and say so."""
    (one,) = explained("default", "-m", "byol")
    assert one["title"] == "BYOL, arXiv 2006.07733"
    assert one["marks"] == ["extrapolated"]
    views = [(line["name"], line["value"]) for line in one["sections"]["1 augmentation"]]
    assert ("view 2", "Solarise p 0.2, threshold 0.5") in views
    assert ("view 1", "Solarise p 0.2, threshold 0.5") not in views
    values = section(one, "settings that may depend on the data")
    assert values["tau"] == ("0.97", "not the authors': methods.byol's card, row photos")
    assert values["out"] == ("256", "arXiv 2006.07733, as for imagenet")
    training = section(one, "training")
    assert training["learning rate"] == ("0.004", "common.yaml: tuned")
    assert "betas" in training
    assert "momentum" not in training
    assert section(one, "3 extraction")["tau"][0] == "0.97"
    assert section(one, "5 loss")["Attraction"][1] is not None
    assert section(one, "budget") == {"5120-images": ("5120 images, 80 steps of 64 images", None)}
    assert set(section(one, "protocols")) == {"linear", "knn"}


def test_an_option_of_the_selector_is_told_from_the_card(tmp_path: Path) -> None:
    """And so is the authors' own training, with where it was published."""
    path = tmp_path / "own.yaml"
    path.write_text(
        "name: own\ndescription: x\ndatasets: [cifar10]\nencoders: [resnet18]\nreplicates: 1\n"
        "budget: {steps: 3}\ntraining: authors\nprotocols: [linear]\n"
        "methods: ['simclr[temperature=0.1]']\n"
    )
    (one,) = explained(path, "--data", tmp_path)
    values = section(one, "settings that may depend on the data")
    assert values["temperature"] == ("0.1", "chosen in the method's name")
    assert values["out"] == ("128", "arXiv 2002.05709")
    assert section(one, "4 similarity")["temperature"][0] == "0.1"
    rate = section(one, "training")["learning rate"]
    assert rate == ("1", CARDS["simclr"].authors["cifar10"].source)


def test_without_its_files_a_dataset_s_statistics_stay_unsaid(tmp_path: Path) -> None:
    """A mean of zero would be a lie."""
    (one,) = explained("cifar10", "-m", "byol", "-e", "resnet18", "--data", tmp_path)
    lines = [line["value"] for line in one["sections"]["1 augmentation"]]
    assert "Normalise mean and std in the dataset's files" in lines


def test_a_result_and_an_id_name_a_cell_too(tmp_path: Path) -> None:
    """An id is looked for in the results, then in the shipped matrices; eight digits do."""
    cell = load("default").cells[-1]
    path = files.write(tmp_path, make_result(cell=cell), {})
    (by_file,) = explained(path)
    (by_id,) = explained(cell.pretrain_id[:8], "--results", tmp_path)
    (by_matrix,) = explained(cell.pretrain_id, "--results", tmp_path / "none")
    assert by_file == by_id
    assert by_file["label"] == cell.label
    assert by_matrix["sections"]["5 loss"] == by_file["sections"]["5 loss"]
    assert list(section(by_file, "protocols")) == ["linear"]
    nobody = cslbench("explain", "0" * 16, "--results", tmp_path)
    assert nobody.exit_code == 2
    assert "has an id that begins 0000" in nobody.stderr
    short = cslbench("explain", cell.pretrain_id[:4], "--results", tmp_path)
    assert short.exit_code == 2
    assert f"'{cell.pretrain_id[:4]}' is no matrix, and an id needs 8 of its digits" in short.stderr
    both = cslbench("explain", path, "-m", "byol")
    assert both.exit_code == 2
    assert "selectors choose in a matrix" in both.stderr


def test_no_shipped_matrix_is_named_like_an_id() -> None:
    """A name of hex digits alone would never be found."""
    assert not [name for name in shipped() if set(name) <= set("0123456789abcdef")]


def test_a_table_for_a_person_has_every_section() -> None:
    """With the sources at the end of their lines."""
    text = cslbench("explain", "default", "-m", "amdim").stdout
    assert [title for title in SECTIONS if f"\n{title}" not in text] == []
    (line,) = (each for each in text.splitlines() if each.startswith("ScaledDot"))
    assert line.endswith("Philip-Bachman/amdim-public, costs.py, commit 8754ae149.")


def _documented() -> None:
    """Do nothing.

    Source: a paper, whose
    title is long.

    Raises:
        Nothing.
    """


@pytest.mark.parametrize(
    ("thing", "source"),
    [(_documented, "a paper, whose title is long."), (Cosine, None)],
)
def test_a_source_is_what_a_docstring_says(thing: object, source: str | None) -> None:
    """The paragraph, on one line; nothing is made up where nothing is said."""
    assert source_of(thing) == source
