"""Each method's whole objective against a plain form of it, with the same weights, in float64.

The plain forms share the encoder and nothing else: heads, contexts, scores and losses are written
with matrices and loops from the papers' formulas.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from methods.aspects.extraction.feature_pairs import parse_pairs

if TYPE_CHECKING:
    from tests.methods.conftest import Small

Make = Callable[..., "Small"]
Pictures = Callable[[int, int], Tensor]
Weights = Mapping[str, Tensor]


def normed(y: Tensor) -> Tensor:
    """Return each column of (N, D) with mean 0 and variance 1."""
    return (y - y.mean(0)) / (y.var(0, unbiased=False) + 1e-5).sqrt()


def unit(y: Tensor) -> Tensor:
    """Return rows of length 1."""
    return y / y.square().sum(1, keepdim=True).sqrt()


def cross_entropy(scores: list[Tensor], positive: int) -> Tensor:
    """Return -log of the positive's share."""
    stacked = torch.stack(scores)
    return -(stacked[positive].exp() / stacked.exp().sum()).log()


def byol_head(weights: Weights, prefix: str, x: Tensor) -> Tensor:
    """Linear with bias, batch norm, ReLU, linear without."""
    y = x @ weights[f"{prefix}.0.weight"].T + weights[f"{prefix}.0.bias"]
    y = normed(y) * weights[f"{prefix}.1.weight"] + weights[f"{prefix}.1.bias"]
    return y.clamp(min=0) @ weights[f"{prefix}.3.weight"].T


def test_simclr(make: Make, pictures: Pictures) -> None:
    """Both views in one batch, a head with a norm after each layer, NT-Xent at the temperature."""
    method, images = make("simclr", double=True), pictures(4, 0)
    found = method.objective(images)
    w = dict(method.extraction.named_parameters())
    h = method.encoder(torch.cat(method.views(images)))["1"]
    y = normed(h @ w["head.0.weight"].T) * w["head.1.weight"] + w["head.1.bias"]
    z = unit(normed(y.clamp(min=0) @ w["head.3.weight"].T) * w["head.4.weight"])
    terms = []
    for i in range(8):
        others = [k for k in range(8) if k != i]
        scores = [z[i] @ z[k] / 0.2 for k in others]
        terms.append(cross_entropy(scores, others.index((i + 4) % 8)))
    assert method.setting.number("temperature") == 0.2
    assert torch.allclose(found, torch.stack(terms).mean(), rtol=1e-10)


def test_byol(make: Make, pictures: Pictures) -> None:
    """The squared distance of prediction and slow projection, both directions added."""
    method, images = make("byol", double=True), pictures(4, 0)
    with torch.no_grad():  # a slow network that is not the fast one
        for parameter in method.frozen().values():
            parameter.add_(0.1 * torch.randn_like(parameter))
    found = method.objective(images)
    state = method.extraction.state_dict()
    slow = method.extraction.get_submodule("slow_encoder")
    total = torch.zeros((), dtype=torch.float64)
    views = method.views(images)
    for a, b in ((0, 1), (1, 0)):
        projection = byol_head(state, "projector", method.encoder(views[a])["1"])
        prediction = unit(byol_head(state, "predictor", projection))
        target = unit(byol_head(state, "slow_projector", slow(views[b])["1"]))
        total = total + (prediction - target).square().sum(1).mean()
    assert torch.allclose(found, total, rtol=1e-10)


