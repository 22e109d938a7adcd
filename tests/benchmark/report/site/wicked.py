"""A results folder whose every text is an attack, and one that is honest."""

from __future__ import annotations

from pathlib import Path

from benchmark.store import files
from benchmark.store.result import Result
from tests.benchmark.factories import make_cell, make_result

ATTACK = "<script>alert(1)</script></script><img src=x onerror=alert(2)>\"'`{{7*7}}&lt;"
NAME = "<script>alert(5)</script></script><img/src=x/onerror=alert(6)>\"'`{{7*7}}&lt;"
"""The same without blanks, which no name may have."""
LINK = "javascript:alert(3)"


def honest(root: Path) -> list[Result]:
    """Write four methods with three replicates, a floor and a ceiling, on two encoders."""
    scores = {"simclr": 70.0, "byol": 69.5, "yadim": 66.0, "moco_v2": 60.0}
    scores |= {"random_init": 45.0, "supervised": 88.0}
    noise = {"compact": (-0.6, 0.1, 0.5), "resnet18": (0.2, -0.3, 0.1)}
    made = []
    for step, (method, value) in enumerate(scores.items()):
        for encoder, draws in noise.items():
            for k, draw in enumerate(draws):
                # signs turn with the method: neighbours do not share their noise
                top1 = value + step * (encoder != "compact") + draw * (-1) ** (step * (k != 1))
                made.append(
                    make_result(
                        method, top1, replicate=k, dataset="cifar10", encoder=encoder,
                        scores={"knn": value - 8.25},
                    )
                )  # fmt: skip
    cell = make_cell("amdim", "cifar10")
    made.append(make_result(cell=cell, status="failed", error="loss was not finite"))
    for result in made:
        files.write(root, result, {})
    return made


def wicked(root: Path) -> None:
    """Write results of a stranger: markup in every field that holds text."""
    cell = make_cell(NAME, NAME, f"{LINK}{NAME}", values={NAME: ATTACK})
    result = make_result(cell=cell, marks=(ATTACK, LINK), processor=ATTACK, commit=ATTACK)
    described = result.described
    assert described is not None
    result = result.model_copy(
        update={
            "described": described.model_copy(
                update={
                    "augmentation": {"views": [[{"name": ATTACK, ATTACK: ATTACK}]]},
                    "stem": ATTACK, "norm": ATTACK, "row": ATTACK,
                }
            ),
            "execution": result.execution.model_copy(update={"versions": {ATTACK: ATTACK}}),
            "provenance": result.provenance.model_copy(
                update={"command": ATTACK, "checkpoint_name": ATTACK, "dataset_sha256": ATTACK}
            ),
        }
    )  # fmt: skip
    failed = make_result(
        cell=cell.model_copy(update={"replicate": 1}), status="failed", error=ATTACK
    )
    for each in (result, failed):
        files.write(root, each, {})
    (root / "broken<img src=x onerror=alert(4)>.json").write_text("{")
