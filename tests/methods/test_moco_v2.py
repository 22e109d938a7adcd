"""MoCo v2: the queue's order, the momentum's moment, and the shuffled keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from methods.recipe import Context, PairedBank

if TYPE_CHECKING:
    from tests.methods.conftest import Small

Make = Callable[..., "Small"]
Pictures = Callable[[int, int], Tensor]


def compare(method: Small, images: Tensor, context: Context) -> list[PairedBank]:
    """Return the comparisons of one step, its first hook run."""
    method.extraction.before_step(method.encoder, context)
    found = method.extraction.compare(method.encoder, method.views(images, context.step), context)
    return [c for c in found if isinstance(c, PairedBank)]


@pytest.mark.parametrize("direction", ["one", "both"])
def test_a_bank_holds_keys_of_earlier_steps_only(
    make: Make, pictures: Pictures, direction: str
) -> None:
    """At step t the bank's newest keys are those of step t - 1, and none is of step t."""
    method = make(f"moco_v2[hidden=16,queue=16,direction={direction}]", double=True)
    pushed: list[Tensor] = []
    for step in range(7):
        context = method.context(step)
        found = compare(method, pictures(4, step), context)
        keys = torch.cat([c.positives for c in found])
        for c in found:
            assert not torch.cdist(c.bank, keys).lt(1e-9).any()
            earlier = torch.cat([c.bank[:0], *pushed])[-16:]
            assert all(torch.cdist(c.bank, old[None]).min() < 1e-9 for old in earlier)
        method.extraction.after_step(method.encoder, context)
        pushed.append(keys)


def test_the_bank_is_what_the_loss_saw(make: Make, pictures: Pictures) -> None:
    """Queueing after the step changes no bank that was handed out."""
    method = make("moco_v2", double=True)
    (found,) = compare(method, pictures(4, 0), method.context())
    before = found.bank.clone()
    method.extraction.after_step(method.encoder, method.context())
    assert torch.equal(found.bank, before)


def test_all_parts_of_a_step_are_queued(make: Make, pictures: Pictures) -> None:
    """Where gradients are accumulated over parts of a batch, one step queues all their keys."""
    method, context = make("moco_v2[hidden=16,queue=8]", double=True), make("moco_v2").context()
    method.extraction.before_step(method.encoder, context)
    keys = []
    for part in range(2):
        found = method.extraction.compare(method.encoder, method.views(pictures(4, part)), context)
        keys += [c.positives for c in found if isinstance(c, PairedBank)]
    method.extraction.after_step(method.encoder, context)
    bank = method.extraction.state_dict()["queue.keys"]
    assert torch.allclose(bank, torch.cat(keys), rtol=1e-12)


def test_the_key_network_moves_before_it_encodes(make: Make, pictures: Pictures) -> None:
    """Keys of a step come from momentum slow + (1 - momentum) fast, of this step's fast network."""
    method = make("moco_v2", "compact[width=2,norm=group]", double=True)
    slow = {n: p.clone() for n, p in method.frozen().items()}
    with torch.no_grad():  # what the last step's optimiser did
        for parameter in method.trainable().values():
            parameter.add_(torch.randn_like(parameter))
    context, images = method.context(1), pictures(4, 0)
    (found,) = compare(method, images, context)
    online = method.trainable()
    assert method.setting.number("momentum") == 0.97
    expected = {}
    for name, old in slow.items():
        fast = online[
            name.replace("slow_encoder", "encoder")
            if name.startswith("slow_encoder")
            else f"extraction.{name.removeprefix('slow_')}"
        ]
        expected[name] = 0.97 * old + 0.03 * fast.detach()
    for name, parameter in method.frozen().items():
        assert torch.allclose(parameter, expected[name], rtol=1e-10)
    encoder = method.extraction.get_submodule("slow_encoder")
    head = method.extraction.get_submodule("slow_head")
    keys = F.normalize(head(encoder(method.views(images, 1)[1])["1"]), dim=1)
    assert torch.allclose(found.positives, keys, rtol=1e-10)


def test_only_queries_have_gradients(make: Make, pictures: Pictures) -> None:
    """Keys and bank are constants."""
    method = make("moco_v2", double=True)
    (found,) = compare(method, pictures(4, 0), method.context())
    assert found.anchors.requires_grad
    assert not found.positives.requires_grad
    assert not found.bank.requires_grad


def key_batches(method: Small, images: Tensor, steps: int) -> list[Tensor]:
    """Return, for each step, which images the slow encoder saw, in its order."""
    orders: list[Tensor] = []

    def look(_: object, inputs: tuple[Tensor, ...]) -> None:
        distances = torch.cdist(inputs[0].flatten(1), views[1].flatten(1))
        orders.append(distances.argmin(1))

    method.extraction.get_submodule("slow_encoder").register_forward_pre_hook(look)
    for step in range(steps):
        views = method.views(images, step)
        method.extraction.compare(method.encoder, views, method.context(step))
    return orders


def test_keys_are_encoded_in_an_order_of_each_step(make: Make, pictures: Pictures) -> None:
    """Each image once, in another order at each step, so splits hold other images each time."""
    method = make("moco_v2", double=True)
    orders = key_batches(method, pictures(8, 0), 6)
    assert all(sorted(order.tolist()) == list(range(8)) for order in orders)
    assert len({tuple(order.tolist()) for order in orders}) == 6
    halves = {frozenset(order[:4].tolist()) for order in orders}
    assert len(halves) > 1


def test_shuffled_keys_return_to_their_images(make: Make, pictures: Pictures) -> None:
    """Without batch norm the order cannot matter: key b is image b's."""
    method = make("moco_v2", "compact[width=2,norm=group]", double=True)
    images = pictures(8, 0)
    (found,) = compare(method, images, method.context(3))
    encoder = method.extraction.get_submodule("slow_encoder")
    head = method.extraction.get_submodule("slow_head")
    keys = F.normalize(head(encoder(method.views(images, 3)[1])["1"]), dim=1)
    assert torch.allclose(found.positives, keys, rtol=1e-10)


def test_with_splits_the_shuffle_changes_whom_a_key_is_normalised_with(
    make: Make, pictures: Pictures
) -> None:
    """Split batch norm sees it: the same images in another order give other keys."""
    images, orders = pictures(8, 0), []
    for splits in (1, 2):
        method = make(f"moco_v2[hidden=16,queue=32,splits={splits}]", double=True)
        views = method.views(images, 0)
        keys = [
            c.positives
            for step in (0, 1)
            for c in method.extraction.compare(method.encoder, views, method.context(step))
            if isinstance(c, PairedBank)
        ]
        orders.append(torch.allclose(keys[0], keys[1], rtol=1e-9))
    assert orders == [True, False]


def test_the_slow_encoder_is_split_too(make: Make) -> None:
    """The key network is copied from the encoder after its batch norm was split."""
    method = make("moco_v2[hidden=16,queue=32,splits=4]")
    slow = method.extraction.get_submodule("slow_encoder")
    assert {m.splits for m in slow.modules() if hasattr(m, "splits")} == {4}
    assert method.recipe.batch_norm_splits == 4
