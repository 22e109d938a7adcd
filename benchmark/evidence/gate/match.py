"""Which results are of one cell but for the replicate, and what of them can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmark.evidence.gate import exact
from benchmark.evidence.gate.exact import Exact
from benchmark.evidence.gate.findings import CellScores
from benchmark.store.result import Result


@dataclass(frozen=True)
class Group:
    """One cell, whatever its replicate, on both sides."""

    key: str
    """What its replicates have in common."""
    label: str
    new: tuple[Result, ...]
    old: tuple[Result, ...]

    @property
    def method(self) -> str:
        """The selector, options included."""
        return (self.new or self.old)[0].cell.method


@dataclass(frozen=True)
class Matched:
    """What a group comes to before any statistics."""

    label: str
    exact: tuple[Exact, ...]
    scores: CellScores | None
    """None where there is nothing to compare by intervals."""
    path: str
    """Which way was taken, and if not the exact one, why."""
    unmeasured: str | None
    """What is missing, in words."""


def groups(new: Iterable[Result], old: Iterable[Result]) -> list[Group]:
    """Return every cell that either side has, in the order of their labels."""
    found: dict[str, tuple[list[Result], list[Result]]] = {}
    for side, results in enumerate((new, old)):
        for result in results:
            found.setdefault(_key(result), ([], []))[side].append(result)
    made = []
    for key, sides in found.items():
        one, other = (tuple(sorted(side, key=lambda r: r.cell.replicate)) for side in sides)
        made.append(Group(key, _label((one or other)[0]), one, other))
    return sorted(made, key=lambda group: (group.label, group.key))


def _key(result: Result) -> str:
    return result.cell.model_copy(update={"replicate": 0}).pretrain_id


def match(group: Group, protocol: str) -> Matched:
    """Compare exactly what may be, and leave the rest to an interval.

    A replicate that was compared exactly says nothing more: it is left out of the new scores.
    """
    exacts, why = _exact(group)
    done = {pair.id for pair in exacts}
    rest = [result for result in group.new if result.id not in done]
    missing = _missing(group, rest, protocol)
    scores = None
    if missing is None and rest:
        new, old = _scores(rest, protocol), _scores(group.old, protocol)
        scores = CellScores(group.key, group.label, group.method, new, old)
    said = [f"exact: {len(exacts)}"] if exacts else []
    said += [f"by interval: {why}"] if rest else []
    return Matched(group.label, tuple(exacts), scores, "; ".join(said), missing)


def fresh(group: Group, protocol: str) -> CellScores:
    """Return whatever scores a group has: what is missing is the second look's to say."""
    new, old = (
        _scores([r for r in side if has_score(r, protocol)], protocol)
        for side in (group.new, group.old)
    )
    return CellScores(group.key, group.label, group.method, new, old)


def has_score(result: Result, protocol: str) -> bool:
    """Say whether a result came to a number under a protocol."""
    return result.final and protocol in result.metrics


def _exact(group: Group) -> tuple[list[Exact], str]:
    """Return the exact comparisons, and why there are no others."""
    old = {result.id: result for result in group.old}
    pairs = [(result, old[result.id]) for result in group.new if result.id in old]
    reasons = [exact.not_promised(new, before) for new, before in pairs]
    checked = [
        exact.check(new, before)
        for (new, before), reason in zip(pairs, reasons, strict=True)
        if reason is None
    ]
    why = next((reason for reason in reasons if reason), "no such replicate in the baseline")
    return checked, why


def _missing(group: Group, rest: Sequence[Result], protocol: str) -> str | None:
    if not group.new:
        return "not run: only the baseline has it"
    if not group.old:
        return "no replicate in the baseline"
    for side, results in (("new", rest), ("baseline", group.old)):
        bad = [r for r in results if not r.final]
        if bad:
            said = f": {bad[0].error}" if bad[0].error else ""
            return f"{side} r{bad[0].cell.replicate} {bad[0].status}{said}"
        if any(protocol not in result.metrics for result in results):
            return f"{side} has no score under the protocol {protocol}"
    contents = {r.provenance.dataset_sha256 for r in (*rest, *group.old)}
    return "the dataset's content is not one" if len(contents) > 1 else None


def _scores(results: Iterable[Result], protocol: str) -> dict[int, float]:
    return {result.cell.replicate: result.metrics[protocol].top1.value for result in results}


def _label(result: Result) -> str:
    cell = result.cell
    parts = [cell.method, cell.dataset, cell.encoder, cell.budget.name]
    return " ".join(parts + [cell.precision] * (cell.precision != "float32"))
