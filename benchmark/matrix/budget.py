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
    currency: Currency
    amount: float
    """Images are samples, not views; FLOPs are of forward and backward; seconds are of training."""

    def steps(self, batch: int, images: int) -> int | None:
        """Return the optimiser steps that this buys, or None where only a calibration can tell.

        Args:
            batch: Images a step.
            images: Images an epoch; an incomplete last batch is dropped.

        Raises:
            UsageError: If it buys not one step.
        """
        if self.currency in ("flops", "seconds"):
            return None
        per_epoch = images // batch
        if not per_epoch:
            raise UsageError(f"a batch of {batch} is larger than the {images} images there are")
        bought = {
            "images": self.amount // batch,
            "steps": self.amount,
            "epochs": round(self.amount * per_epoch),
        }
        steps = int(bought[self.currency])
        if steps < 1:
            raise UsageError(
                f"budget {self.name!r} buys no step of {batch} images "
                f"(got {self.amount:g} {self.currency})"
            )
        return steps


NAMED: dict[str, Budget] = {
    "smoke": Budget("smoke", "steps", 3),
    "pocket": Budget("pocket", "images", 50_000),
    "small": Budget("small", "images", 640_000),
}
"""`paper` is the published length of each method, in epochs; it stands on the method's card."""
