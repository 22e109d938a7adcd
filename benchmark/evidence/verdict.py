"""Whether a result reproduces a reported number, and if they cannot be compared, why not."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from benchmark.evidence.margin import ALPHA, Estimate, Noise, estimate, interval
from benchmark.evidence.reported import Reported, Scoring, Spent

Kind = Literal["reproduced", "below", "above", "inconclusive", "not comparable", "not run"]

_SELECTIONS = {"last": "last-checkpoint", "held_out": "held-out", "best_on_test": "best-on-test"}
_ONLINE = {True: "online", False: "offline", None: None}


@dataclass(frozen=True)
class Measured:
    """Our replicates of one row, as far as a comparison needs them."""

    method: str
    variant: str
    """Options that differ from the method's recipe; the empty text where none do."""
    dataset: str
    encoder: str
    protocol: Scoring
    epochs: float
    """Passes over the pretraining split: asked for, where the budget is in epochs, else made."""
    values: tuple[float, ...]
    """Percent, one for each replicate."""
    metric: str = "top1"
    noise: Noise | None = None
    """Spread between replicates in rows that are alike but for the method, where there are such."""
    images: float | None = None
    """Test images, as many independent ones as they are worth; None if unknown."""
    seen: float | None = None
    """Images trained on in all; None if unknown."""
    batch: int = 0
    """Images a step."""
    asked: bool = False
    """Whether the budget is in epochs."""

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("values must hold a number for each replicate (got none)")
        wrong = [value for value in self.values if not 0 <= value <= 100]
        if wrong:
            raise ValueError(f"values must be percent from 0 to 100 (got {wrong[0]!r})")

    @property
    def mean(self) -> float:
        """Mean over replicates, percent."""
        return statistics.fmean(self.values)

    @property
    def n(self) -> int:
        """Number of replicates."""
        return len(self.values)

    def interval(self, alpha: float = ALPHA) -> tuple[float, float] | None:
        """Two-sided 1 - alpha interval of the mean over replicates, percent; None for one."""
        return interval(self.values, alpha)


@dataclass(frozen=True)
class Verdict:
    """What a result says about a reported number."""

    kind: Kind
    text: str
    """The kind with its reasons, as a table prints it."""
    fields: tuple[str, ...] = ()
    """Fields that differ or are unknown, where the two are not comparable."""
    estimate: Estimate | None = None
    """The difference and its interval, where two numbers are compared."""


@dataclass(frozen=True)
class Difference:
    """A field in which two numbers differ, or that one of them does not state."""

    field: str
    text: str
    """Both sides in words; empty where one side is unknown."""

    @property
    def unknown(self) -> bool:
        """Whether the field is unknown rather than different."""
        return not self.text


def verdict(measured: Measured | None, reported: Reported, *, population: bool = False) -> Verdict:
    """Judge a reported number by our replicates.

    Numbers can be compared only if method, variant, dataset, encoder, metric, length and every
    blocking field of the protocol agree; an unknown field agrees with nothing. Lengths are compared
    in epochs, or in images where the source states those: epochs as they were asked for, which a
    run that drops incomplete batches never quite makes; under a budget in another currency those
    that were made, which may be short by less than one batch an epoch. The difference of
    the means is then judged by its 90 % t interval (two one-sided tests at 5 %) against the margin
    of the reported number, which counts as one draw unless it says how many runs it is of.

    Args:
        measured: our replicates; None if nothing was run.
        reported: the published number.
        population: count the test images as drawn too; by default they are given.
    """
    if reported.certainty != "seen":
        origin = {"memory": "from memory", "inferred": "inferred"}[reported.certainty]
        return Verdict("not comparable", f"{origin}: no verdict", ("certainty",))
    if measured is None:
        return Verdict("not run", "not run")
    differences = [*differences_from(measured, reported)]
    if differences:
        fields = tuple(difference.field for difference in differences)
        found = Verdict("not comparable", f"not comparable: {_reasons(differences)}", fields)
    else:
        found = _judge(measured, reported, population=population)
    if not reported.assumed:
        return found
    return replace(found, text=f"{found.text} (assuming {', '.join(reported.assumed)})")


