"""CPC v2: what the context sees, which patch is whose target, and the directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from methods.cpc_v2 import MaskedContext, PredictedRows
from methods.randomness import Draws
from methods.recipe import Context, Indexed

if TYPE_CHECKING:
    from tests.methods.conftest import Small

Make = Callable[..., "Small"]
CONTEXT = Context(0, 1, Draws(0, "step", (torch.tensor(0),)))


@pytest.mark.parametrize("row", range(7))
def test_row_r_of_the_context_sees_rows_up_to_r(row: int) -> None:
    """By gradient: rows 0 to r of the grid reach it, no row below does."""
    torch.manual_seed(0)
    module = MaskedContext(3, hidden=4).double()
    grid = torch.rand(2, 3, 7, 7, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(module(grid)[0, :, row, 3].sum(), grid)
    reached = gradient[0].abs().sum((0, 2)) > 0
    assert not reached[row + 1 :].any()
    assert reached[max(0, row - 5) : row + 1].all()  # five blocks, a row above each
    assert not gradient[1].any()


def test_the_context_does_not_change_with_rows_below() -> None:
    """By perturbation: rows 0 to 2 of the context stay to the bit when rows 3 to 6 change."""
    torch.manual_seed(0)
    module = MaskedContext(3, hidden=4).double()
    grid = torch.rand(1, 3, 7, 7, dtype=torch.float64)
    changed = grid.clone()
    changed[:, :, 3:] = torch.rand(1, 3, 4, 7, dtype=torch.float64)
    before, after = module(grid), module(changed)
    assert torch.equal(before[:, :, :3], after[:, :, :3])
    assert not torch.equal(before[:, :, 3:], after[:, :, 3:])


class Places(nn.Module):
    """An encoder of patches that hold their image, row and column, each plus 1."""

    def __init__(self) -> None:
        super().__init__()
        self.widths = {"1": 3}

    def forward(self, patches: Tensor) -> dict[str, Tensor]:
        """Return what a patch holds."""
        return {"1": patches[:, :, 0, 0]}


def marked(batch: int) -> Tensor:
    """Return (B, 49, 3, 2, 2) patches that hold their place."""
    places = torch.cartesian_prod(torch.arange(batch), torch.arange(7), torch.arange(7)) + 1
    return places.float().view(batch, 49, 3, 1, 1).expand(-1, -1, -1, 2, 2)


def transparent(directions: int = 1, *, separate: bool = False) -> PredictedRows:
    """Return an extraction whose contexts and heads let the places through."""
    extraction = PredictedRows(
        Places(),
        target_width=3,
        context_width=4,
        rows=7,
        separate=separate,
        directions=directions,
    )
    with torch.no_grad():
        for name, parameter in extraction.named_parameters():
            parameter.zero_()
            if name.startswith(("target_head", "prediction_heads")) and name.endswith("weight"):
                parameter.copy_(torch.eye(3)[:, :, None, None])
    return extraction


def compare(extraction: PredictedRows, batch: int = 2) -> list[Indexed]:
    """Return the comparisons of marked patches."""
    return extraction.compare(Places(), [marked(batch)], CONTEXT)


def test_each_anchor_attracts_the_patch_its_offset_below() -> None:
    """Same image, same column, k rows below, for offsets 2 to 6 with weights 1 to 5."""
    found = compare(transparent())
    assert [c.weight for c in found] == [1, 2, 3, 4, 5]
    for offset, c in zip(range(2, 7), found, strict=True):
        assert len(c.anchors) == 2 * (7 - offset) * 7
        below = c.candidates[c.target] - c.anchors
        assert torch.equal(below, torch.tensor([0.0, offset, 0.0]).expand_as(below))


def test_every_other_patch_of_the_batch_is_a_negative() -> None:
    """All 49 B vectors are candidates, those of the own image too, and none is left out."""
    for c in compare(transparent(), batch=3):
        assert len({tuple(row) for row in c.candidates.tolist()}) == 3 * 49
        assert c.exclude is None


def test_the_directions_are_down_and_its_turns() -> None:
    """Each offset is predicted along one axis: down, left, up and right, five offsets each."""
    steps = []
    for c in compare(transparent(4)):
        moves = {tuple(row) for row in (c.candidates[c.target] - c.anchors).tolist()}
        assert len(moves) == 1
        steps.append(moves.pop()[1:])
    axes = [[(d * k, 0) for k in range(2, 7)] if d else [] for d in (1, -1)]
    down, up = axes
    right, left = ([(b, a) for a, b in axis] for axis in axes)
    assert steps[:5] == down
    assert steps[10:15] == up
    assert sorted([steps[5:10], steps[15:]]) == sorted([left, right])


@pytest.mark.parametrize("turns", range(4))
def test_a_direction_is_down_on_the_turned_grid(turns: int) -> None:
    """Its losses are those of the top-down direction with its context, on a turned image."""
    torch.manual_seed(0)
    many, one = (
        PredictedRows(
            Places(),
            target_width=5,
            context_width=4,
            rows=7,
            separate=False,
            directions=directions,
        ).double()
        for directions in (4, 1)
    )
    one.target_head.load_state_dict(many.target_head.state_dict())
    one.prediction_heads.load_state_dict(many.prediction_heads.state_dict())
    one.contexts[0].load_state_dict(many.contexts[turns].state_dict())
    patches = torch.rand(2, 7, 7, 3, 2, 2, dtype=torch.float64)
    found = many.compare(Places(), [patches.flatten(1, 2)], CONTEXT)[5 * turns : 5 * turns + 5]
    turned = patches.rot90(turns, (1, 2)).flatten(1, 2)
    for a, b in zip(found, one.compare(Places(), [turned], CONTEXT), strict=True):
        assert torch.allclose(a.anchors, b.anchors, rtol=1e-12)
        assert torch.allclose(a.candidates[a.target], b.candidates[b.target], rtol=1e-12)


def test_separate_heads_serve_one_offset_each() -> None:
    """Five heads instead of one; the loss of an offset reaches its own only."""
    assert len(transparent().prediction_heads) == 1
    extraction = transparent(separate=True)
    assert len(extraction.prediction_heads) == 5
    for index, c in enumerate(compare(extraction)):
        weights = [head.get_parameter("weight") for head in extraction.prediction_heads]
        reached = torch.autograd.grad(c.anchors.sum(), weights, allow_unused=True)
        assert [g is not None for g in reached] == [i == index for i in range(5)]


def test_patches_enter_as_the_view_cut_them(make: Make) -> None:
    """Row and column of the grid are those of the image: the mean of each patch says so."""
    method = make("cpc_v2", double=True)
    image = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    image[:, :, 16:24, 8:16] = 255  # the patch of row 4, column 2
    patches = method.recipe.evaluation(image)
    means = patches.mean((2, 3, 4)).view(7, 7)
    assert int(means.argmax()) == 4 * 7 + 2