@pytest.mark.parametrize("direction", ["one", "both"])
def test_moco(make: Make, pictures: Pictures, direction: str) -> None:
    """Each query against its key and the queue; `both` adds the swapped views' loss."""
    # no batch norm: the order in which keys are encoded then makes no difference
    name = f"moco_v2[hidden=16,queue=8,direction={direction}]"
    method, images = make(name, "compact[width=2,norm=group]", double=True), pictures(4, 0)
    with torch.no_grad():
        for parameter in method.frozen().values():
            parameter.add_(0.1 * torch.randn_like(parameter))
    found = method.objective(images)
    w = method.extraction.state_dict()
    slow, views = method.extraction.get_submodule("slow_encoder"), method.views(images)

    def head(prefix: str, x: Tensor) -> Tensor:
        y = (x @ w[f"{prefix}.0.weight"].T + w[f"{prefix}.0.bias"]).clamp(min=0)
        return unit(y @ w[f"{prefix}.2.weight"].T + w[f"{prefix}.2.bias"])

    total = torch.zeros((), dtype=torch.float64)
    for a, b in ((0, 1), (1, 0))[: 2 if direction == "both" else 1]:
        queries, keys = (
            head("head", method.encoder(views[a])["1"]),
            head("slow_head", slow(views[b])["1"]),
        )
        terms = [
            cross_entropy([q @ k / 0.2, *(q @ old / 0.2 for old in w["queue.keys"])], 0)
            for q, k in zip(queries, keys, strict=True)
        ]
        total = total + torch.stack(terms).mean()
    assert torch.allclose(found, total, rtol=1e-10)


def residual_head(weights: Weights, slot: str, feature_map: Tensor) -> Tensor:
    """Return AMDIM's 1x1 head's output, place by place: (V B, places, D)."""
    rows = (
        feature_map.flatten(2).transpose(1, 2) if feature_map.dim() == 4 else feature_map[:, None]
    )
    first, second, shortcut = (
        weights[f"heads.{slot}.{name}.weight"][:, :, 0, 0].T
        for name in ("first", "second", "shortcut")
    )
    y = (rows @ first).clamp(min=0) @ second + rows @ shortcut
    y = normed((y + weights[f"heads.{slot}.shortcut.bias"]).flatten(0, 1)).view_as(y)
    return y * weights[f"heads.{slot}.norm.weight"] + weights[f"heads.{slot}.norm.bias"]


def ordered_pair(anchors: Tensor, targets: Tensor) -> Tensor:
    """Return AMDIM's loss of (B, D) source places against (B, L, D) target maps."""
    raw = torch.einsum("bd,old->bol", anchors, targets) / math.sqrt(anchors.shape[1])
    clipped = 20 * torch.tanh(raw / 20)
    terms = []
    for b in range(len(anchors)):
        negatives = sum(clipped[b, o].exp().sum() for o in range(len(anchors)) if o != b)
        terms += [-(s.exp() / (s.exp() + negatives)).log() for s in clipped[b, b]]
    return torch.stack(terms).mean() + 0.05 * raw.square().mean()


@pytest.mark.parametrize(
    "name",
    [
        "amdim[width=8]", "amdim[width=8,extraction=1:1]", "amdim[width=8,extraction=1:1,5:5,7:7]",
        "yadim[width=8]", "yadim[width=8,views=patches]", "yadim[width=12,extraction=1:5,1:7,5:5]",
    ],
)  # fmt: skip
def test_amdim_and_yadim(make: Make, pictures: Pictures, name: str) -> None:
    """Half the sum of both directions for each pair of maps, an anchor a place drawn per image."""
    method, images = make(name, double=True), pictures(3, 0)
    with torch.no_grad():  # heads whose branches are not zero any more
        for parameter in method.extraction.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    found = method.objective(images)
    w = dict(method.extraction.named_parameters())
    both = torch.cat(method.views(images))
    if both.dim() == 5:
        vectors = method.encoder(both.flatten(0, 1))["1"].view(6, 7, 7, -1)
        maps = {"last": vectors.permute(0, 3, 1, 2)}
    else:
        maps = method.encoder(both)
    total = torch.zeros((), dtype=torch.float64)
    for index, (source, target) in enumerate(parse_pairs(method.setting.text("extraction"))):
        sources, targets = (
            residual_head(w, slot, maps[slot]).chunk(2) for slot in (source, target)
        )
        for a, b in ((0, 1), (1, 0)):
            uniform = method.context().draws.named(f"place {index} {source} {a}").uniform(3)
            places = [int(float(u) * sources[a].shape[1]) for u in uniform]
            anchors = torch.stack([sources[a][image, place] for image, place in enumerate(places)])
            total = total + ordered_pair(anchors, targets[b]) / 2
    assert torch.allclose(found, total, rtol=1e-9)


