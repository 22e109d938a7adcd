"""The README's blocks run, in one folder that holds the files it shows.

Not run as they stand: the two commands that make an environment (CI runs the second one for real;
what they name is checked here), and those on CIFAR-10, of which help and plan are run instead.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from benchmark.evidence.reported import load_reported

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
BLOCKS = [(m["mark"] or "", m["kind"], m["text"]) for m in BLOCK.finditer(README)]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def marked(mark: str) -> str:
    """Return the text of the one block with a mark."""
    (found,) = (text for its, _, text in BLOCKS if its == mark)
    return found


def run(command: list[str], folder: Path) -> str:
    """Run a command in a folder with the code of this checkout; fail with what it printed."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def cslbench(line: str) -> list[str]:
    """Turn a line of the README into the same command of this checkout."""
    name, *arguments = shlex.split(line)
    assert name == "cslbench"
    return [sys.executable, "-m", "benchmark", *arguments]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay the files that the README shows into a folder, and run its own matrix there.

    What pip would leave of the package that it describes is there too: its entry points.
    """
    place = tmp_path_factory.mktemp("readme")
    for mark, _, text in BLOCKS:
        if mark.startswith("file: "):
            (place / mark.removeprefix("file: ")).write_text(text)
    _offer(place)
    (command,) = (t for m, k, t in BLOCKS if m == "runs" and k == "bash")
    run(cslbench(command.strip()), place)
    return place


def _offer(place: Path) -> None:
    """Write the metadata of the package in a folder, as pip writes it."""
    project = tomllib.loads((place / "pyproject.toml").read_text())["project"]
    information = place / f"{project['name']}-{project['version']}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = []
    for group, offered in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in offered.items())]
    (information / "entry_points.txt").write_text("\n".join(lines) + "\n")


def test_every_block_is_run_or_is_a_file() -> None:
    """Nothing stands in the README that no test of this file looks at."""
    known = ("demo", "tests", "needs CIFAR-10", "runs")
    for mark, kind, text in BLOCKS:
        plain = kind == "bash" and not mark
        assert plain or mark in known or mark.startswith("file: ") or kind == "bibtex", text


def test_the_matrix_of_ones_own_method_runs(folder: Path) -> None:
    """The plugin's two variants, SimCLR and the floor each have a result."""
    names = sorted(path.name.partition("-")[0] for path in (folder / "mine").rglob("*-r0-*.json"))

    assert len(names) == 4
    assert [name[:5] for name in names] == ["plain", "plain", "rando", "simcl"]


def test_the_snippet_reads_a_result(folder: Path) -> None:
    """It prints the method, and the share of right predictions is the metric."""
    (snippet,) = (text for mark, kind, text in BLOCKS if mark == "runs" and kind == "python")
    first, second = run([sys.executable, "-c", snippet], folder).splitlines()

    assert first.split()[0] == "simclr"
    assert float(second) * 100 == pytest.approx(float(first.split()[1]))


def test_the_encoder_of_ones_own_gives_the_maps_that_its_card_says(folder: Path) -> None:
    """It is listed by its entry point, and built with an option."""
    listed = json.loads(run(cslbench("cslbench list encoders --size 32 --json"), folder))
    script = (
        "import torch; from methods import encoders; "
        "maps = encoders.build('tiny[width=16]', 32)(torch.zeros(2, 3, 32, 32)); "
        "print({name: tuple(found.shape) for name, found in maps.items()})"
    )

    (tiny,) = (row for row in listed if row["name"] == "tiny")
    assert (tiny["1"], tiny["last"], tiny["7"]) == ("64x1x1", "64x8x8", None)
    built = run([sys.executable, "-c", script], folder)
    assert built == "{'1': (2, 16), 'last': (2, 16, 8, 8)}\n"


def test_the_dataset_of_ones_own_loads(folder: Path) -> None:
    """By its entry point, with the counts that its card says."""
    found = json.loads(run(cslbench("cslbench data noise --json"), folder))

    assert (found["classes"], found["train_images"], found["test_images"]) == (2, 400, 100)


def test_the_count_of_published_numbers_is_the_files() -> None:
    """The number in the first paragraph."""
    assert f"beside {len(load_reported())} published numbers" in README


LINES = [
    line
    for mark, kind, text in BLOCKS
    if kind == "bash" and not mark
    for line in text.strip().splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_a_command_without_a_mark_runs_as_it_stands(line: str, folder: Path) -> None:
    """All of them tell something and change nothing."""
    assert run(cslbench(line), folder)


def test_the_commands_on_cifar10_name_what_there_is(folder: Path) -> None:
    """The matrix can be planned without its data; `data` knows the dataset and its options."""
    data, whole = marked("needs CIFAR-10").strip().splitlines()

    assert "download" in run([*cslbench(data)[:4], "--help"], folder)
    name = shlex.split(whole)[2]
    assert "simclr" in run(cslbench(f"cslbench plan {name}"), folder)


def test_the_set_up_commands_name_what_the_package_offers() -> None:
    """The console script, the matrix and the extra are there."""
    demo, tests = marked("demo"), marked("tests")

    assert ".venv/bin/cslbench run --results demo" in demo
    assert PROJECT["scripts"] == {"cslbench": "benchmark.cli:main"}
    assert "'.[dev]'" in tests
    assert "dev" in PROJECT["optional-dependencies"]
    assert "<!-- tests -->" in (ROOT / ".ci" / "run").read_text()
