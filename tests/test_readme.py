"""What the README says of the package, and what its files come to when they run.

The two commands that make an environment do not run here: CI runs the second one for real, and what
they name is checked. All other blocks are run by test_docs.
"""

from __future__ import annotations

import json
import tomllib

import pytest

from benchmark.evidence.reported import load_reported
from tests.pages import BLOCKS, ROOT, Place

pytestmark = pytest.mark.docs

README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def marked(mark: str) -> str:
    """Return the text of the README's one block with a mark."""
    (found,) = (block.text for block in BLOCKS if (block.page, block.mark) == ("README.md", mark))
    return found


def test_the_matrix_of_ones_own_method_runs(place: Place) -> None:
    """The plugin's two variants, SimCLR and the floor each have a result."""
    files = (place.folder / "mine").rglob("*-r0-*.json")
    names = sorted(path.name.partition("-")[0] for path in files)

    assert len(names) == 4
    assert [name[:5] for name in names] == ["plain", "plain", "rando", "simcl"]


def test_the_snippet_reads_a_result(place: Place) -> None:
    """It prints the method, and the share of right predictions is the metric."""
    (snippet,) = (b.text for b in BLOCKS if b.kind == "python" and "numpy.load" in b.text)
    first, second = place.ask("script", [snippet]).splitlines()

    assert first.split()[0] == "simclr"
    assert float(second) * 100 == pytest.approx(float(first.split()[1]))


def test_the_encoder_of_ones_own_gives_the_maps_that_its_card_says(place: Place) -> None:
    """It is listed by its entry point, and built with an option."""
    listed = json.loads(place.command("cslbench list encoders --size 32 --json"))
    script = (
        "import torch; from methods import encoders; "
        "maps = encoders.build('tiny[width=16]', 32)(torch.zeros(2, 3, 32, 32)); "
        "print({name: tuple(found.shape) for name, found in maps.items()})"
    )

    (tiny,) = (row for row in listed if row["name"] == "tiny")
    assert (tiny["1"], tiny["last"], tiny["7"]) == ("64x1x1", "64x8x8", None)
    assert place.ask("script", [script]) == "{'1': (2, 16), 'last': (2, 16, 8, 8)}\n"


def test_the_dataset_of_ones_own_loads(place: Place) -> None:
    """By its entry point, with the counts that its card says."""
    found = json.loads(place.command("cslbench data noise --json"))

    assert (found["classes"], found["train_images"], found["test_images"]) == (2, 400, 100)


def test_the_count_of_published_numbers_is_the_files() -> None:
    """The number in the first paragraph."""
    assert f"beside {len(load_reported())} published numbers" in README


def test_the_commands_on_cifar10_name_what_there_is(place: Place) -> None:
    """The matrix can be planned without its data; `data` knows the dataset and its options."""
    data, whole = marked("needs CIFAR-10").strip().splitlines()

    assert "--download" in data
    place.read(data)
    assert "simclr" in place.command(f"cslbench plan {whole.split()[2]}")


def test_the_set_up_commands_name_what_the_package_offers() -> None:
    """The console script, the matrix and the extra are there."""
    demo, tests = marked("demo"), marked("tests")

    assert ".venv/bin/cslbench run --results demo" in demo
    assert PROJECT["scripts"] == {"cslbench": "benchmark.cli:main"}
    assert "'.[dev]'" in tests
    assert "dev" in PROJECT["optional-dependencies"]
    assert "<!-- tests -->" in (ROOT / ".ci" / "run").read_text()
