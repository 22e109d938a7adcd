"""The gate's decision on two results folders, and what is to be run again before it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.evidence.gate import costs, look, match, noninferiority
from benchmark.evidence.gate.again import looked_again
from benchmark.evidence.gate.exact import Exact
from benchmark.evidence.gate.findings import Finding, Rule
from benchmark.evidence.gate.match import Group, Matched
from benchmark.evidence.gate.noninferiority import Kind
from benchmark.store.files import Loaded

EXIT: dict[Kind, int] = {"pass": 0, "regression": 1, "could not measure": 2, "inconclusive": 3}
ORDER: tuple[Kind, ...] = ("regression", "could not measure", "inconclusive", "pass")
"""The first of these that anything came to is what the night came to."""


@dataclass(frozen=True)
class Unmeasured:
    """Something that no number came of."""

    name: str
    reason: str


@dataclass(frozen=True)
class Rerun:
    """A cell to run again on replicates that nobody has looked at, under both commits."""

    cell: str
    key: str
    """What its replicates have in common."""
    method: str
    dataset: str
    encoder: str
    replicates: tuple[int, ...]


@dataclass(frozen=True)
class Fresh:
    """What was run again for a second look."""

    new: Loaded
    old: Loaded | None
    """Under the baseline's commit; None takes the baseline's replicates once more."""


@dataclass(frozen=True)
class Decision:
    """What a night came to, and why."""

    kind: Kind
    rule: Rule
    methods: tuple[Finding, ...]
    """Primary: one contrast each."""
    cells: tuple[Finding, ...]
    """Secondary: a regression counts, and what was suspected and is still open."""
    exact: tuple[Exact, ...]
    paths: tuple[tuple[str, str], ...]
    """Of each cell: which way was taken."""
    unmeasured: tuple[Unmeasured, ...]
    reruns: tuple[Rerun, ...]
    """Empty once they were run."""
    costs: tuple[Finding, ...]
    """Speed and memory, of each method; a regression counts only where the rule says so."""

    @property
    def exit_code(self) -> int:
        """What a shell is told."""
        return EXIT[self.kind]

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return the costs that rose by more than the margin and do not fail the night."""
        risen = tuple(cost for cost in self.costs if cost.kind == "regression")
        return () if self.rule.fail_on_cost else risen

    def smallest_drop(self) -> float | None:
        """Return the largest of the methods' smallest drops that could have been seen, points."""
        found = (each.smallest_drop() for each in self.methods)
        return max((drop for drop in found if drop is not None), default=None)


def decide(
    new: Loaded,
    old: Loaded,
    rule: Rule,
    fresh: Fresh | None = None,
    missing: Sequence[Unmeasured] = (),
) -> Decision:
    """Compare new results with the baseline's.

    What is suspected is decided by fresh results alone, if they are given: the first look then
    only says where to look again, and a false alarm needs one among the fresh, whose chance is
    alpha in all, or less.

    Args:
        new: Tonight's.
        old: The baseline's.
        rule: Fixed beforehand.
        fresh: Suspects run again.
        missing: What should have been run, and no result tells of it.
    """
    grouped = match.groups(new.results, old.results)
    matched = [match.match(group, rule.protocol) for group in grouped]
    scored = [each.scores for each in matched if each.scores is not None]
    methods, cells = look.first(scored, rule)
    reruns = _reruns(grouped, methods, cells)
    if fresh is not None:
        methods, cells = looked_again(scored, fresh, rule, (methods, cells), reruns)
        reruns = ()
    exact = tuple(pair for each in matched for pair in each.exact)
    broken = _broken(new, old, fresh)
    lost = (*_unmeasured(matched), *_unseen_again(cells), *_empty(grouped))
    unmeasured = (*missing, *broken, *lost)
    spent = costs.compare(grouped, rule)
    others = (*cells, *spent) if rule.fail_on_cost else cells
    return Decision(
        _kind(methods, others, exact, unmeasured),
        rule,
        tuple(methods),
        tuple(cells),
        exact,
        tuple((each.label, each.path) for each in matched if each.path),
        unmeasured,
        reruns,
        tuple(spent),
    )


def _kind(
    methods: Sequence[Finding],
    others: Sequence[Finding],
    exact: Sequence[Exact],
    unmeasured: Sequence[Unmeasured],
) -> Kind:
    """Return what the night came to: of cells and costs regressions, and suspects left open."""
    found = {finding.kind for finding in methods}
    found |= {finding.kind for finding in others if finding.kind == "regression"}
    if any(finding.look == 2 and finding.kind == "inconclusive" for finding in others):
        found.add("inconclusive")
    if any(pair.differs for pair in exact):
        found.add("regression")
    if unmeasured:
        found.add("could not measure")
    return next((kind for kind in ORDER if kind in found), "pass")


def _reruns(
    grouped: Sequence[Group], methods: Sequence[Finding], cells: Sequence[Finding]
) -> tuple[Rerun, ...]:
    """Say what to run again: all cells of a suspected method, and suspected cells."""
    by_method = {finding.name: finding for finding in methods if finding.suspect}
    by_cell = {finding.name: finding for finding in cells if finding.suspect}
    made = []
    for group in grouped:
        found = [by_method.get(group.method), by_cell.get(group.label)]
        counts = [
            noninferiority.fresh_replicates(each.change)
            for each in found
            if each is not None and each.change is not None
        ]
        if counts and group.new and group.old:
            first = 1 + max(result.cell.replicate for result in (*group.new, *group.old))
            cell = group.new[0].cell
            indices = tuple(range(first, first + max(counts)))
            made.append(
                Rerun(group.label, group.key, cell.method, cell.dataset, cell.encoder, indices)
            )
    return tuple(made)


def _unmeasured(matched: Sequence[Matched]) -> list[Unmeasured]:
    return [Unmeasured(m.label, m.unmeasured) for m in matched if m.unmeasured is not None]


def _unseen_again(cells: Sequence[Finding]) -> list[Unmeasured]:
    """Name suspects whose second look saw nothing: nobody has cleared them."""
    return [
        Unmeasured(f.name, f"run again: {f.reason}")
        for f in cells
        if f.look == 2 and f.kind == "could not measure"
    ]


def _empty(grouped: Sequence[Group]) -> list[Unmeasured]:
    return [] if grouped else [Unmeasured("results", "there is none on either side")]


def _broken(new: Loaded, old: Loaded, fresh: Fresh | None) -> list[Unmeasured]:
    sides = [("new", new), ("baseline", old)]
    if fresh is not None:
        sides += [("fresh", fresh.new)]
        sides += [("fresh baseline", fresh.old)] if fresh.old is not None else []
    return [
        Unmeasured(f"{side} {broken.path.name}", broken.reason)
        for side, loaded in sides
        for broken in loaded.broken
    ]
