"""The parts of a cell, built from what it names."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

import methods
from benchmark.data.dataset import Dataset
from benchmark.matrix.cell import Cell
from methods import contract, encoders, selector, settings
from methods.aspects.encoder import split_batch_norm
from methods.cards import CHECKPOINT
from methods.randomness import seeded
from methods.recipe import Extraction, Recipe


def settle_torch() -> None:
    """Ask for deterministic kernels and full float32, whatever the process had."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def resolve_setting(cell: Cell, dataset: Dataset) -> settings.Setting:
    """Resolve a cell's method again, now with the dataset's statistics.

    Raises:
        ValueError: If the table says otherwise than it did when the cell was made.
    """
    base, options = selector.split(cell.method)
    card = CHECKPOINT if base == CHECKPOINT.name else methods.cards()[base]
    name = selector.split(cell.dataset)[0]
    setting = settings.resolve(card, options, name, dataset.image_size)
    if dict(setting.values) != cell.values:
        raise ValueError(f"{cell.label} was made with other settings than {base} has now")
    return replace(setting, mean=dataset.mean, std=dataset.std, classes=len(dataset.classes))


def build_encoder(cell: Cell, setting: settings.Setting, recipe: Recipe) -> nn.Module:
    """Build the encoder with its replicate's weights: the same for every method."""
    with seeded(cell.replicate, "init/encoder"):
        encoder: nn.Module = encoders.build(cell.encoder, contract.view_size(setting))
    if recipe.batch_norm_splits > 1:
        split_batch_norm(encoder, recipe.batch_norm_splits)
    return encoder.to(memory_format=torch.channels_last)


def build_extraction(cell: Cell, recipe: Recipe, encoder: nn.Module) -> Extraction | None:
    """Build the extraction from the encoder, with its replicate's weights; None for the floor."""
    if recipe.extraction is None:
        return None
    with seeded(cell.replicate, "init/extraction"):
        extraction = recipe.extraction(encoder)
    return extraction.to(next(encoder.parameters()).device)
