"""Full tables of results, methods by levels of one factor by replicates, or why there is none."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from benchmark.counting import plural
from benchmark.errors import UsageError, unknown
from benchmark.evidence.axes import level as level_of
from benchmark.evidence.axes import variant
from benchmark.evidence.sets import common, content, labels, of_methods, scored_by, single

if TYPE_CHECKING:
    from benchmark.store.result import Result

FACTORS = ("encoder", "dataset", "batch")
"""That every method has; beside them, what recipes resolve by name: `extraction`, `views`, ..."""

_Cell: TypeAlias = tuple[str, str, int]
_SAID = 4
"""Missing cells, or settings, that are named one by one."""
_FREE = frozenset({"replicate", "steps", "budget", "recipe", "values", "source"})
"""Of a cell: what may differ, follows from the rest, or is looked at part by part."""


@dataclass(frozen=True)
class Design:
    """Scores of the same replicates of every method at every level of a factor."""

    label: str
    """What all cells have in common."""
    methods: tuple[str, ...]
    levels: tuple[str, ...]
    """Of the factor, in one order."""
    replicates: tuple[int, ...]
    """That every cell has; at least two."""
    left_aside: tuple[int, ...]
    """Replicates that only some cells have."""
    scores: tuple[tuple[tuple[float, ...], ...], ...]
    """(M, E, R), percent."""
    left_out: tuple[str, ...] = ()
    """Methods that are not at every level, or have nothing of the factor's name."""
    ids: tuple[tuple[tuple[str, ...], ...], ...] = ()
    """(M, E, R), of the results."""


@dataclass(frozen=True)
class Refused:
    """Results that make no full table."""

    label: str
    reason: str
    complete: tuple[str, ...] = ()
    """Methods that have the same two levels or more, where only some methods lack one."""

    @property
    def sentence(self) -> str:
        """Say why, and which methods to choose where some would be judged."""
        choice = " ".join(f"-m {shlex.quote(method)}" for method in self.complete)
        choose = f"; choose methods: {choice}" if choice else ""
        return f"{self.label}: {self.reason}{choose}"


def designs(
    results: Iterable[Result],
    over: str,
    *,
    methods: Sequence[str] = (),
    protocol: str,
    partial: bool = False,
) -> list[Design | Refused]:
    """Return the table of every set of results that differ in method, factor and replicate alone.

    Controls are left out: they are judged by their own budget. Sets of a single level say nothing
    of the factor and are left out, too.

    Args:
        results: of any cells.
        over: the factor: one of `FACTORS`, or an option or constant of methods; methods that have
            nothing of that name are left out.
        methods: only these, all if none. A name without options means every variant that is at
            every level; the others are left out.
        protocol: whose top-1 is taken.
        partial: whether methods that are not at every level are left out, as long as two are left;
            else they make a set refused.

    Raises:
        UsageError: if a method has no result, nothing has the factor, or no set has two levels.
    """
    scored = scored_by(results, protocol)
    chosen = of_methods(scored, methods)
    known = {*FACTORS, *(name for result in chosen for name in result.cell.values)}
    if chosen and over not in known:
        raise UsageError(unknown("factor", over, known))
    without = sorted({each.cell.method for each in chosen if not _level(each, over)})
    chosen = [result for result in chosen if _level(result, over)]
    sets: dict[tuple[str, ...], list[Result]] = {}
    for result in chosen:
        sets.setdefault(common(result, over), []).append(result)
    several = {
        key: found for key, found in sets.items() if len({_level(r, over) for r in found}) > 1
    }
    if not several:
        raise UsageError(
            f"robustness over {over} needs results of one setting on two {plural(over)} or more "
            f"({single({key: _level(each[0], over) for key, each in sets.items()})})"
        )
    loose = {r.cell.method for r in chosen if methods and r.cell.method not in methods}
    named = labels(sorted(several))
    found = [
        _design(named[key], several[key], over, protocol, loose, partial=partial)
        for key in sorted(several)
    ]
    return [
        replace(each, left_out=(*each.left_out, *without)) if isinstance(each, Design) else each
        for each in found
    ]


