"""Results that the tests of figures draw: several methods, encoders and replicates."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.matrix.budget import NAMED, NOTHING
from benchmark.store.result import Result
from tests.benchmark.factories import SHA, make_cell, make_result

LONG = tuple(
    f"a_method_with_a_name_that_is_long_{i}[an_option={i},another_option_that_is_long=$yes_{i}$]"
    for i in range(20)
)


def trained(
    method: str,
    values: Sequence[float],
    *,
    encoder: str = "compact",
    dataset: str = "photos",
    budget: str = "pocket",
    seconds: float = 10.0,
    flops: float | None = 1.25e13,
    processor: str = "a processor",
) -> list[Result]:
    """Make a result of each replicate, all of one content of the dataset."""
    found = []
    for replicate, value in enumerate(values):
        cell = make_cell(method, dataset, encoder, replicate=replicate, budget=NAMED[budget])
        made = make_result(cell=cell, value=value, dataset_sha256=SHA, processor=processor)
        assert made.ledger is not None
        spent = made.ledger.model_copy(update={"train_seconds": seconds, "flops": flops})
        found.append(made.model_copy(update={"ledger": spent}))
    return found


def controls(encoder: str = "compact", floor: float = 50.0, ceiling: float = 90.0) -> list[Result]:
    """Make an untrained and a taught encoder, two replicates each."""
    found = []
    for replicate in range(2):
        nothing = make_cell("random_init", encoder=encoder, replicate=replicate, budget=NOTHING)
        taught = make_cell("supervised", encoder=encoder, replicate=replicate)
        found.append(make_result(cell=nothing, value=floor + replicate, dataset_sha256=SHA))
        found.append(make_result(cell=taught, value=ceiling + replicate, dataset_sha256=SHA))
    return found


def several() -> list[Result]:
    """Make three methods on two encoders, three replicates each, with controls."""
    found = [*controls("compact"), *controls("resnet18")]
    for place, method in enumerate(("simclr", "byol", "moco_v2[hidden=512]")):
        for step, encoder in enumerate(("compact", "resnet18")):
            noise = (0.0, 0.5, -0.5) if step else (0.3, -0.3, 0.0)
            values = [60.0 + 3 * place + step * place + (1 + place) * each for each in noise]
            found += trained(method, values, encoder=encoder, flops=1e13 * (place + 1))
    return found


def twenty() -> list[Result]:
    """Make twenty methods with long names, which hold mathematics, on two encoders."""
    return [
        result
        for place, method in enumerate(LONG)
        for step, encoder in enumerate(("compact", "timm:a_very_long_name.of_an_encoder"))
        for result in trained(
            method, [50 + place + step * k for k in (0, 2, 1)], encoder=encoder, flops=1e13
        )
    ]
