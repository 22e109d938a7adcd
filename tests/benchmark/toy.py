"""A dataset of a few random images that stands in for `digits`, and a cell on it."""

from __future__ import annotations

import torch

from benchmark.data import catalogue
from benchmark.data.dataset import Dataset, Split, splits_hash
from benchmark.matrix.budget import NOTHING, Budget
from benchmark.matrix.cell import Cell
from benchmark.matrix.row import setting_of
from methods.settings import Training

CLASSES = tuple("0123456789")


def make_dataset(seed: int = 0) -> Dataset:
    """Make 220 train and 40 test images of 32 px; classes differ in brightness."""
    generator = torch.Generator().manual_seed(seed)

    def split(count: int) -> Split:
        labels = torch.arange(count) % 10
        noise = torch.randint(0, 30, (count, 3, 32, 32), generator=generator)
        return Split((noise + 20 * labels.view(-1, 1, 1, 1)).to(torch.uint8), labels)

    train, test = split(220), split(40)
    return Dataset(
        name="digits", classes=CLASSES, image_size=32, mean=(0.5,) * 3, std=(0.2,) * 3,
        pretrain=train.unlabelled(), train=train, test=test, folds=None,
        content_sha256=splits_hash(CLASSES, train, test),
    )  # fmt: skip


def make_cell(method: str = "random_init", steps: int = 0) -> Cell:
    """Make a cell on it: an untrained encoder, or a few steps of 16 images."""
    chosen = catalogue.resolve("digits")
    setting = setting_of(method, chosen)
    return Cell(
        method=setting.variant, dataset="digits", encoder="compact[width=8]",
        budget=Budget.of("steps", steps) if steps else NOTHING, training="common",
        recipe=Training("adamw", 1e-3, batch=16), steps=steps, replicate=0,
        values=dict(setting.values),
    )  # fmt: skip
