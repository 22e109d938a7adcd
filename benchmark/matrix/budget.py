"""What a cell may spend, in one of five currencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from benchmark.errors import UsageError

Currency: TypeAlias = Literal["images", "steps", "epochs", "flops", "seconds"]
CURRENCIES: tuple[Currency, ...] = ("images", "steps", "epochs", "flops", "seconds")


@dataclass(frozen=True)
class Budget:
    """An amount of one currency, with a name to be shown by."""

    name: str
    """What it is called in paths and tables."""
    currency: Currency
    """What is spent."""
    amount: float
    """Images are samples, not views; FLOPs are of forward and backward; seconds are of training."""

    @classmethod
    def of(cls, currency: Currency, amount: float) -> Budget:
        """Make a budget that is called what it is, such as `40000-images`."""
        return cls(f"{_plain(amount)}-{currency}", currency, float(amount))

    @property
    def spent(self) -> str:
        """Say what is spent, whatever the budget is called: `40000 images`."""
        return f"{_plain(self.amount)} {self.currency}"

    def steps(self, batch: int, images: int | None) -> int | None:
        """Return the optimiser steps that this buys.

        Args:
            batch: Images a step.
            images: Images an epoch, None where only the files tell; an incomplete last batch is
                dropped.

        Returns:
            None for FLOPs and seconds, which a calibration turns into steps, and for epochs of an
            unknown count of images.

        Raises:
            UsageError: If it buys not one step.
        """
        if images is not None and images < batch:
            raise UsageError(f"a batch of {batch} is larger than the {images} images there are")
        if self.currency in ("flops", "seconds"):
            return None
        if self.currency == "epochs":
            if images is None:
                return None
            steps = round(self.amount * (images // batch))
        else:
            steps = int(self.amount // batch if self.currency == "images" else self.amount)
        if steps < 1:
            raise UsageError(
                f"budget {self.name!r} buys no step of {batch} images (got {self.spent})"
            )
        return steps


def _plain(amount: float) -> str:
    """Write an amount without a needless `.0`."""
    whole = amount == int(amount) and abs(amount) < 1e15
    return str(int(amount)) if whole else f"{amount:g}"


NAMED: dict[str, Budget] = {
    "smoke": Budget("smoke", "steps", 3),
    "pocket": Budget("pocket", "images", 50_000),
    "small": Budget("small", "images", 640_000),
}

PAPER = Budget("paper", "epochs", 0)
"""Stands for the published length of each method, which is on the method's card."""

NOTHING = Budget("none", "steps", 0)
"""What an untrained encoder spends, whatever the others do."""
