"""What must hold for all methods: gradients everywhere, learning, state, a batch of two or more."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

if TYPE_CHECKING:
    from tests.methods.conftest import Small

Make = Callable[..., "Small"]
Pictures = Callable[[int, int], Tensor]

METHODS = (
    "amdim",
    "yadim",
    "yadim[width=8,views=patches]",
    "yadim[width=8,extraction=1:random]",
    "cpc_v2",
    "cpc_v2[directions=4,heads=separate]",
    "simclr",
    "byol",
    "moco_v2",
    "moco_v2[hidden=16,queue=32,direction=both]",
    "supervised",
)

# A constant added before a batch norm is taken off again; one added to all of CPC's candidates
# shifts each anchor's scores alike. Their gradients are 0 by nature, so rounding at most.
SHIFTS = ("projector.0.bias", "predictor.0.bias", "shortcut.bias", "target_head.bias")


def labels(method: Small, images: Tensor) -> Tensor | None:
    """Return what a picture's mean colour says, for the one method that declares labels."""
    red, green, blue = images.float().mean((2, 3)).T
    return (red > green) * 2 + (green > blue) * 1 if method.setting.card.needs_labels else None


def train(
    method: Small, pictures: Pictures, steps: int, *, batch: int = 8, rate: float = 5e-3
) -> list[float]:
    """Train as the harness does, on fresh images each step; return the losses."""
    optimizer = torch.optim.Adam(method.trainable().values(), lr=rate)
    losses = []
    for step in range(steps):
        images, context = pictures(batch, step), method.context(step, steps)
        method.extraction.before_step(method.encoder, context)
        optimizer.zero_grad()
        loss = method.objective(images, step, labels(method, images))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        method.extraction.after_step(method.encoder, context)
        losses.append(float(loss.detach()))
    return losses


@pytest.mark.parametrize("name", METHODS)
def test_every_trainable_parameter_is_reached(make: Make, pictures: Pictures, name: str) -> None:
    """Within a few steps each has a gradient, but for shifts that nothing can see."""
    method = make(name, double=True)
    optimizer = torch.optim.SGD(method.trainable().values(), lr=1e-2)
    reached: dict[str, float] = {}
    # a branch that starts at zero wakes after a step; a random scale may be long in coming
    for step in range(16 if "random" in name else 3):
        images, context = pictures(4, step), method.context(step)
        method.extraction.before_step(method.encoder, context)
        optimizer.zero_grad()
        loss = method.objective(images, step, labels(method, images))
        assert bool(loss.isfinite())
        loss.backward()  # type: ignore[no-untyped-call]
        for parameter_name, parameter in method.trainable().items():
            size = 0.0 if parameter.grad is None else float(parameter.grad.abs().max())
            reached[parameter_name] = max(size, reached.get(parameter_name, 0.0))
        optimizer.step()
        method.extraction.after_step(method.encoder, context)
    dead = {parameter_name for parameter_name, size in reached.items() if size < 1e-9}
    assert {d for d in dead if not d.endswith(SHIFTS)} == set()
    assert all(parameter.grad is None for parameter in method.frozen().values())


@pytest.mark.parametrize("name", METHODS)
def test_the_optimiser_is_given_no_momentum_copy(make: Make, name: str) -> None:
    """Slow networks are frozen, everything else of the extraction but a constant is not."""
    frozen = set(make(name).frozen())
    base = name.partition("[")[0]
    slow = {n for n in frozen if n.startswith("slow_")}
    assert bool(slow) == (base in ("byol", "moco_v2"))
    assert frozen - slow == ({"head.4.bias"} if base == "simclr" else set())


@pytest.mark.parametrize(
    ("name", "batch", "rate"),
    [
        ("amdim", 16, 5e-3),
        ("yadim", 16, 5e-3),
        ("yadim[width=8,views=patches]", 8, 5e-3),
        ("cpc_v2", 8, 2e-3),
        ("simclr[hidden=64]", 16, 5e-3),
        ("byol", 16, 5e-3),
        ("moco_v2[hidden=32,queue=32]", 16, 5e-3),
        ("moco_v2[hidden=32,queue=64,direction=both]", 16, 5e-3),
        ("supervised", 16, 5e-3),
    ],
)
def test_the_loss_falls_on_images_not_seen_before(
    make: Make, pictures: Pictures, name: str, batch: int, rate: float
) -> None:
    """Thirty steps on fresh batches: the last six cost less than the first six."""
    method = make(name, "compact[width=4]")
    # MoCo's first negatives are random vectors, easy ones: compare once they are gone
    skipped = 6 if name.startswith("moco") else 0
    losses = train(method, pictures, 30 + skipped, batch=batch, rate=rate)[skipped:]
    assert sum(losses[-6:]) < 0.98 * sum(losses[:6])


@pytest.mark.parametrize("name", METHODS)
def test_all_state_is_in_the_state_dict(make: Make, pictures: Pictures, name: str) -> None:
    """Loaded into a fresh build, a trained method has the same next losses, to the bit."""
    trained = make(name)
    train(trained, pictures, 3, batch=4)
    fresh = make(name)
    with torch.no_grad():
        for tensor in [*fresh.encoder.parameters(), *fresh.extraction.parameters()]:
            tensor.add_(1.0)
    fresh.encoder.load_state_dict(copy.deepcopy(trained.encoder.state_dict()))
    fresh.extraction.load_state_dict(copy.deepcopy(trained.extraction.state_dict()))
    assert train(fresh, pictures, 2, batch=4) == train(trained, pictures, 2, batch=4)


@pytest.mark.parametrize("name", METHODS)
def test_the_online_encoder_is_no_part_of_the_extraction(make: Make, name: str) -> None:
    """The harness owns it: no parameter is in both, so none is stored or moved twice."""
    method = make(name)
    ours = {id(p) for p in method.extraction.parameters()}
    assert not ours & {id(p) for p in method.encoder.parameters()}


def test_amdims_pooled_vector_of_the_right_width_needs_no_head(make: Make) -> None:
    """It is compared as it is, as with the paper's encoder; else, and in YADIM, it has a head."""
    encoder = "compact[width=2]"  # pooled: 12 channels
    bare = make("amdim[width=12]", encoder).extraction.get_submodule("heads.1")
    assert not list(bare.parameters())
    for name in ("amdim[width=8]", "yadim[width=12,extraction=1:1]"):
        assert list(make(name, encoder).extraction.get_submodule("heads.1").parameters())


@pytest.mark.parametrize("name", ["amdim", "yadim", "simclr"])
def test_a_batch_of_one_image_is_refused_in_words(
    make: Make, pictures: Pictures, name: str
) -> None:
    """Without negatives the loss would be 0 and nothing would be learnt."""
    method = make(name, "compact[width=2,norm=group]")
    with pytest.raises(ValueError, match="needs a negative for each anchor"):
        method.objective(pictures(1, 0))


def test_supervised_without_labels_is_refused(make: Make, pictures: Pictures) -> None:
    """The sentence names what lacks."""
    with pytest.raises(ValueError, match="supervised needs labels"):
        make("supervised").objective(pictures(4, 0))
