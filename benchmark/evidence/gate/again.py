"""The second look: suspects by fresh results alone, and what of those is lacking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmark.evidence.gate import look, match
from benchmark.evidence.gate.findings import CellScores, Finding, Rule, Scores
from benchmark.evidence.gate.match import Group
from benchmark.store.result import Result

if TYPE_CHECKING:
    from benchmark.evidence.gate.decide import Fresh, Rerun


def looked_again(
    history: Sequence[CellScores],
    fresh: Fresh,
    rule: Rule,
    before: tuple[Sequence[Finding], Sequence[Finding]],
    reruns: Sequence[Rerun],
) -> tuple[list[Finding], list[Finding]]:
    """Put the second look's findings on methods and cells in place of the suspects'.

    A suspect of which some fresh results failed is not cleared by the others: which ones fail may
    well hang together with what they would have shown. They may still convict it.

    Args:
        history: what the first look saw.
        fresh: suspects run again.
        rule: as at the first look.
        before: the first look's findings on methods and cells.
        reruns: what was to be run again.
    """
    old = () if fresh.old is None else fresh.old.results
    groups = {group.key: group for group in match.groups(fresh.new.results, old)}
    scores = []
    for past in history:
        found = replace(past, new={}, old={})
        if past.key in groups:
            found = match.fresh(groups[past.key], rule.protocol)
        seen = {*past.new, *past.old}
        unseen = replace(found, new=_without(found.new, seen), old=_without(found.old, seen))
        scores.append(replace(unseen, old=past.old) if fresh.old is None else unseen)
    methods, cells = look.second(history, scores, rule)
    asked = {rerun.key: len(rerun.replicates) for rerun in reruns}
    lacking = [
        _lacking(cell, groups.get(cell.key), asked.get(cell.key, 0), fresh, rule.protocol)
        for cell in scores
    ]
    of_methods = [
        _open(
            each,
            [
                f"{cell.label}: {text}"
                for cell, text in zip(scores, lacking, strict=True)
                if text and cell.method == each.name
            ],
        )
        for each in methods
    ]
    of_cells = [_open(each, [text]) for each, text in zip(cells, lacking, strict=True)]
    return _replaced(before[0], of_methods), _replaced(before[1], of_cells)


def _without(scores: Scores, seen: set[int]) -> Scores:
    """Leave out replicates that the first look has seen: they are why there is a second."""
    return {replicate: score for replicate, score in scores.items() if replicate not in seen}


def _replaced(before: Sequence[Finding], after: Sequence[Finding]) -> list[Finding]:
    return [new if old.suspect else old for old, new in zip(before, after, strict=True)]


def _open(finding: Finding, lacking: Sequence[str]) -> Finding:
    """Return a finding, inconclusive where it would pass without all that was asked for."""
    said = "; ".join(filter(None, lacking))
    if not said or finding.kind not in ("pass", "inconclusive"):
        return finding
    reason = "; ".join(filter(None, (f"run again only in part: {said}", finding.reason)))
    return replace(finding, kind="inconclusive", reason=reason)


def _lacking(cell: CellScores, group: Group | None, asked: int, fresh: Fresh, protocol: str) -> str:
    """Say what of a cell's fresh results failed, or how many are not there; else nothing."""
    sides = [("new", group.new if group else (), cell.new)]
    if fresh.old is not None:
        sides.append(("baseline", group.old if group else (), cell.old))
    said = []
    for side, results, scores in sides:
        failed = [_failed(r, protocol) for r in results if not match.has_score(r, protocol)]
        few = f"{len(scores)} of {asked} replicates" if len(scores) < asked else ""
        told = ", ".join(filter(None, (*failed, few)))
        said += [f"{side} {told}"] if told else []
    return "; ".join(said)


def _failed(result: Result, protocol: str) -> str:
    if result.final:
        return f"r{result.cell.replicate} has no score under the protocol {protocol}"
    error = f": {result.error}" if result.error else ""
    return f"r{result.cell.replicate} {result.status}{error}"
