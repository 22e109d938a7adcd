"""A row: a method on a dataset with an encoder, resolved; and which rows a selector means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import methods
from benchmark.data import catalogue as datasets
from benchmark.errors import unknown
from methods import catalogue, selector
from methods.cards import CARDS
from methods.settings import Card, Setting, resolve

Axis = Literal["method", "dataset", "encoder"]


@dataclass(frozen=True)
class Row:
    """What all replicates share."""

    setting: Setting
    dataset: datasets.Selection
    encoder: str
    """Canonical."""

    @property
    def label(self) -> str:
        """Return a text that names the row to a person."""
        return f"{self.setting.variant} {self.dataset.name} {self.encoder}"

    @property
    def trains(self) -> bool:
        """Say whether there is anything to train."""
        return self.setting.card.trains

    @property
    def images(self) -> int | None:
        """Return how many images it learns from; None where only the dataset's files tell."""
        supervised = self.setting.card.needs_labels
        return self.dataset.card.train if supervised else self.dataset.pretrain

    def is_meant(self, axis: Axis, text: str) -> bool:
        """Say whether a selector means this row; without options, it means every variant.

        Raises:
            ValueError: If there is no such method or encoder, or it has no such option.
            UsageError: Likewise for a dataset.
        """
        text = text.strip()
        if axis == "method":
            canonical, own = setting_of(text, self.dataset).variant, self.setting.variant
        elif axis == "encoder":
            canonical, own = catalogue.canonical(text), self.encoder
        else:
            own = self.dataset.name
            # of a base name only that it is known is asked: an option may have no default
            canonical = datasets.resolve(text).name if "[" in text else datasets.card(text).name
        return canonical == own if "[" in text else own.partition("[")[0] == text


def setting_of(text: str, dataset: datasets.Selection) -> Setting:
    """Resolve a method's selector on a dataset.

    Raises:
        ValueError: If the method, an option or its value is not allowed.
    """
    base, options = selector.split(text)
    card = CARDS.get(base) or _installed().get(base)
    if card is None:
        raise ValueError(unknown("method", base, {**_installed(), **CARDS}))
    return resolve(card, options, dataset.card.name, dataset.image_size)


@cache
def _installed() -> dict[str, Card]:
    """Return every card, other packages' too; to look for those takes 15 ms."""
    return methods.cards()
