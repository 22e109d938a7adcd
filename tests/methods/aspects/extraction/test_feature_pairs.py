"""Feature pairs: who attracts whom, for every strategy, slot shape and step."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor, nn

from methods.aspects.extraction.feature_pairs import FeaturePairs, one_place, parse_pairs
from methods.cards import STRATEGIES
from methods.randomness import Draws
from methods.recipe import Context, Grouped

SIDES = {"1": 0, "5": 5, "7": 7, "last": 3}
PLACES = {"1": 1, "5": 25, "7": 49, "last": 9}


class Marked(nn.Module):
    """An encoder whose features say where they are from: image id, side of the map, row, column."""

    def __init__(self, **sides: int) -> None:
        super().__init__()
        self.sides = {"1": 0, **sides} if sides else SIDES
        self.widths = dict.fromkeys(self.sides, 4)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Mark every place of every map; an image is known by its first value."""
        return {slot: self._map(images[:, 0, 0, 0], side) for slot, side in self.sides.items()}

    def _map(self, ids: Tensor, side: int) -> Tensor:
        if not side:
            return torch.stack([ids, *(torch.zeros_like(ids),) * 3], 1)
        rows = torch.arange(side).view(-1, 1).expand(side, side)
        marks = torch.stack([torch.full((side, side), side), rows, rows.T]).float()
        grid = marks.expand(len(ids), 3, side, side)
        return torch.cat([ids.view(-1, 1, 1, 1).expand(-1, 1, side, side), grid], 1)


def extraction(strategy: str, encoder: Marked) -> FeaturePairs:
    """Return pairs that are compared as they are, without heads."""
    return FeaturePairs(encoder.widths, strategy, 4, bare=tuple(encoder.widths))


def views(batch: int) -> list[Tensor]:
    """Return two views: image b is 100 b in the first and 100 b + 1 in the second."""
    ids = torch.arange(batch).float() * 100
    return [(ids + v).view(-1, 1, 1, 1).expand(-1, 3, 2, 2) for v in range(2)]


def context(step: int, replicate: int = 0) -> Context:
    """Return a step's context."""
    return Context(step, 1000, Draws(replicate, "step", (torch.tensor(step),)))


