"""BYOL: the stop-gradient, the slow network, and its timetable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from methods.recipe import Paired, objective

if TYPE_CHECKING:
    from tests.methods.conftest import Small

Make = Callable[..., "Small"]
Pictures = Callable[[int, int], Tensor]


def gradients(method: Small, loss: Tensor) -> list[Tensor]:
    """Return the gradient of each parameter that is trained."""
    return list(torch.autograd.grad(loss, list(method.trainable().values()), retain_graph=True))


def test_targets_are_constants(make: Make, pictures: Pictures) -> None:
    """The online gradients are those of a loss whose targets are plain numbers."""
    method = make("byol", double=True)
    views = [view.requires_grad_() for view in method.views(pictures(6, 0))]
    comparisons = method.extraction.compare(method.encoder, views, method.context())
    assert all(isinstance(c, Paired) and not c.positives.requires_grad for c in comparisons)
    loss = sum(
        (method.recipe.loss(c, method.recipe.similarity) for c in comparisons), torch.tensor(0.0)
    )
    numbers = [Paired(c.anchors, torch.tensor(c.positives.tolist(), dtype=torch.float64))
               for c in comparisons if isinstance(c, Paired)]  # fmt: skip
    same = sum(
        (method.recipe.loss(c, method.recipe.similarity) for c in numbers), torch.tensor(0.0)
    )
    for found, expected in zip(gradients(method, loss), gradients(method, same), strict=True):
        assert torch.equal(found, expected)


def test_without_the_stop_gradient_they_would_differ(make: Make, pictures: Pictures) -> None:
    """The online network as its own target gives other gradients: the test above can fail."""
    method = make("byol", double=True)
    views, context = method.views(pictures(6, 0)), method.context()
    stopped = gradients(
        method, objective(method.recipe, method.extraction, method.encoder, views, context)
    )
    projector = method.extraction.get_submodule("projector")
    predictor = method.extraction.get_submodule("predictor")
    z1, z2 = (projector(method.encoder(view)["1"]) for view in views)
    attraction, cosine = method.recipe.loss, method.recipe.similarity
    loose = attraction(Paired(predictor(z1), z2), cosine) + attraction(
        Paired(predictor(z2), z1), cosine
    )
    flowing = gradients(method, loose)
    assert any(not torch.allclose(a, b, rtol=1e-3) for a, b in zip(stopped, flowing, strict=True))


def test_each_view_has_batch_statistics_of_its_own(make: Make, pictures: Pictures) -> None:
    """The loss of a batch is that of its views encoded one by one, not as one batch."""
    method = make("byol", double=True)
    seen: list[int] = []
    method.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    method.objective(pictures(6, 0))
    assert seen == [6, 6]


def test_the_slow_network_follows_the_optimiser_by_the_papers_momentum(
    make: Make, pictures: Pictures
) -> None:
    """At step k of K it moves by 1 - tau_k, tau_k = 1 - (1 - tau)(cos(pi k / K) + 1) / 2."""
    method, step, total = make("byol", double=True), 25, 100
    context = method.context(step, total)
    slow = {n: p.clone() for n, p in method.frozen().items()}
    method.extraction.before_step(method.encoder, context)
    method.objective(pictures(4, 0), step)
    assert all(torch.equal(p, slow[n]) for n, p in method.frozen().items())
    with torch.no_grad():  # the optimiser
        for parameter in method.trainable().values():
            parameter.add_(torch.randn_like(parameter))
    method.extraction.after_step(method.encoder, context)
    assert method.setting.number("tau") == 0.97
    tau = 1 - 0.03 * (0.5**0.5 + 1) / 2
    online = method.trainable()
    for name, parameter in method.frozen().items():
        fast = online[
            name.replace("slow_encoder", "encoder")
            if name.startswith("slow_encoder")
            else f"extraction.{name.removeprefix('slow_')}"
        ]
        assert torch.allclose(parameter, tau * slow[name] + (1 - tau) * fast, rtol=1e-10)


def test_the_slow_networks_statistics_are_its_own(make: Make, pictures: Pictures) -> None:
    """Its running statistics come from its own passes in training mode; they do not follow."""
    method = make("byol", double=True)
    slow = method.extraction.get_submodule("slow_encoder")
    method.objective(pictures(6, 0))
    first = {n: b.clone() for n, b in slow.named_buffers()}
    assert any(b.any() for n, b in first.items() if n.endswith("running_mean"))
    method.extraction.after_step(method.encoder, method.context())
    assert all(torch.equal(b, first[n]) for n, b in slow.named_buffers())
