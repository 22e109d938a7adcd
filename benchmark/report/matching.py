"""Which reported number stands nearest to what we measured, and how the two compare."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmark.data import catalogue
from benchmark.evidence.reported import Reported, Scoring
from benchmark.evidence.verdict import Measured, Verdict, differences_from, verdict
from benchmark.store.result import Metric, Result
from methods import selector

KINDS = ("reproduced", "above", "below", "inconclusive", "not comparable", "not run")
"""Of verdicts, in the order in which they are told; the first four are of numbers compared."""
_UNKNOWN = 2
"""What an unknown field counts beside a known difference: a number that says how it was made is
the more telling neighbour, even where it differs."""
_Z = statistics.NormalDist().inv_cdf(0.975)
"""Of a metric's 95 % interval."""


@dataclass(frozen=True)
class Match:
    """A reported number beside ours."""

    reported: Reported
    verdict: Verdict
    protocol: str
    """Which of our protocols came nearest."""


def measured(results: Sequence[Result], protocol: str) -> Measured | None:
    """Return replicates of one row under a protocol as a comparison takes them.

    Args:
        results: Final ones that were scored under the protocol.
        protocol: Its name.
    """
    if not results:
        return None
    cell = results[0].cell
    asked = cell.budget.currency == "epochs" and cell.budget.amount > 0
    ledgers = [result.ledger for result in results if result.ledger]
    made = statistics.fmean(each.epochs for each in ledgers) if ledgers else 0.0
    base, _, inside = cell.method.partition("[")
    return Measured(
        method=base,
        variant=inside.removesuffix("]"),
        dataset=comparable_dataset(results[0]),
        encoder=cell.encoder,
        protocol=_scoring(results[0], protocol),
        epochs=cell.budget.amount if asked else made,
        values=tuple(result.metrics[protocol].top1.value for result in results),
        images=statistics.fmean(_images(result.metrics[protocol].top1) for result in results),
        seen=statistics.fmean(each.images for each in ledgers) if ledgers else None,
        batch=cell.recipe.batch,
        asked=asked,
    )


def _images(metric: Metric) -> float:
    """Return how many independent test images a metric is worth: of clustered ones fewer."""
    half, p = (metric.high - metric.low) / 2, metric.value
    if metric.interval == "wilson" or not half or not 0 < p < 100:
        return float(metric.n)
    return max(1.0, min(float(metric.n), p * (100 - p) * (_Z / half) ** 2))


def comparable_dataset(result: Result) -> str:
    """Return the published dataset that a result is of; its whole name where it is of none.

    What it is pretrained on is a field of the protocol and at what size it is stored is none of
    the dataset, but a folder or classes of one's own, or files that are not the published ones,
    make another dataset.
    """
    base, options = _split(result.cell.dataset)
    if not result.provenance.dataset_official:
        return f"unofficial {result.cell.dataset}"
    return result.cell.dataset if {"classes", "root"} & options.keys() else base


def best_match(candidates: Iterable[Measured], reported: Iterable[Reported]) -> Match | None:
    """Return the reported top-1 of the same method and dataset that differs least from ours.

    A number that only repeats another stands back, and one that was not seen in its source is
    taken only where there is no other.

    Args:
        candidates: Ours under each protocol, the main one first; of one row.
        reported: Numbers of any method.
    """
    ours = list(candidates)
    pairs = [
        (_distance(mine, entry, main=mine is ours[0]), mine, entry)
        for entry in reported
        for mine in ours
        if entry.repeats is None and entry.metric == mine.metric and is_of(entry, mine)
    ]
    if not pairs:
        return None
    _, mine, entry = min(pairs, key=lambda pair: pair[0])
    return Match(entry, verdict(mine, entry), mine.protocol.probe_class or "")


def judged(entry: Reported, ours: Iterable[Measured]) -> list[Verdict]:
    """Return what ours say of a reported number: one verdict, or each kind where they disagree.

    Of those that can be compared with it every kind of verdict is returned, none chosen: the most
    favourable of several would be a selection. Where none can, one says why.
    """
    found = [verdict(mine, entry) for mine in ours if is_of(entry, mine)]
    kinds: dict[str, Verdict] = {}
    for each in sorted(found or [verdict(None, entry)], key=_told):
        kinds.setdefault(each.kind, each)
    comparable = [each for kind, each in kinds.items() if kind in KINDS[:4]]
    return comparable or [next(iter(kinds.values()))]


def _told(found: Verdict) -> tuple[int, str]:
    return KINDS.index(found.kind), found.text


def opponents(entry: Reported, ours: Iterable[Measured]) -> list[Measured]:
    """Return what of ours a reported number is held against: all that can be compared with it.

    Where nothing can, what comes nearest: the fewest fields that differ or are unknown.
    """
    found = [mine for mine in ours if is_of(entry, mine)]
    comparable = [mine for mine in found if not any(differences_from(mine, entry))]
    if comparable or not found:
        return comparable
    return [min(found, key=lambda mine: _place(mine, entry))]


def _place(mine: Measured, entry: Reported) -> tuple[object, ...]:
    main = mine.protocol.probe == "linear"
    words = mine.variant, mine.encoder, mine.dataset, mine.protocol.probe_class or ""
    return _distance(mine, entry, main=main), words, mine.epochs, mine.values


def is_of(entry: Reported, mine: Measured) -> bool:
    """Say whether a reported number is of the method and, but for its files, the dataset."""
    return (
        entry.method == mine.method
        and entry.dataset == _split(mine.dataset.removeprefix("unofficial "))[0]
    )


def _distance(mine: Measured, entry: Reported, *, main: bool) -> tuple[bool, bool, bool, bool, int]:
    """Order pairs: first seen, then not a transfer, then of the same probe, then of our main."""
    transfer = ":" in (entry.protocol.pretrain_split or "")
    differences = [*differences_from(mine, entry)]
    other_probe = any(difference.field in ("protocol", "probe") for difference in differences)
    total = sum(_UNKNOWN if difference.unknown else 1 for difference in differences)
    return entry.certainty != "seen", transfer, other_probe, not main, total


def _scoring(result: Result, name: str) -> Scoring:
    protocol = result.metrics[name].protocol
    size = result.cell.values.get("resolution")
    return Scoring(
        probe=protocol.probe,
        width=protocol.width,
        k=protocol.k,
        feature=protocol.feature,
        pretrain_split=_pretrain_split(result.cell.dataset),
        probe_split="train",
        resolution=size if isinstance(size, int) else None,
        online=protocol.online,
        selection="last" if protocol.selection == "last" else None,
        augmentation=protocol.augmentation,
        solver=protocol.solver or None,
    )


def _pretrain_split(dataset: str) -> str:
    base, options = _split(dataset)
    card = catalogue.CARDS.get(base)
    default = card.options.get("pretrain") if card else None
    return options.get("pretrain") or (default and default.default) or "train"


def _split(dataset: str) -> tuple[str, dict[str, str]]:
    try:
        return selector.split(dataset)
    except ValueError:  # a stranger's result: its name is of nothing published
        return dataset, {}