def differences_from(
    measured: Measured, reported: Reported, *, whole: bool = False
) -> Iterator[Difference]:
    """Name every field that stands between our replicates and a reported number.

    Args:
        measured: our replicates.
        reported: the published number.
        whole: name each field of a protocol of which nothing is known, not `protocol` alone.
    """
    if reported.reading != "exact":
        text = f"reported as {reported.reading} {reported.value:g}"
        yield Difference("reading", text)
    yield from _compared("metric", measured.metric, reported.metric)
    yield from _compared("method", measured.method, reported.method)
    yield from _compared("dataset", measured.dataset, reported.dataset)
    yield from _compared("encoder", measured.encoder, reported.encoder)
    if reported.protocol == Scoring() and not whole:
        # nothing is known of how it was scored: what else is unknown no longer matters
        yield Difference("protocol", "")
        return
    yield from _compared("variant", measured.variant, reported.variant)
    yield from _length(measured, reported.budget)
    yield from protocol_differences(measured.protocol, reported.protocol)


def protocol_differences(ours: Scoring, theirs: Scoring) -> Iterator[Difference]:
    """Name every blocking field in which two protocols differ or that one does not state."""
    yield from _probe(ours, theirs)
    for field, a, b in (
        ("feature", ours.feature, theirs.feature),
        ("pretraining split", ours.pretrain_split, theirs.pretrain_split),
        ("probe split", ours.probe_split, theirs.probe_split),
    ):
        yield from _compared(field, a, b)
    yield from _compared("resolution", _pixels(ours), _pixels(theirs))
    yield from _compared("online", _ONLINE[ours.online], _ONLINE[theirs.online], noun="probe")
    mine, other = (_SELECTIONS.get(p.selection or "") for p in (ours, theirs))
    if mine and other and mine != other:
        yield Difference("selection", f"{other} selection")
    else:
        yield from _compared("selection", mine, other)


def _probe(ours: Scoring, theirs: Scoring) -> Iterator[Difference]:
    a, b = ours.probe_class, theirs.probe_class
    if ours.probe and theirs.probe and ours.probe != theirs.probe:
        yield Difference("probe", f"{a or ours.probe} vs {b or theirs.probe} probe")
    elif ours.probe and theirs.probe and not (a and b):
        yield Difference("k" if ours.probe == "knn" else "width", "")
    else:
        yield from _compared("probe", a, b)


def _compared(
    field: str, ours: str | None, theirs: str | None, noun: str | None = None
) -> Iterator[Difference]:
    if ours is None or theirs is None:
        yield Difference(field, "")
    elif ours != theirs:
        yield Difference(field, f"{ours or 'default'} vs {theirs or 'default'} {noun or field}")


def _length(ours: Measured, theirs: Spent) -> Iterator[Difference]:
    """Compare every length that the source states; images are comparable where it has no epochs."""
    dropped = ours.batch * max(1.0, ours.epochs)
    images, seen = theirs.images, ours.seen
    if theirs.epochs is None and (images is None or seen is None):
        yield Difference("epochs", "")
    if theirs.epochs is not None:
        # in epochs, a batch is its share of the split, which is images over passes
        slack = dropped * ours.epochs / seen if seen and not ours.asked else 0.0
        if not _as_long(ours.epochs, theirs.epochs, slack):
            yield Difference("epochs", f"{ours.epochs:.4g} of {theirs.epochs:g} epochs")
    if images is not None and seen is not None and not _as_long(seen, images, dropped):
        yield Difference("images", f"{seen:.0f} of {images} images")


def _as_long(ours: float, theirs: float, slack: float) -> bool:
    return math.isclose(ours, theirs, rel_tol=1e-3) or 0 < theirs - ours < slack


def _pixels(protocol: Scoring) -> str | None:
    return None if protocol.resolution is None else f"{protocol.resolution} px"


def _reasons(differences: list[Difference]) -> str:
    said = [difference.text for difference in differences if not difference.unknown]
    unknown = [difference.field for difference in differences if difference.unknown]
    return "; ".join([*said, *([", ".join(unknown) + " unknown"] if unknown else [])])


def _judge(measured: Measured, reported: Reported, *, population: bool) -> Verdict:
    if measured.n < 2:
        difference = measured.mean - reported.value
        text = f"inconclusive: {difference:+.2f} points in one replicate; two are the least"
        return Verdict("inconclusive", text)
    if population and measured.images is None:
        raise ValueError("population: the number of test images is unknown")
    found = estimate(
        measured.values,
        reported.value,
        margin=reported.margin,
        runs=reported.runs or 1,
        noise=measured.noise,
        images=measured.images if population else None,
    )
    kind: Kind = "inconclusive"
    if -found.margin <= found.low and found.high <= found.margin:
        kind = "reproduced"
    elif found.high < -found.margin:
        kind = "below"
    elif found.low > found.margin:
        kind = "above"
    return Verdict(kind, f"{kind}: {found.text}", estimate=found)
