"""What every encoder keeps, whoever wrote it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from methods.encoders import build
from methods.encoders.blocks import Encoder
from methods.randomness import seeded

ENCODERS = [
    ("resnet18[width=8]", 32),
    ("resnet34[norm=group,width=8]", 16),
    ("resnet50[width=4]", 96),
    ("resnet101[norm=layer,width=4]", 8),
    ("wide_resnet34[width=4]", 32),
    ("wide_resnet50_2[width=4]", 32),
    ("amdim[depth=2,ndf=4,rkhs=48]", 32),
    ("amdim[depth=2,ndf=4,rkhs=48]", 64),
    ("amdim[depth=1,ndf=4,rkhs=48]", 128),
    ("cpc_resnet101[stacks=1,2,2,1,width=4]", 8),
    ("cpc_resnet101[stacks=1,1,1,1,width=4]", 32),
    ("compact[width=8]", 32),
    ("compact[norm=group]", 8),
    ("compact[norm=layer,width=8]", 32),
    ("timm:test_resnet", 32),
    ("timm:test_convnext", 32),
    ("timm:test_vit", 32),
]
each = pytest.mark.parametrize(("name", "size"), ENCODERS)


def made(name: str, size: int, replicate: int = 0) -> Encoder:
    """Build in float64, where equal means equal to rounding."""
    with seeded(replicate, "encoder"):
        return build(name, size).double()


def images(size: int, count: int = 3) -> Tensor:
    """Draw images of noise, the same each time, (count, 3, size, size)."""
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1)).double()


@each
def test_maps_have_the_widths_that_the_encoder_says(name: str, size: int) -> None:
    """Slot by slot: the keys and channels of `widths`, finite, `1` a vector, the others square."""
    encoder = made(name, size)
    maps = encoder(images(size))
    assert {slot: value.shape[1] for slot, value in maps.items()} == encoder.widths
    assert {"1", "last"} <= set(maps)
    for slot, value in maps.items():
        assert value.dim() == (2 if slot == "1" else 4)
        assert slot == "1" or value.shape[2] == value.shape[3]
        assert value.isfinite().all()


@each
def test_evaluation_sees_one_image_at_a_time(name: str, size: int) -> None:
    """In evaluation an image's maps do not depend on its batch, and repeat themselves."""
    encoder = made(name, size).eval()
    whole, alone = encoder(images(size)), encoder(images(size)[:1])
    again = encoder(images(size))
    for slot in whole:
        assert torch.equal(whole[slot], again[slot])
        torch.testing.assert_close(whole[slot][:1], alone[slot], rtol=1e-9, atol=1e-10)


@each
def test_the_memory_layout_changes_no_value(name: str, size: int) -> None:
    """Channels-last images and weights give the same maps and gradients."""
    batch = images(size)
    gradients = []
    outputs = []
    for layout in (torch.contiguous_format, torch.channels_last):
        encoder = made(name, size).to(memory_format=layout)
        outputs.append(encoder(batch.contiguous(memory_format=layout)))
        loss = torch.stack([value.square().mean() for value in outputs[-1].values()]).sum()
        torch.autograd.backward(loss)
        gradients.append([p.grad for p in encoder.parameters() if p.grad is not None])
    for slot in outputs[0]:
        torch.testing.assert_close(outputs[1][slot], outputs[0][slot], rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-6, atol=1e-9)


@each
def test_every_parameter_of_a_slot_learns(name: str, size: int) -> None:
    """No weight is left out: the slots together reach every one."""
    encoder = made(name, size)
    weights = torch.Generator().manual_seed(2)
    total = torch.zeros((), dtype=torch.float64)
    for value in encoder(images(size)).values():
        total = total + (value * torch.randn(value.shape, generator=weights)).sum()
    torch.autograd.backward(total)
    missing = [key for key, p in encoder.named_parameters() if p.grad is None]
    assert missing == []


@each
def test_weights_come_from_the_callers_seed(name: str, size: int) -> None:
    """The same seed gives the same weights, another seed others."""
    first, same, other = made(name, size), made(name, size), made(name, size, replicate=1)
    pairs = list(zip(first.state_dict().items(), same.state_dict().values(), strict=True))
    assert all(torch.equal(one, two) for (_, one), two in pairs)
    assert any(
        not torch.equal(one, two)
        for one, two in zip(first.parameters(), other.parameters(), strict=True)
    )


@each
def test_a_state_dict_carries_everything(name: str, size: int) -> None:
    """Another encoder that loads it gives the same maps, running statistics included."""
    source, target = made(name, size), made(name, size, replicate=1)
    source(images(size))
    target.load_state_dict(source.state_dict())
    with torch.no_grad():
        ours, theirs = source.eval()(images(size)), target.eval()(images(size))
    assert all(torch.equal(ours[slot], theirs[slot]) for slot in ours)


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_a_leak_free_norm_keeps_images_apart_in_training(norm: str) -> None:
    """In training too, an image's maps do not depend on its batch."""
    encoder = made(f"compact[norm={norm}]", 8)
    whole, alone = encoder(images(8)), encoder(images(8)[:1])
    torch.testing.assert_close(whole["1"][:1], alone["1"], rtol=1e-9, atol=1e-10)


def test_cpcs_encoder_keeps_patches_apart_in_training() -> None:
    """Layer norm lets no patch see another."""
    encoder = made("cpc_resnet101[stacks=1,1,1,1,width=4]", 8)
    whole, alone = encoder(images(8)), encoder(images(8)[:1])
    torch.testing.assert_close(whole["1"][:1], alone["1"], rtol=1e-9, atol=1e-10)


def test_batch_norm_leaks() -> None:
    """The check above can fail: with batch norm an image's maps depend on its batch."""
    encoder = made("compact", 8)
    whole, other = encoder(images(8)), encoder(images(8)[:2])
    assert not torch.allclose(whole["1"][:1], other["1"][:1], rtol=1e-3)


def test_no_image_is_no_size() -> None:
    """A size below one pixel is refused."""
    with pytest.raises(ValueError, match="at least 1 px"):
        build("compact", 0)