def masked_context(weights: Weights, grid: Tensor, turns: int) -> Tensor:
    """Return the context of a (B, C, h, w) grid, each row seeing itself and the row above."""
    for block in range(5):
        w = {n: weights[f"contexts.{turns}.blocks.{block}.{n}"] for n in (
            "0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias", "6.weight", "6.bias"
        )}  # fmt: skip
        y = F.conv2d(grid, w["0.weight"], w["0.bias"]).relu()
        left, right = F.pad(y, (1, 0))[..., :-1], F.pad(y, (0, 1))[..., 1:]
        y = sum(
            torch.einsum("oc,bchw->bohw", w["2.weight"][:, :, 0, k], part)
            for k, part in enumerate((left, y, right))
        ) + w["2.bias"].view(1, -1, 1, 1)
        above = torch.cat([torch.zeros_like(y[:, :, :1]), y[:, :, :-1]], 2)
        y = torch.einsum("oc,bchw->bohw", w["4.weight"][:, :, 0, 0], above) + torch.einsum(
            "oc,bchw->bohw", w["4.weight"][:, :, 1, 0], y
        )
        y = (y + w["4.bias"].view(1, -1, 1, 1)).relu()
        grid = grid + F.conv2d(y, w["6.weight"], w["6.bias"])
    return grid.relu()


@pytest.mark.parametrize("options", ["", "[heads=separate]", "[directions=4]"])
def test_cpc(make: Make, pictures: Pictures, options: str) -> None:
    """Offsets of 2 to 6 rows, k rows weighing k - 1, each against every patch of the batch."""
    method, images = make(f"cpc_v2{options}", double=True), pictures(2, 0)
    found = method.objective(images)
    w = dict(method.extraction.named_parameters())
    (patches,) = method.views(images)
    vectors = method.encoder(patches.flatten(0, 1))["1"].view(2, 7, 7, -1).permute(0, 3, 1, 2)
    total, terms = torch.zeros((), dtype=torch.float64), 0
    for turns in range(4 if "directions" in options else 1):
        grid = vectors.rot90(turns, (2, 3))
        targets = F.conv2d(grid, w["target_head.weight"], w["target_head.bias"])
        context = masked_context(w, grid, turns)
        every = targets.permute(0, 2, 3, 1).flatten(0, 2)  # (2 * 49, 64)
        for ignored in range(6):  # as the authors' code loops, an empty last step left out
            for i in range(ignored + 1, 6):
                head = i - 1 if "separate" in options else 0
                p = f"prediction_heads.{head}"
                predicted = 0.1 * F.conv2d(context, w[f"{p}.weight"], w[f"{p}.bias"])
                losses = []
                for b in range(2):
                    for row in range(7 - (i + 1)):
                        for column in range(7):
                            scores = every @ predicted[b, :, row, column]
                            own = 49 * b + 7 * (row + i + 1) + column
                            losses.append(scores.logsumexp(0) - scores[own])
                total, terms = total + torch.stack(losses).mean(), terms + 1
    assert terms == (60 if "directions" in options else 15)
    assert torch.allclose(found, total, rtol=1e-10)


def test_supervised(make: Make, pictures: Pictures) -> None:
    """Softmax cross-entropy of a linear layer without bias."""
    method, images, labels = (
        make("supervised", double=True),
        pictures(4, 0),
        torch.tensor([0, 3, 1, 1]),
    )
    found = method.objective(images, labels=labels)
    h = method.encoder(method.views(images)[0])["1"]
    (vectors,) = method.extraction.parameters()
    terms = [cross_entropy(list(vectors @ x), int(y)) for x, y in zip(h, labels, strict=True)]
    assert torch.allclose(found, torch.stack(terms).mean(), rtol=1e-10)
