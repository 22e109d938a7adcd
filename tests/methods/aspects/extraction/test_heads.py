"""Heads: their formulas, their start, and their sizes in the papers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from methods.aspects.extraction.heads import (
    ResidualHead,
    normalised_head,
    plain_two_layer,
    two_layer,
)


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Return standard normal float64 numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def size(make: Callable[[], nn.Module], *, trained: bool = True) -> int:
    """Count parameters without allocating them."""
    with torch.device("meta"):
        return sum(p.numel() for p in make().parameters() if p.requires_grad or not trained)


def test_byols_heads_have_the_papers_sizes() -> None:
    """2048 to 4096 with bias, batch norm, 4096 to 256 without; the predictor from 256."""
    norm = 2 * 4096
    projector = 2048 * 4096 + 4096 + norm + 4096 * 256
    predictor = 256 * 4096 + 4096 + norm + 4096 * 256
    assert size(lambda: two_layer(2048, 4096, 256)) == projector
    assert size(lambda: two_layer(256, 4096, 256)) == predictor


def test_simclrs_head_has_the_papers_sizes() -> None:
    """2048 to 2048 to 128 without biases, a norm after each, the last with a scale only."""
    first, last = 2048 * 2048 + 2 * 2048, 2048 * 128 + 128
    assert size(lambda: normalised_head(2048, 2048, 128, 2)) == first + last
    assert size(lambda: normalised_head(2048, 2048, 128, 3)) == 2 * first + last
    assert size(lambda: normalised_head(2048, 2048, 128, 2), trained=False) == first + last + 128


def test_mocos_head_has_the_papers_size() -> None:
    """2048 to 2048 to 128 with biases and no norm."""
    expected = 2048 * 2048 + 2048 + 2048 * 128 + 128
    assert size(lambda: plain_two_layer(2048, 2048, 128)) == expected


@pytest.mark.parametrize(
    ("width", "out", "millions"),
    [(4 * 320, 1280, 9.8), (4 * 256, 2048, 16.8), (4 * 128, 1024, 4.2), (8 * 192, 1536, 14.2)],
)
def test_amdims_two_heads_have_the_known_sizes(width: int, out: int, millions: float) -> None:
    """The 5x5 and the 7x7 map's heads together, as tabled for its encoders."""
    assert round(2 * size(lambda: ResidualHead(width, out)) / 1e6, 1) == millions


@pytest.mark.parametrize(("width", "out"), [(8, 8), (8, 12), (8, 5)])
def test_the_residual_head_starts_near_the_identity(width: int, out: int) -> None:
    """The branch is zero; the shortcut is the identity but for noise of at most 0.01."""
    torch.manual_seed(0)
    head = ResidualHead(width, out).double()
    assert not head.second.weight.any()
    assert head.first.weight.any()
    weight = head.shortcut.weight.detach()[:, :, 0, 0]
    shared = min(width, out)
    assert torch.equal(weight.diagonal(), torch.ones(shared, dtype=torch.float64))
    off = weight - torch.eye(out, width, dtype=torch.float64)
    assert 0 < float(off.abs().max()) <= 0.01
    assert head.shortcut.bias is not None
    x = normal(4, width, 3, 3)
    # a fresh norm in evaluation divides by sqrt(1 + 1e-5)
    y = head.eval()(x) * (1 + 1e-5) ** 0.5 - head.shortcut.bias[:, None, None]
    bound = 0.01 * x.abs().sum(1, keepdim=True)
    assert bool(((y[:, :shared] - x[:, :shared]).abs() <= bound).all())


def test_the_residual_head_is_branch_plus_shortcut_then_norm() -> None:
    """Written with matrices, each channel normalised over images and places."""
    torch.manual_seed(0)
    head = ResidualHead(4, 6).double()
    nn.init.normal_(head.second.weight)
    nn.init.normal_(head.norm.weight)
    nn.init.normal_(head.norm.bias)
    x = normal(5, 4, 2, 2)
    rows = x.permute(0, 2, 3, 1).reshape(-1, 4)
    first, second, shortcut = (
        m.weight[:, :, 0, 0].T for m in (head.first, head.second, head.shortcut)
    )
    assert head.shortcut.bias is not None
    y = (rows @ first).clamp(min=0) @ second + rows @ shortcut + head.shortcut.bias
    y = (y - y.mean(0)) / (y.var(0, unbiased=False) + 1e-5).sqrt() * head.norm.weight
    expected = (y + head.norm.bias).view(5, 2, 2, 6).permute(0, 3, 1, 2)
    assert torch.allclose(head(x), expected, rtol=1e-10)


def test_a_pooled_vector_is_a_map_of_one_place() -> None:
    """(B, C) and (B, C, 1, 1) give the same numbers."""
    torch.manual_seed(0)
    head, x = ResidualHead(4, 6).double(), normal(5, 4)
    assert torch.equal(head(x), head(x[:, :, None, None])[:, :, 0, 0])


@pytest.mark.parametrize("layers", [2, 3])
def test_simclrs_embeddings_stay_centred_at_zero(layers: int) -> None:
    """The last norm has no learned shift: each coordinate's mean over the batch stays 0."""
    torch.manual_seed(0)
    head = normalised_head(6, 8, 4, layers).double()
    x = normal(32, 6)
    optimizer = torch.optim.SGD([p for p in head.parameters() if p.requires_grad], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (head(x) - 1).square().sum().backward()
        optimizer.step()
    z = head(x)
    assert torch.allclose(z.mean(0), torch.zeros(4, dtype=torch.float64), atol=1e-12)
    last = head[-1]
    assert isinstance(last, nn.BatchNorm1d)
    assert not last.bias.any()
    assert sum(isinstance(m, nn.Linear) and m.bias is None for m in head) == layers


def test_head_formulas_are_linear_norm_relu_linear() -> None:
    """BYOL's and SimCLR's heads written with matrices, in float64."""
    torch.manual_seed(0)
    x = normal(9, 5)

    def norm(y: Tensor) -> Tensor:
        return (y - y.mean(0)) / (y.var(0, unbiased=False) + 1e-5).sqrt()

    byol = two_layer(5, 7, 3).double()
    first, _, _, last = byol
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    expected = norm(x @ first.weight.T + first.bias).clamp(min=0) @ last.weight.T
    assert torch.allclose(byol(x), expected, rtol=1e-10)
    simclr = normalised_head(5, 7, 3, 2).double()
    first, last = simclr[0], simclr[3]
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    expected = norm(norm(x @ first.weight.T).clamp(min=0) @ last.weight.T)
    assert torch.allclose(simclr(x), expected, rtol=1e-10)