def compare(strategy: str, batch: int = 3, step: int = 0, replicate: int = 0) -> list[Grouped]:
    """Return the comparisons of one step."""
    encoder = Marked()
    pairs = extraction(strategy, encoder)
    return pairs.compare(encoder, views(batch), context(step, replicate))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_pair_gives_both_directions_at_half_weight(strategy: str) -> None:
    """One comparison from view 0 to view 1 and one back, each weighing 1/2."""
    found = compare(strategy)
    assert len(found) == 2 * len(parse_pairs(strategy))
    assert [c.weight for c in found] == [0.5] * len(found)
    for index, comparison in enumerate(found):
        source, target = index % 2, 1 - index % 2
        assert (comparison.anchors[:, 0] % 100).tolist() == [source] * 3
        assert set((comparison.candidates[:, 0] % 100).tolist()) == {target}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_anchor_attracts_all_places_of_its_image_in_the_other_view(strategy: str) -> None:
    """One anchor an image; as many positives as the target map has places; ids are the images'."""
    pairs = [pair for pair in parse_pairs(strategy) for _ in range(2)]
    for (source, target), c in zip(pairs, compare(strategy), strict=True):
        assert (c.anchors[:, 0] // 100).tolist() == c.anchor_image.tolist() == [0, 1, 2]
        assert torch.equal((c.candidates[:, 0] // 100).long(), c.candidate_image)
        assert set(c.anchors[:, 1].tolist()) == {SIDES[source]}
        side = int(c.candidates[0, 1])
        if target != "random":
            assert side == SIDES[target]
        places = max(1, side**2)
        assert len(c.candidates) == 3 * places
        assert len({tuple(row) for row in c.candidates.tolist()}) == 3 * places


def test_the_named_strategies_are_the_pairs_they_name() -> None:
    """`1:5,1:7,5:5` is AMDIM's, not the same-scale one that lightning-bolts ran in its place."""
    assert parse_pairs("1:5,1:7,5:5") == (("1", "5"), ("1", "7"), ("5", "5"))
    assert parse_pairs("1:1,5:5,7:7") == (("1", "1"), ("5", "5"), ("7", "7"))
    assert parse_pairs("1:random") == (("1", "random"),)


def test_a_random_scale_is_drawn_once_a_step_for_the_whole_batch() -> None:
    """Both directions take the same scale; over steps the three come up alike (chi-square)."""
    seen: Counter[int] = Counter()
    for step in range(300):
        sizes = {len(c.candidates) // 3 for c in compare("1:random", step=step)}
        assert len(sizes) == 1
        seen[sizes.pop()] += 1
    assert set(seen) == {1, 25, 49}
    assert chisquare(list(seen.values())).pvalue > 1e-3


def test_the_draws_of_a_step_are_its_own() -> None:
    """The same replicate and step give the same anchors; another step or replicate gives others."""
    first = [c.anchors for c in compare("5:5", batch=16, step=3)]
    again = [c.anchors for c in compare("5:5", batch=16, step=3)]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    for other in (
        compare("5:5", batch=16, step=4), compare("5:5", batch=16, step=3, replicate=1)
    ):  # fmt: skip
        assert not torch.equal(first[0], other[0].anchors)


@pytest.mark.parametrize("slot", ["5", "7"])
def test_the_place_is_uniform_and_each_directions_own(slot: str) -> None:
    """Chi-square over images and steps; the directions agree as often as chance has it."""
    side, encoder = SIDES[slot], Marked()
    pairs = extraction(f"{slot}:{slot}", encoder)
    drawn = []
    for step in range(160):
        found = pairs.compare(encoder, views(32), context(step))
        drawn.append(torch.stack([c.anchors[:, 2] * side + c.anchors[:, 3] for c in found]))
    places = torch.stack(drawn).long()  # (steps, directions, images)
    counts = torch.bincount(places.flatten(), minlength=side**2)
    assert len(counts) == side**2
    assert chisquare(counts.numpy()).pvalue > 1e-3
    agreement = float((places[:, 0] == places[:, 1]).double().mean())
    chance = 1 / side**2
    assert abs(agreement - chance) < 4 * (chance / (160 * 32)) ** 0.5
    assert float((places[:, :, 0] == places[:, :, 1]).double().mean()) < 5 * chance


def test_pairs_of_one_step_draw_independently() -> None:
    """Two pairs with the same source slot do not share their place."""
    first, _, second, _ = compare("7:5,7:7", batch=32)
    assert not torch.equal(first.anchors, second.anchors)


@pytest.mark.parametrize("places", [1, 3, 25, 49, 196, 4095, 4096])
def test_the_largest_draw_is_the_last_place(places: int) -> None:
    """Rounding never steps out of the map."""
    feature_map = torch.arange(places).view(1, 1, places, 1).float()
    largest = torch.tensor([1.0 - 2.0**-24])
    assert one_place(feature_map, largest).item() == places - 1
    assert one_place(feature_map, torch.zeros(1)).item() == 0


def test_heads_bring_all_slots_to_one_width() -> None:
    """Each named slot has a head of its own, save a bare one that has the width already."""
    widths = {"1": 6, "5": 6, "7": 3, "last": 6}
    pairs = FeaturePairs(widths, "1:5,1:7,5:5", 6, bare=("1",))
    assert sorted(pairs.heads) == ["1", "5", "7"]
    assert isinstance(pairs.heads["1"], nn.Identity)
    assert not isinstance(pairs.heads["5"], nn.Identity)
    assert sorted(FeaturePairs(widths, "1:random", 6).heads) == ["1", "5", "7"]
    assert not isinstance(FeaturePairs(widths, "1:1", 8, bare=("1",)).heads["1"], nn.Identity)


def test_a_map_of_one_place_serves_as_well() -> None:
    """An encoder whose map is 1 x 1 at this image size has one anchor and one positive."""
    encoder = Marked(last=1)
    found = extraction("last:last", encoder).compare(encoder, views(3), context(0))
    assert all(len(c.candidates) == 3 and c.anchors.shape == (3, 4) for c in found)