def _design(
    label: str,
    results: Sequence[Result],
    over: str,
    protocol: str,
    loose: Collection[str] = (),
    *,
    partial: bool,
) -> Design | Refused:
    mixed = _mixed(results, over)
    if mixed:
        return Refused(label, mixed)
    values: dict[_Cell, Result] = {
        (variant(r.cell, over), _level(r, over), r.cell.replicate): r for r in results
    }
    every_method = tuple(sorted({method for method, _, _ in values}))
    seen = {level for _, level, _ in values}
    levels = tuple(sorted(seen, key=lambda each: (len(each) if each.isdigit() else 0, each)))
    there = {(method, level) for method, level, _ in values}
    whole = tuple(m for m in every_method if all((m, level) in there for level in levels))
    methods = whole if partial and len(whole) > 1 else every_method
    methods = tuple(m for m in methods if m in whole or m not in loose) or every_method
    missing = [
        f"{method} on {level}"
        for method in methods
        for level in levels
        if (method, level) not in there
    ]
    if missing:
        more = f" and {len(missing) - _SAID} more" if len(missing) > _SAID else ""
        named = ", ".join(missing[:_SAID])
        reason = f"{plural(over)} are not the same for all methods; missing: {named}{more}"
        return Refused(label, reason, _complete({cell[:2] for cell in values}))
    every = sorted({replicate for method, _, replicate in values if method in methods})
    pairs = [(method, level) for method in methods for level in levels]
    shared = tuple(k for k in every if all((*pair, k) in values for pair in pairs))
    if len(shared) < 2:
        fewest = min(pairs, key=lambda pair: sum(cell[:2] == pair for cell in values))
        has = [str(k) for k in every if (*fewest, k) in values]
        return Refused(
            label,
            f"needs 2 replicates that all cells have (got {len(shared)}; "
            f"{fewest[0]} on {fewest[1]} has {', '.join(has)})",
        )
    table = [[[values[method, level, k] for k in shared] for level in levels] for method in methods]
    return Design(
        label, methods, levels, shared, tuple(k for k in every if k not in shared),
        tuple(
            tuple(tuple(r.metrics[protocol].top1.value for r in level) for level in method)
            for method in table
        ),
        tuple(method for method in every_method if method not in methods),
        tuple(tuple(tuple(r.id for r in level) for level in method) for method in table),
    )  # fmt: skip


def _mixed(results: Sequence[Result], over: str) -> str:
    """Say what is mixed within a level: a method's settings, or the data; nothing if all is one."""
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        groups[variant(result.cell, over), _level(result, over)].append(result)
    for (method, level), found in sorted(groups.items()):
        named = _differing([_settings(result) for result in found])
        if named:
            return (
                f"{method} on {level} has results of several settings ({named}); lay those of one "
                "into a folder of their own and name it by --results"
            )
        every = [result.cell.replicate for result in found]
        twice = sorted({str(k) for k in every if every.count(k) > 1})
        if twice:
            return f"{method} on {level} has two results of replicate {', '.join(twice)}"
    contents: dict[str, set[str]] = defaultdict(set)
    for result in results:
        contents[_level(result, over)].add(result.provenance.dataset_sha256[:8])
    for level, hashes in sorted(contents.items()):
        if len(hashes) > 1:
            return f"{level} is not the same data for all methods ({' and '.join(sorted(hashes))})"
    return ""


def _settings(result: Result) -> dict[str, object]:
    cell = result.cell.model_dump(mode="json")
    parts = {**cell, **cell["values"], **cell["recipe"]}
    kept = {name: value for name, value in parts.items() if name not in _FREE}
    return {**kept, "content of the dataset": content(result)}


def _differing(settings: Sequence[Mapping[str, object]]) -> str:
    said = []
    for name in sorted({name for each in settings for name in each}):
        found = sorted({str(each.get(name, "none")) for each in settings})
        if len(found) > 1:
            said.append(f"{name.replace('_', ' ')} {' and '.join(found)}")
    more = f"; {len(said) - _SAID} more" if len(said) > _SAID else ""
    return "; ".join(said[:_SAID]) + more


def _complete(cells: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the most methods that have the same levels, two or more; the most levels of those."""
    levels: dict[str, set[str]] = defaultdict(set)
    for method, level in cells:
        levels[method].add(level)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for method, own in sorted(levels.items()):
        if len(own) > 1:
            groups[tuple(sorted(own))].append(method)
    best = min(groups, key=lambda own: (-len(groups[own]), -len(own), own), default=())
    return tuple(groups[best]) if best else ()


def _level(result: Result, over: str) -> str:
    return level_of(result.cell, over)
