"""What a method is called, what may be switched, and what its authors let depend on the data.

The one explicit table of the papers' dataset-dependent settings and training recipes, without
torch, so that a matrix can be planned and validated in a moment. The method files hold the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from methods import selector

Value: TypeAlias = str | int | float | bool | tuple[float, ...] | None
Values: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True)
class Training:
    """How a method is trained, apart from how long."""

    optimizer: Literal["adam", "adamw", "sgd", "lars"]
    """Which optimiser."""
    base_learning_rate: float
    """Before it is scaled by the batch."""
    batch: int
    """Images a step."""
    scaling: Literal["none", "linear", "sqrt"] = "none"
    """`linear`: base * batch / 256; `sqrt`: base * sqrt(batch)."""
    weight_decay: float = 0.0
    """Per step, times the learning rate."""
    momentum: float = 0.9
    """Of SGD and LARS."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Of Adam and AdamW."""
    eps: float = 1e-8
    """Of Adam and AdamW."""
    trust: float = 1e-3
    """LARS's trust coefficient."""
    exclude: bool = False
    """Keep biases and norms out of weight decay and of LARS's adaptation."""
    schedule: Literal["constant", "cosine", "steps"] = "constant"
    """How the learning rate goes on after the warm-up."""
    warmup_epochs: float = 0.0
    """Of linear warm-up."""
    warmup_steps: int = 0
    """Of linear warm-up; in place of epochs."""
    milestones: tuple[float, ...] = ()
    """Where the steps are, as shares of the whole run."""
    factor: float = 1.0
    """What each milestone multiplies the learning rate by."""
    epochs: int = 0
    """The published length; 0 where a budget alone decides."""
    source: str = ""
    """Where these settings are published."""

    @property
    def learning_rate(self) -> float:
        """Return the rate after scaling by the batch."""
        factors = {"none": 1.0, "linear": self.batch / 256, "sqrt": math.sqrt(self.batch)}
        return self.base_learning_rate * factors[self.scaling]


@dataclass(frozen=True)
class Option:
    """One thing about a method that a selector may switch: `yadim[views=patches]`."""

    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    """Bounds of a number; `low` itself is allowed only where `closed`."""
    closed: bool = True
    help: str = ""

    def check(self, where: str, value: selector.Value) -> None:
        """Raise ValueError, in words, if the value is not allowed."""
        if self.choices and value not in self.choices:
            raise ValueError(f"{where} must be one of {', '.join(self.choices)} (got {value!r})")
        if self.low is None or not isinstance(value, int | float):
            return
        if not math.isfinite(value):
            raise ValueError(f"{where} must be finite (got {value:g})")
        above = value >= self.low if self.closed else value > self.low
        if not above or (self.high is not None and value > self.high):
            least = "at least" if self.closed else "above"
            most = "" if self.high is None else f" and at most {self.high:g}"
            raise ValueError(f"{where} must be {least} {self.low:g}{most} (got {value:g})")


@dataclass(frozen=True)
class Card:
    """A method as data."""

    name: str
    title: str
    paper: str
    module: str
    """Where `recipe(setting)` is."""
    values: Mapping[str, Values]
    """By dataset; what is not published takes the nearest by image size (`fallback`)."""
    options: Mapping[str, Option] = field(default_factory=dict)
    """Values that a selector may override."""
    authors: Mapping[str, Training] = field(default_factory=dict)
    native: str = "resnet50"
    """The encoder of the paper."""
    slots: Callable[[Values], tuple[str, ...]] = lambda _: ("1",)
    """The feature maps that an encoder must give."""
    trains: bool = True
    needs_labels: bool = False
    patches: bool = False
    """Compares the patches of one image with one another, each encoded by itself. A method that
    can do without has a value `views`, `whole` or `patches`, in place of this."""
    published: tuple[str, ...] = ()
    """Datasets that the method's own authors published settings for."""


@dataclass(frozen=True)
class Setting:
    """A method on a dataset, every value resolved."""

    card: Card
    variant: str
    """The canonical selector, options that differ from the defaults only."""
    dataset: str
    values: Values
    row: str
    """The row of the table that the values came from."""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    classes: int = 0

    @property
    def extrapolated(self) -> bool:
        """Say whether nobody published this method on this dataset."""
        return self.dataset not in self.card.published

    def number(self, name: str) -> float:
        """Return a value that is a number."""
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{self.variant}: {name} is no number (got {value!r})")
        return value

    def whole(self, name: str) -> int:
        """Return a value that is a whole number."""
        return int(self.number(name))

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return a value that is a tuple of numbers."""
        value = self.values[name]
        if not isinstance(value, tuple):
            raise TypeError(f"{self.variant}: {name} is no tuple of numbers (got {value!r})")
        return value

    def text(self, name: str) -> str:
        """Return a value that is text."""
        value = self.values[name]
        if not isinstance(value, str):
            raise TypeError(f"{self.variant}: {name} is no text (got {value!r})")
        return value


def fallback(dataset: str, image_size: int, rows: Mapping[str, object]) -> str:
    """Name the row that a dataset takes: its own, or the published one nearest in image size."""
    if dataset in rows:
        return dataset
    order = ("cifar10", "stl10", "imagenet")
    nearest = 0 if image_size <= 32 else 1 if image_size <= 96 else 2
    candidates = order[nearest:] + order[:nearest][::-1]
    return next((name for name in candidates if name in rows), next(iter(rows)))


def resolve(card: Card, options: Mapping[str, str], dataset: str, image_size: int) -> Setting:
    """Resolve every value of a method on a dataset.

    Args:
        card: The method.
        options: What a selector overrides, as written.
        dataset: The dataset's name.
        image_size: Its side in pixels.

    Raises:
        ValueError: If an option or its value is not allowed; the sentence says what is.
    """
    row = fallback(dataset, image_size, card.values)
    values = dict(card.values[row])
    changed: dict[str, selector.Value] = {}
    for name, text in sorted(options.items()):
        if name not in card.options:
            raise selector.unknown(f"option of {card.name}", name, card.options)
        where, default = f"{card.name}[{name}=...]", values[name]
        if not isinstance(default, str | int | float):
            raise TypeError(f"{where}: {default!r} is no default that a selector can change")
        value = selector.read(where, text, default)
        card.options[name].check(where, value)
        if value != default:
            changed[name] = value
    variant = selector.join(card.name, changed)
    for name, value in changed.items():
        values[name] = value
    return Setting(card, variant, dataset, values, row)
