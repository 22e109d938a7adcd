"""AMDIM's pipeline, which YADIM and CPC v2 share (arXiv 1906.00910, section 4; METHODS.md, 1.1)."""

from __future__ import annotations

from typing import Any

from methods.aspects.augmentation.colour import ColourJitter, Normalise, RandomGrayscale
from methods.aspects.augmentation.geometry import RandomResizedCrop, RandomTranslation
from methods.aspects.augmentation.patches import Patches
from methods.aspects.augmentation.pipeline import Evaluation
from methods.aspects.augmentation.transform import Transform
from methods.settings import Setting


def local_view(setting: Setting, *, patches: bool) -> tuple[Transform[Any], ...]:
    """Return one view after the flip: translation or crop, jitter, grayscale, and maybe patches.

    Source: Philip-Bachman/amdim-public, datasets.py, commit 8754ae149.
    """
    translate = setting.whole("translate")
    spatial: Transform[Any] = (
        RandomTranslation(translate, p=0.8)
        if translate
        else RandomResizedCrop(
            setting.whole("resolution"), pair(setting, "scale"), pair(setting, "ratio")
        )
    )
    view = (spatial, jitter(setting), RandomGrayscale(0.25), Normalise(setting.mean, setting.std))
    return (*view, grid(setting)) if patches else view


def evaluation(setting: Setting, *, patches: bool = False) -> Evaluation:
    """Return the evaluation view: resize, centre crop, normalise, and maybe patches."""
    resize, crop = setting.whole("resize"), setting.whole("resolution")
    return Evaluation(setting.mean, setting.std, resize, crop, grid(setting) if patches else None)


def grid(setting: Setting) -> Patches:
    """Return the cut into overlapping patches."""
    return Patches(setting.whole("patch"), setting.whole("stride"))


def jitter(setting: Setting, *, additive: bool = False) -> ColourJitter:
    """Return the colour jitter of a setting, which strikes 4 of 5 images in every paper."""
    brightness, contrast, saturation, hue = setting.numbers("jitter")
    return ColourJitter(brightness, contrast, saturation, hue, p=0.8, additive=additive)


def pair(setting: Setting, name: str) -> tuple[float, float]:
    """Return a value that is two numbers."""
    low, high = setting.numbers(name)
    return low, high


def unscaled(setting: Setting) -> Evaluation:
    """Return the evaluation view of a method that leaves images in [0, 1]."""
    identity = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    return Evaluation(*identity, setting.whole("resize"), setting.whole("resolution"))
