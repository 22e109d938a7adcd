"""What pip makes of a package: our command and its own packages, and what others offer to it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from benchmark.store import files

ROOT = Path(__file__).parents[1]
SCRIPT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["cslbench"]
MATRIX = """\
name: tiny
description: for a test
datasets: [DATASET]
encoders: ["ENCODER"]
replicates: 1
budget: {steps: 2}
training: common
batch: 16
protocols: [knn]
methods: [METHODS]
"""
CONSOLE = """\
import sys
from {module} import {function}
if __name__ == "__main__":
    sys.exit({function}())
"""
ENCODER = """\
from torch import nn
from methods.encoders.cards import EncoderCard


class Tiny(nn.Module):
    def __init__(self, image_size, *, width):
        super().__init__()
        self.widths = {"1": width, "last": width}
        self.body = nn.Conv2d(3, width, 4, stride=4)

    def forward(self, images):
        last = self.body(images).relu()
        return {"1": last.mean((2, 3)), "last": last}


def slots(image_size, options):
    width, side = options["width"], image_size // 4
    return {"1": (width, 1, 1), "last": (width, side, side)}


CARD = EncoderCard(
    "tiny", "others:Tiny", slots, options={"width": 64}, norm="none", stem=lambda _: "4x4/4"
)
"""
DATASET = """\
import torch
from benchmark.data.catalogue import DatasetCard
from benchmark.data.dataset import Dataset, Split, splits_hash

CARD = DatasetCard("noise", "noise_data", 32, 2, 400, 400, 100, needs_files=False)


def split(count, seed):
    draw = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 3, 32, 32), generator=draw, dtype=torch.uint8)
    return Split(images, torch.arange(count) % 2)


def load(options, root, *, download):
    train, test, classes = split(400, 0), split(100, 1), ("even", "odd")
    return Dataset(
        "noise", classes, 32, mean=(0.5,) * 3, std=(0.3,) * 3, pretrain=train.unlabelled(),
        train=train, test=test, folds=None, content_sha256=splits_hash(classes, train, test),
    )
"""
ENTRY_POINTS = """\
[cslbench.encoders]
tiny = others:CARD
[cslbench.datasets]
noise = noise_data:CARD
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder of installed packages: one that offers an encoder and a dataset."""
    folder = tmp_path / "site"
    information = folder / "others-1.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1\n")
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    (folder / "others.py").write_text(ENCODER)
    (folder / "noise_data.py").write_text(DATASET)
    return folder


def command(folder: Path) -> list[str]:
    """Return the installed command, or where there is none what pip would make of it."""
    installed = Path(sys.executable).parent / "cslbench"
    if installed.is_file():
        return [str(installed)]
    module, _, function = SCRIPT.partition(":")
    script = folder / "bin" / "cslbench"
    script.parent.mkdir()
    script.write_text(CONSOLE.format(module=module, function=function))
    return [sys.executable, str(script)]


def run(tmp_path: Path, site: Path, *, dataset: str, encoder: str, methods: str) -> Path:
    """Run a matrix from a folder with a `methods` and a `benchmark` of its own."""
    cwd = tmp_path / "elsewhere"
    for name in ("methods", "benchmark"):
        (cwd / name).mkdir(parents=True)
        (cwd / name / "__init__.py").write_text("raise SystemExit('this is not ours')\n")
    text = MATRIX.replace("DATASET", dataset).replace("ENCODER", encoder)
    (cwd / "tiny.yaml").write_text(text.replace("METHODS", methods))
    done = subprocess.run(
        [*command(tmp_path), "run", "tiny.yaml", "--results", "out", "--workers", "1"],
        cwd=cwd, env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{site}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return cwd / "out"


def test_the_command_uses_its_own_packages_wherever_it_stands(tmp_path: Path, site: Path) -> None:
    """Python puts no working folder before them, neither here nor in the worker of a cell."""
    out = run(tmp_path, site, dataset="digits", encoder="compact", methods="random_init")
    assert len(list(out.rglob("*.npz"))) == 1


def test_an_encoder_and_a_dataset_of_another_package(tmp_path: Path, site: Path) -> None:
    """They are found by name, trained on, scored and shown, options included."""
    out = run(tmp_path, site, dataset="noise", encoder="tiny[width=16]", methods="simclr")
    assert "## noise" in (out / "leaderboard.md").read_text()
    (result,) = files.read_all(out).results
    assert (result.cell.encoder, result.status) == ("tiny[width=16]", "ok")
    assert result.described is not None
    assert (result.described.stem, result.described.norm) == ("4x4/4", "none")
