"""Looks at an encoder while it trains: shown to whoever watches, kept nowhere, deciding nothing.

A look moves no number: the encoder runs in evaluation mode and nothing random is drawn. It sees
train images alone, so that whoever stops or changes a run by it has not touched the test set.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from benchmark.data.dataset import Dataset
from benchmark.data.parts import is_held_out
from benchmark.evaluation.features import extract
from benchmark.evaluation.knn import KNNFit
from methods.recipe import Recipe

FIRST = 30.0
"""Seconds before the first look: a shorter training is over before anyone asks."""
COST = 0.01
"""Share of a training's time that the looks after it may take."""
BANK, QUERIES = 500, 200
"""Images, at most, that vote and that are voted on."""
NEIGHBOURS, TEMPERATURE = 20, 0.1


def watch(
    recipe: Recipe,
    dataset: Dataset,
    device: torch.device,
    clock: Callable[[], float] = time.perf_counter,
) -> Callable[[nn.Module], float | None]:
    """Return a function that gives an encoder's kNN top-1 in percent on held-out train images.

    Called sooner than its cost allows, it gives what its last look gave, None before the first; and
    always None where a small dataset has no image held out, or none left to vote.
    """
    train = dataset.train
    out = is_held_out(train)
    if not 0 < int(out.sum()) < len(out):
        return lambda _: None
    chosen = torch.cat([_spread(~out, BANK), _spread(out, QUERIES)])
    bank = min(BANK, int((~out).sum()))
    images, labels = train.images[chosen], train.labels[chosen]
    wait, last, since = FIRST, None, clock()

    def look(encoder: nn.Module) -> float | None:
        nonlocal wait, last, since
        begun = clock()
        if begun - since < wait:
            return last
        found = extract(recipe, encoder, images, frozenset({"pooled"}), device=device)["pooled"]
        last = _top1(normalize(found.nan_to_num(), dim=1), labels, bank, len(dataset.classes))
        since = clock()
        wait = (since - begun) / COST
        return last

    return look


def _spread(mask: Tensor, most: int) -> Tensor:
    """Return where a mask is True, thinned evenly: the order of a split may be by class."""
    places = torch.nonzero(mask).flatten()
    return places[torch.linspace(0, len(places) - 1, min(most, len(places))).long()]


def _top1(features: Tensor, labels: Tensor, bank: int, classes: int) -> float:
    fit = KNNFit(features[:bank], labels[:bank], classes, min(NEIGHBOURS, bank), TEMPERATURE)
    return 100 * float(
        (fit.predict(features[bank:]).argmax(dim=1) == labels[bank:]).double().mean()
    )
