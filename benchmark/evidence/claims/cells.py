"""Which results a claim is about: rows that a selection means, put together where they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice, product
from typing import TypeAlias

from benchmark.evidence import axes
from benchmark.evidence.claims.lines import Line, Lines
from benchmark.evidence.claims.model import Claim
from benchmark.evidence.claims.select import is_meant

MAY_DIFFER = frozenset({"encoder", "budget", "training", "precision"})
"""Fields that a claim's cells may state each for itself; in all others they must agree."""
_SPENT = frozenset({"budget", "training", "precision"})
"""What an untrained encoder has none of."""
_OF_DATASET = frozenset({"dataset", "content", "resolution"})
"""What differs where spreads are over datasets."""
_BLOCKING = ("probe", "feature", "online", "selection", "k", "width")
"""Of the protocol."""
Key: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Instance:
    """A claim in one setting: what the open fields are, and the lines of each of its cells."""

    setting: str
    lines: Mapping[str, Mapping[str, Line]]
    """By cell, then by level of the axis that spreads are over; the level '' where there is none.
    All cells have the same levels."""

    @property
    def every_line(self) -> list[Line]:
        """Return the lines of all cells and levels."""
        return [line for levels in self.lines.values() for line in levels.values()]

    def replicates(self, *, paired: bool) -> dict[str, list[int]]:
        """Return by cell the replicates to test: the same of all if paired, else as many of each.

        A cell's own are those that its lines of all levels have.
        """
        own = {
            name: set.intersection(*(set(line.results) for line in levels.values()))
            for name, levels in self.lines.items()
        }
        if paired:
            return dict.fromkeys(own, sorted(set.intersection(*own.values())))
        fewest = min(map(len, own.values()))
        return {name: sorted(each)[:fewest] for name, each in own.items()}


@dataclass(frozen=True)
class Nothing:
    """Why a claim cannot be tested on a store."""

    missing: tuple[str, ...] = ()
    """Cells without any result."""
    same: tuple[str, ...] = ()
    """Two cells that have the same results wherever all cells have some."""
    fields: tuple[str, ...] = ()
    """What the nearest results of all cells differ in; the axis, if they share too few levels."""


@dataclass
class _Group:
    """Lines of one cell that may go together."""

    lines: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))


_Groups: TypeAlias = dict[tuple[Key, str], _Group]
_Item: TypeAlias = tuple[tuple[Key, str], _Group]
_MOST_NEAR = 2000
"""Combinations looked at to say what stands between cells that nowhere agree."""


def instances(claim: Claim, lines: Lines) -> list[Instance] | Nothing:
    """Put the lines of a store together as a claim asks for them.

    Args:
        claim: with a predicate.
        lines: of the store.
    """
    groups = {name: _groups(claim, name, lines) for name in claim.cells}
    missing = tuple(name for name, found in groups.items() if not found)
    if missing:
        return Nothing(missing=missing)
    found, near, same = [], list[set[str]](), tuple[str, ...]()
    for chosen in _together(claim, groups):
        parts = {name: group for name, (_, group) in zip(groups, chosen, strict=True)}
        keys = [dict(key) for (key, _), _ in chosen]
        levels = _levels(claim, parts)
        apart = _differing(claim, keys) or _several(parts.values(), levels)
        if apart or not levels:
            near.append(apart or {str(claim.over)})
        elif twice := _same(parts, levels):
            same = twice  # nothing can be learnt of a cell beside itself
        else:
            variants = [variant for (_, variant), _ in chosen]
            found.append(_instance(claim, keys, variants, parts, levels))
    if found:
        return sorted(found, key=lambda instance: instance.setting)
    if same:
        return Nothing(same=same)
    nearest = min((sorted(names) for names in near), key=lambda names: (len(names), names))
    return Nothing(fields=tuple(nearest))


def _together(claim: Claim, groups: Mapping[str, _Groups]) -> list[tuple[_Item, ...]]:
    """Return groups, one of each cell, that may agree; if none do, some that do not."""
    free = _SPENT | (MAY_DIFFER & claim.stated)  # an untrained encoder has no budget to agree in
    buckets: dict[Key, dict[str, list[_Item]]] = defaultdict(lambda: defaultdict(list))
    for name, each in groups.items():
        for item in each.items():
            fixed = tuple(pair for pair in item[0][0] if pair[0] not in free)
            buckets[fixed][name].append(item)
    whole = [bucket for _, bucket in sorted(buckets.items()) if len(bucket) == len(groups)]
    if whole:
        return [chosen for bucket in whole for chosen in product(*(bucket[n] for n in groups))]
    return [*islice(product(*(each.items() for each in groups.values())), _MOST_NEAR)]


