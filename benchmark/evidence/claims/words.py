"""Verdicts on claims in words, and as plain data for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmark.evidence.claims.judge import Judged
from benchmark.evidence.claims.leaf import Leaf
from benchmark.evidence.claims.model import EXPLORATORY, Claim
from benchmark.evidence.claims.more import More
from benchmark.evidence.claims.trial import Look

HEADER = ("claim", "verdict", "n", "effect", "p, all looks", "Holm", "setting")
"""`n` is of the effect; both p are of all looks so far."""


def row(judged: Judged) -> tuple[str, ...]:
    """Return the row of a table."""
    against = judged.kind == "contradicted"
    p, corrected = (
        (judged.p_against, judged.p_against_holm) if against else (judged.p, judged.p_holm)
    )
    return (
        judged.claim.id,
        judged.kind if judged.claim.untested else judged.verdict,
        behind(judged) if judged.setting else "",
        _shown(judged, against=against),
        _number(p),
        _number(corrected) if judged.claim.family != EXPLORATORY else "",
        judged.setting,
    )


def behind(judged: Judged) -> str:
    """Return the replicates behind the effect, and of how many where there are more."""
    have, shown = judged.replicates, judged.shown
    return (
        str(have) if shown is None or shown.replicates == have else f"{shown.replicates} of {have}"
    )


def _shown(judged: Judged, *, against: bool) -> str:
    """Return the effect that the p of a row is of; named where the claim is about several."""
    look = judged.shown
    if look is None:
        return ""
    leaf = look.deciding_against if against else look.deciding
    name = f"{leaf.text}: " if len(look.leaves) > 1 else ""
    return name + _effect(leaf, judged.claim)


def evidence(judged: Judged, stale: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield the lines that say what a verdict rests on.

    Args:
        judged: A claim in one setting.
        stale: What has changed since results were made, in words, by their ids; only for a reader
            who has this very program, never in what is kept.
    """
    claim = judged.claim
    where = f", {judged.setting}" if judged.setting else ""
    yield f"{claim.id}{where}: {judged.verdict}"
    yield f"  {claim.statement} [{claim.source}]"
    if claim.predicate:
        pairs = "paired" if claim.paired else "unpaired"
        margin = f", margin {claim.margin:g} points" if claim.margin else ""
        yield f"  {claim.predicate}; {pairs}{margin}, family {claim.family}, alpha {claim.alpha:g}"
    if judged.levels:
        yield f"  over {claim.over}: {', '.join(judged.levels)}"
    for leaf in judged.shown.leaves if judged.shown else ():
        tested = f", p {_number(leaf.p)}" if judged.looks else ""  # before the first look, none
        yield f"  {_quantity(leaf)}: {_effect(leaf, claim)}, claimed {leaf.wanted}{tested}"
        if leaf.problem:
            yield f"  {leaf.problem}"
    for look in judged.looks:
        tested = f"p {_number(look.p)} for, {_number(look.p_against)} against"
        spent = f"alpha {look.level:.4f}, {look.spent:.4f} so far"
        yield f"  look at {look.replicates} of {claim.looks[-1]} replicates: {tested}; {spent}"
    if judged.p is not None:
        yield (
            f"  over all looks: p {_number(judged.p)} for, {_number(judged.p_against)} against; "
            f"corrected {_number(judged.p_holm)} and {_number(judged.p_against_holm)}"
        )
    if judged.more:
        more = judged.more
        basis = "" if more.spread_known else ", by its looks alone: how many it needs is not known"
        yield f"  to settle it: {more.text} of every cell{_time(more)}{basis}"
    if judged.results:
        yield f"  results: {' '.join(judged.results)}"
    old = _stale(judged, stale or {})
    for words in sorted(set(old.values())):
        ids = [name for name, each in old.items() if each == words]
        yield f"  {words}: {len(ids)} of {len(judged.results)} results: {' '.join(ids)}"


def facts(judged: Judged, stale: Mapping[str, str]) -> dict[str, Any]:
    """Return a verdict as JSON has it; `stale` as in `evidence`."""
    claim, more = judged.claim, judged.more
    return {
        "id": claim.id,
        "statement": claim.statement,
        "source": claim.source,
        "predicate": claim.predicate,
        "family": claim.family,
        "alpha": claim.alpha,
        "planned_looks": claim.looks,
        "paired": claim.paired,
        "margin": claim.margin,
        "verdict": judged.kind,
        "reason": judged.reason,
        "setting": judged.setting,
        "levels": list(judged.levels),
        "replicates": judged.replicates,
        "p": judged.p,
        "p_holm": judged.p_holm,
        "p_against": judged.p_against,
        "p_against_holm": judged.p_against_holm,
        "looks": [_look(look) for look in judged.looks],
        "effects_replicates": judged.shown.replicates if judged.shown else None,
        "effects": [_leaf(leaf, claim) for leaf in judged.shown.leaves] if judged.shown else [],
        "more": None
        if more is None
        else {
            "low": more.low,
            "likely": more.likely,
            "high": more.high,
            "seconds": more.seconds,
        },
        "results": list(judged.results),
        "stale": _stale(judged, stale),
    }


def _stale(judged: Judged, stale: Mapping[str, str]) -> dict[str, str]:
    return {name: stale[name] for name in judged.results if name in stale}


def counts(judged: Sequence[Judged]) -> str:
    """Count verdicts by kind, in the order of their first."""
    kinds = [each.kind for each in judged]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


def _look(look: Look) -> dict[str, float]:
    return {
        "replicates": look.replicates,
        "alpha": look.level,
        "alpha_spent": look.spent,
        "p": look.p,
        "p_against": look.p_against,
    }


def _leaf(leaf: Leaf, claim: Claim) -> dict[str, Any]:
    return {
        "quantity": _quantity(leaf),
        "estimate": leaf.estimate,
        "low": leaf.low,
        "high": leaf.high,
        "level": None if leaf.low is None else 1 - 2 * claim.alpha,
        "claimed": leaf.wanted,
        "p": leaf.p,
        "p_against": leaf.p_against,
        "problem": leaf.problem,
    }


def _quantity(leaf: Leaf) -> str:
    return f"{leaf.text} ({leaf.seen})" if leaf.seen else leaf.text


def _effect(leaf: Leaf, claim: Claim) -> str:
    """Write an estimate with its interval, and the level of that."""
    if leaf.low is None or leaf.high is None:
        return f"{leaf.estimate:+.2f}"
    level = f"{100 * (1 - 2 * claim.alpha):.6g} %"
    return f"{leaf.estimate:+.2f} [{level}: {leaf.low:+.2f}, {leaf.high:+.2f}]"


def _number(p: float | None) -> str:
    return "" if p is None else f"{p:.2g}"


def _time(more: More) -> str:
    if more.seconds is None:
        return ", for how long is not known"
    from benchmark.report.live import duration

    return f", about {duration(more.seconds)} for {more.likely}"
