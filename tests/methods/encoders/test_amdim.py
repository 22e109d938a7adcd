"""AMDIM's encoder: its published size, its receptive fields, its unit written as loops."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from methods.encoders import build
from methods.encoders.amdim import _Unit

PUBLISHED = [
    (32, 320, 1280, 10, 153.8),
    (32, 256, 2048, 10, 111.0),
    (32, 128, 1024, 10, 27.8),
    (64, 192, 1536, 8, 193.9),
    (128, 192, 1536, 8, 194.3),
    (128, 256, 2048, 10, 400.9),
    (128, 320, 2560, 10, 626.4),
]
"""Image size, ndf, rkhs, depth, millions of parameters; the last is SimCLR's table 6: 626 M."""


@pytest.mark.parametrize(("size", "ndf", "rkhs", "depth", "millions"), PUBLISHED)
def test_sizes_are_the_published(
    size: int, ndf: int, rkhs: int, depth: int, millions: float
) -> None:
    """Parameters without the embedding heads, to a tenth of a million."""
    with torch.device("meta"):
        encoder = build(f"amdim[depth={depth},ndf={ndf},rkhs={rkhs}]", size)
    assert sum(p.numel() for p in encoder.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


@pytest.mark.parametrize(
    ("size", "field7", "stride", "field5", "padding"),
    [(32, 8, 4, 16, 0), (64, 16, 8, 32, 0), (128, 35, 16, 67, 2)],
)
def test_a_place_sees_its_own_field_only(
    size: int, field7: int, stride: int, field5: int, padding: int
) -> None:
    """The pixels that a middle place depends on are exactly a square of the stated field."""
    encoder = build("amdim[depth=2,ndf=4,rkhs=40]", size).double().eval()
    _randomize(encoder)
    images = torch.randn(1, 3, size, size, dtype=torch.float64, requires_grad=True)
    for slot, place, field in (("7", 3, field7), ("5", 2, field5)):
        (gradient,) = torch.autograd.grad(encoder(images)[slot][0, :, place, place].sum(), images)
        seen = gradient[0].abs().sum(0).nonzero()
        first = max(0, place * stride - padding)
        assert seen.min(0).values.tolist() == [first, first]
        last = min(size, place * stride - padding + field) - 1
        assert seen.max(0).values.tolist() == [last, last]


def test_a_pixel_outside_the_field_changes_nothing() -> None:
    """Bit for bit, in float64 and evaluation."""
    encoder = build("amdim[depth=2,ndf=4,rkhs=40]", 32).double().eval()
    _randomize(encoder)
    images = torch.randn(1, 3, 32, 32, dtype=torch.float64)
    poked = images.clone()
    poked[0, :, 5, 20] += 100  # place (r, c) of the 7x7 map sees rows 4r..4r+7, columns 4c..4c+7
    changed = (encoder(images)["7"] != encoder(poked)["7"]).any(1)[0].nonzero().tolist()
    assert changed == [[r, c] for r in (0, 1) for c in (4, 5)]


@pytest.mark.parametrize(("kernel", "stride", "out"), [(3, 1, 4), (4, 2, 6), (1, 1, 4), (1, 1, 5)])
def test_a_unit_is_its_formula(kernel: int, stride: int, out: int) -> None:
    """Convolution, ReLU, 1x1 convolution, plus the pooled input with zero channels (float64)."""
    unit = _Unit(4, out, kernel, stride).double()
    _randomize(unit)
    x = torch.randn(2, 4, 7, 7, dtype=torch.float64)
    torch.testing.assert_close(unit(x), _slow_unit(unit, x), rtol=1e-12, atol=1e-12)


def _slow_unit(unit: _Unit, x: Tensor) -> Tensor:
    kernel, stride, out = unit.kernel, unit.stride, unit.conv1.out_channels
    side = (x.shape[2] - kernel) // stride + 1
    result = torch.zeros(len(x), out, side, side, dtype=x.dtype)
    for row in range(side):
        for column in range(side):
            top, left = row * stride, column * stride
            window = x[:, :, top : top + kernel, left : left + kernel]
            hidden = torch.einsum("bcij,ocij->bo", window, unit.conv1.weight).clamp(min=0)
            result[:, :, row, column] = hidden @ unit.conv2.weight[:, :, 0, 0].T
            result[:, : x.shape[1], row, column] += window.mean((2, 3))
    return result


def _randomize(module: torch.nn.Module) -> None:
    """Undo the zero start, under which every branch is silent."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)


def test_every_unit_starts_as_pooling() -> None:
    """The second convolutions start at zero, so `7` starts as the pooled stem, zero-padded."""
    encoder = build("amdim[depth=3,ndf=4,rkhs=40]", 32)
    maps = encoder(torch.randn(2, 3, 32, 32))
    assert maps["7"][:, :4].abs().sum() > 0
    assert maps["7"][:, 4:].abs().sum() == 0
    torch.testing.assert_close(
        maps["5"], torch.nn.functional.avg_pool2d(maps["7"], 3, 1), rtol=1e-5, atol=1e-6
    )


def test_no_batch_norm_but_the_last() -> None:
    """One affine batch norm, over the 1x1 map."""
    encoder = build("amdim[depth=2,ndf=4,rkhs=40]", 64)
    norms = [m for m in encoder.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert [(norm.num_features, norm.affine) for norm in norms] == [(40, True)]


def test_images_of_another_size_are_refused() -> None:
    """Maps of another size would not be 7x7 and 5x5."""
    with pytest.raises(ValueError, match=r"for 32 px images \(got 64x64\)"):
        build("amdim[depth=1,ndf=4,rkhs=40]", 32)(torch.zeros(2, 3, 64, 64))