def _levels(claim: Claim, parts: Mapping[str, _Group]) -> list[str]:
    """Return the levels that all cells have; none where they are too few, or not all asked for."""
    shared = set.intersection(*(set(group.lines) for group in parts.values()))
    levels = sorted(shared, key=lambda level: (len(level) if level.isdigit() else 0, level))
    if claim.over is None:
        return levels
    every = all(
        any(is_meant(one, parts[name].lines[level][0].cell, claim.over) for level in levels)
        for name in claim.cells
        for one in claim.selection(name).asked(claim.over)
    )
    return levels if len(levels) > 1 and every else []


def _same(parts: Mapping[str, _Group], levels: Sequence[str]) -> tuple[str, ...]:
    """Return the first two cells that stand for the same results; nothing where all differ."""
    first: dict[tuple[int, ...], str] = {}
    for name, group in parts.items():
        other = first.setdefault(tuple(id(group.lines[level][0]) for level in levels), name)
        if other != name:
            return other, name
    return ()


def _groups(claim: Claim, name: str, lines: Lines) -> _Groups:
    chosen, held = claim.selection(name), claim.held(name)
    found: _Groups = defaultdict(_Group)
    left = _OF_DATASET if claim.over == "dataset" else {claim.over}
    base = (chosen.method or "").partition("[")[0].strip()
    for line in lines.get((base, chosen.protocol or "linear"), ()):
        if is_meant(chosen, line.cell, claim.over, held):
            key = tuple((field, text) for field, text in _key(line) if field not in left)
            level = "" if claim.over is None else axes.level(line.cell, claim.over)
            found[key, axes.variant(line.cell, claim.over)].lines[level].append(line)
    return found


def _key(line: Line) -> Iterator[tuple[str, str]]:
    cell = line.cell
    yield "dataset", cell.dataset
    yield "content", line.results[min(line.results)].provenance.dataset_sha256
    yield "encoder", cell.encoder
    trained = bool(cell.budget.amount)
    yield "budget", cell.budget.spent if trained else ""
    yield "training", cell.training if trained else ""
    yield "precision", cell.precision if trained else ""
    yield "resolution", str(cell.values.get("resolution", ""))
    protocol = asdict(line.results[min(line.results)].metrics[line.protocol].protocol)
    for name in _BLOCKING:
        yield name, str(protocol[name])


def _differing(claim: Claim, keys: Sequence[Mapping[str, str]]) -> set[str]:
    free = MAY_DIFFER & claim.stated
    found = set()
    for name in keys[0]:
        values = {key[name] for key in keys if name not in _SPENT or key[name]}
        if len(values) > 1 and name not in free:
            found.add(name)
    return found - {"content"} if "dataset" in found else found


def _several(groups: Iterable[_Group], levels: Sequence[str]) -> set[str]:
    """Name what lines of one level differ in: such lines are not one thing."""
    found = set[str]()
    for same in (group.lines[level] for group in groups for level in levels):
        first = same[0].cell.model_dump()
        for line in same[1:]:
            other = line.cell.model_dump()
            names = {name for name in first if first[name] != other[name]} - {"replicate"}
            if names == {"recipe"}:
                recipe, its = first["recipe"], other["recipe"]
                names = {name for name in recipe if recipe[name] != its[name]} - {"source"}
            found |= names or {"content"}
    return found


def _instance(
    claim: Claim,
    keys: Sequence[Mapping[str, str]],
    variants: Sequence[str],
    parts: Mapping[str, _Group],
    levels: Sequence[str],
) -> Instance:
    shared = {}
    for name in ("dataset", "encoder", "budget", "training"):
        values = {key[name] for key in keys if key.get(name)}
        if len(values) == 1:
            shared[name] = values.pop()
    plain = [claim.cells[name].method or claim.where.method or "" for name in claim.cells]
    own = [variant for variant, text in zip(variants, plain, strict=True) if variant != text]
    lines = {
        name: {level: group.lines[level][0] for level in levels} for name, group in parts.items()
    }
    return Instance(", ".join([*shared.values(), *own]), lines)
