"""Verdicts on claims: every claim of a file, in every setting that a store has results of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from benchmark.evidence.claims.cells import Instance, Nothing, instances
from benchmark.evidence.claims.lines import lines_of
from benchmark.evidence.claims.model import EXPLORATORY, Claim
from benchmark.evidence.claims.more import More, more_needed, seconds_of
from benchmark.evidence.claims.trial import Look, Trial, levels_of, look, trial
from benchmark.evidence.statistics.layout import Floats
from benchmark.evidence.statistics.multiple import holm
from benchmark.plan import Pace, paces
from benchmark.plan import Row as Names
from benchmark.store.result import Result

Kind: TypeAlias = Literal[
    "supported", "contradicted", "inconclusive", "not comparable", "not run", "untested"
]


@dataclass(frozen=True)
class Judged:
    """A claim in one setting."""

    claim: Claim
    kind: Kind
    reason: str = ""
    setting: str = ""
    """What the claim leaves open: dataset, encoder, budget."""
    levels: tuple[str, ...] = ()
    """Of the axis that spreads are over."""
    replicates: int = 0
    """That all cells have."""
    looks: tuple[Look, ...] = ()
    """So far, the planned ones."""
    shown: Look | None = None
    """The look that decided, or the last; before the first what there is, which is no test."""
    p: float | None = None
    """Of the claim being false, over all looks; None before the first."""
    p_holm: float | None = None
    """Likewise, corrected within the family; as `p` for exploratory claims."""
    p_against: float | None = None
    """Of the claim being true, over all looks."""
    p_against_holm: float | None = None
    more: More | None = None
    results: tuple[str, ...] = ()
    """Ids, of all replicates that are looked at."""

    @property
    def verdict(self) -> str:
        """The kind with its reason, as a table prints it."""
        return f"{self.kind} ({self.reason})" if self.reason else self.kind


@dataclass(frozen=True)
class _Tried:
    """A claim in a setting, tested."""

    instance: Instance
    trial: Trial
    data: Mapping[str, Floats]
    used: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class _Corrected:
    """Within the family."""

    p: float
    against: float
    tests: int
    """That the family has; 1 of exploratory claims."""


def judge(claims: Sequence[Claim], results: Iterable[Result]) -> list[Judged]:
    """Judge claims by a store's results.

    Every setting in which all cells of a claim have results is a verdict of its own. Holm corrects
    over all of a family: claims that were not run count with p = 1, so that what is run later
    loosens no verdict; claims that no result can test do not count.

    Args:
        claims: of one file, whole: a family is corrected for all its members.
        results: of a store.
    """
    every = tuple(results)
    lines, pace = lines_of(every), paces(every)
    cases: list[tuple[Claim, _Tried | Judged]] = []
    for claim in claims:
        if claim.untested is not None:
            cases.append((claim, Judged(claim, "untested", claim.untested)))
            continue
        found = instances(claim, lines)
        if isinstance(found, Nothing):
            cases.append((claim, _nothing(claim, found)))
        else:
            cases += [(claim, _try(claim, each)) for each in found]
    corrected = _correct(cases)
    return [
        case if isinstance(case, Judged) else _decided(claim, case, corrected[index], pace)
        for index, (claim, case) in enumerate(cases)
    ]


def _nothing(claim: Claim, found: Nothing) -> Judged:
    if found.missing:
        return Judged(claim, "not run", f"no result of {', '.join(found.missing)}")
    if found.same:
        return Judged(claim, "not run", f"{' and '.join(found.same)} have the same results")
    if found.fields == (claim.over,):
        return Judged(
            claim, "not run", f"too few values of {claim.over} at which all cells have results"
        )
    return Judged(claim, "not comparable", ", ".join(found.fields))


def _try(claim: Claim, instance: Instance) -> _Tried:
    used = instance.replicates(paired=claim.paired)
    data = {
        name: np.array(
            [[line.value(replicate) for replicate in used[name]] for line in levels.values()],
            dtype=np.float64,
        )
        for name, levels in instance.lines.items()
    }
    return _Tried(instance, trial(claim.statement_read, data, claim), data, used)


def _correct(cases: Sequence[tuple[Claim, _Tried | Judged]]) -> dict[int, _Corrected]:
    """Correct the p of every test within its family, by the place of the case."""
    families: dict[object, list[int]] = defaultdict(list)
    for index, (claim, _) in enumerate(cases):
        if claim.untested is None:
            own = claim.family == EXPLORATORY
            families[index if own else claim.family].append(index)
    found = {}
    for places in families.values():
        trials = [
            case.trial if isinstance(case, _Tried) else None
            for _, case in map(cases.__getitem__, places)
        ]
        p = holm([each.p if each else 1.0 for each in trials])
        against = holm([each.p_against if each else 1.0 for each in trials])
        for place, one, other in zip(places, p, against, strict=True):
            found[place] = _Corrected(one, other, len(places))
    return found


def _decided(
    claim: Claim, tried: _Tried, corrected: _Corrected, pace: Mapping[Names, Pace]
) -> Judged:
    have = min(values.shape[1] for values in tried.data.values())
    looks = tried.trial.looks
    levels = next(iter(tried.instance.lines.values()))
    judged = Judged(
        claim,
        "inconclusive",
        setting=tried.instance.setting,
        levels=tuple(levels) if claim.over else (),
        replicates=have,
        looks=looks,
        results=_ids(claim, tried),
    )
    if looks:
        judged = replace(
            judged,
            shown=looks[-1],
            p=tried.trial.p,
            p_holm=corrected.p,
            p_against=tried.trial.p_against,
            p_against_holm=corrected.against,
        )
        if corrected.p <= claim.alpha:
            return replace(judged, kind="supported", shown=tried.trial.decisive())
        if corrected.against <= claim.alpha:
            shown = tried.trial.decisive(against=True)
            return replace(judged, kind="contradicted", shown=shown)
    return _open(judged, tried, corrected.tests, pace)


def _open(judged: Judged, tried: _Tried, tests: int, pace: Mapping[Names, Pace]) -> Judged:
    """Say what an inconclusive claim lacks."""
    claim, have = judged.claim, judged.replicates
    shown = judged.shown
    if shown is None and have > 1:
        shown = look(
            claim.statement_read, tried.data, claim, size=have, level=claim.alpha, spent=0.0
        )
    more = more_needed(claim, shown, have, levels_of(claim)[-1] / tests)
    if more is None:
        reason = (
            f"the {have} replicates of the last look are in, and nothing says how many it needs"
        )
        return replace(judged, shown=shown, reason=reason)
    seconds = seconds_of(tried.instance, pace)
    if seconds is not None:
        more = replace(more, seconds=seconds * more.likely)
    reason = more.text + more.beyond(have, claim.looks[-1])
    problem = next((leaf.problem for leaf in shown.leaves if leaf.problem), "") if shown else ""
    return replace(
        judged, shown=shown, more=more, reason="; ".join(filter(None, (reason, problem)))
    )


def _ids(claim: Claim, tried: _Tried) -> tuple[str, ...]:
    """Return the ids of the results that some look sees."""
    return tuple(
        dict.fromkeys(
            line.results[replicate].id
            for name, levels in tried.instance.lines.items()
            for line in levels.values()
            for replicate in tried.used[name][: claim.looks[-1]]
        )
    )
