"""Places of one view's map against all places of the other's (AMDIM, YADIM)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from methods.aspects.encoder import encode_together, flatten_places
from methods.aspects.extraction.heads import ResidualHead
from methods.recipe import Context, Extraction, Grouped

RANDOM_SCALES = ("1", "5", "7")


def parse_pairs(strategy: str) -> tuple[tuple[str, str], ...]:
    """Split `1:5,1:7,5:5` into ((source, target), ...)."""
    return tuple(tuple(pair.split(":")) for pair in strategy.split(","))  # type: ignore[misc]


class FeaturePairs(Extraction):
    """Pairs of slots between two views, both directions, one source place per image and step.

    A source place attracts every place of its image in the other view's target map and repels
    every place of the other images. Source: arXiv 1906.00910, sections 3.2 and 3.3.
    """

    def __init__(
        self, widths: Mapping[str, int], strategy: str, width: int, *, bare: Sequence[str] = ()
    ) -> None:
        """Build a head for each slot that the strategy names.

        Args:
            widths: The encoder's channels of each slot.
            strategy: Pairs such as `1:5,1:7,5:5`; `random` as a target is one of the scales,
                drawn once per step for the whole batch.
            width: D, the one width of all heads.
            bare: Slots that are compared as they are where their width is `width` already.
        """
        super().__init__()
        self.pairs = parse_pairs(strategy)
        named = {slot for pair in self.pairs for slot in pair}
        slots = (named - {"random"}) | (set(RANDOM_SCALES) if "random" in named else set())
        self.heads = nn.ModuleDict(
            {
                slot: nn.Identity()
                if slot in bare and widths[slot] == width
                else ResidualHead(widths[slot], width)
                for slot in sorted(slots)
            }
        )

    def compare(
        self, encoder: nn.Module, views: Sequence[Tensor], context: Context
    ) -> list[Grouped]:
        """Return two comparisons a pair of slots, each of weight 1/2."""
        both = encode_together(encoder, views)  # one batch of 2B: shared statistics, as AMDIM's
        pairs = self._resolve(context)
        maps = {
            slot: self.heads[slot](both[slot]).chunk(2) for slot in {s for p in pairs for s in p}
        }
        comparisons = []
        for index, (source, target) in enumerate(pairs):
            for a, b in ((0, 1), (1, 0)):
                draws = context.draws.named(f"place {index} {source} {a}")
                anchors = one_place(maps[source][a], draws.uniform(len(maps[source][a])))
                rows, images = flatten_places(maps[target][b])
                own = torch.arange(len(anchors), device=anchors.device)
                comparisons.append(Grouped(anchors, rows, own, images, weight=0.5))
        return comparisons

    def _resolve(self, context: Context) -> tuple[tuple[str, str], ...]:
        """Replace `random` by this step's scale."""
        drawn = RANDOM_SCALES[int(context.draws.named("scale").integers(1, len(RANDOM_SCALES)))]
        return tuple(
            (source, drawn if target == "random" else target) for source, target in self.pairs
        )


def one_place(feature_map: Tensor, uniform: Tensor) -> Tensor:
    """Pick one place of each image.

    Args:
        feature_map: (B, C, h, w), or (B, C), which has one place.
        uniform: (B,) in [0, 1).

    Returns:
        (B, C).
    """
    if feature_map.dim() == 2:
        return feature_map
    places = feature_map.flatten(2)
    index = (uniform.to(places.device) * places.shape[2]).long()
    return places[torch.arange(len(places), device=places.device), :, index]
