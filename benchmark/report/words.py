"""Protocols, budgets and executions in the words of the board."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from benchmark.counting import counted
from benchmark.evidence.reported import Reported, Scoring, Spent
from benchmark.matrix.cell import Cell
from benchmark.store.result import Execution, Ledger

CERTAINTY = {"seen": "seen", "memory": "from memory", "inferred": "inferred"}
_SELECTION = {"held_out": "chosen on held-out data", "best_on_test": "best epoch on test"}
_NONE = "–"


def grouped(number: int) -> str:
    """Write a whole number in groups of three digits."""
    return f"{number:,}".replace(",", " ")


def untold(methods: Collection[str]) -> str:
    """Name the methods of which no smallest change is known, behind that of the others."""
    if not methods:
        return ""
    count = counted(len(methods), "method")
    return f"; of {count} none can be told: {', '.join(sorted(methods))}"


def points(value: float, form: str = ".2f") -> str:
    """Write points of top-1; of more than 100 only that they are: no score changes by so many."""
    if abs(value) <= 100:
        return format(value, form)
    return "over 100" if value > 0 else "below -100"


def unscored(protocol: str, there: Collection[str]) -> str:
    """Say that nothing is scored under a protocol, and under which ones something is."""
    names = f"; there are scores under: {', '.join(sorted(there))}" if there else ""
    return f"no result has a score under the protocol {protocol!r}{names}"


def figure(entry: Reported) -> str:
    """Write the figure of a reported number as its source gives it, without its unit."""
    value = f"{entry.value:g}"
    number = {"exact": value, "about": f"≈ {value}", "over": f"{value}+"}[entry.reading]
    if entry.spread is not None:
        number += f" ± {entry.spread:g}"
    return number if entry.metric == "top1" else f"{number} (top-5)"


def published(entry: Reported) -> str:
    """Write a reported number as its source gives it; what was not seen or is assumed says so."""
    number = figure(entry)
    if entry.certainty != "seen":
        number += f" ({CERTAINTY[entry.certainty]})"
    return number + assuming(entry)


def assuming(entry: Reported) -> str:
    """Say, behind a figure, what its reader assumed."""
    return f" (assuming {', '.join(entry.assumed)})" if entry.assumed else ""


def protocol(scoring: Scoring) -> str:
    """Say how a number was scored, as far as that is known."""
    return ", ".join(_scoring(scoring)) or "not stated"


def _scoring(scoring: Scoring) -> Iterator[str]:
    if scoring.probe:
        yield scoring.probe_class or f"{scoring.probe} of unknown size"
    if scoring.feature:
        yield scoring.feature
    if scoring.resolution:
        yield f"{scoring.resolution} px"
    for split, word in ((scoring.pretrain_split, "pretrained"), (scoring.probe_split, "probed")):
        if split and split != "train":
            yield f"{word} on {split}"
    if scoring.online is not None:
        yield "online" if scoring.online else "offline"
    if scoring.selection in _SELECTION:
        yield _SELECTION[scoring.selection]
    if scoring.augmentation:
        yield f"augmented: {scoring.augmentation}"


def spent(budget: Spent) -> str:
    """Say what a pretraining spent, as far as that is known."""
    parts = [
        f"{budget.epochs:g} epoch{'' if budget.epochs == 1 else 's'}" if budget.epochs else "",
        f"{grouped(budget.images)} images" if budget.images else "",
        f"batch {budget.batch}" if budget.batch else "",
    ]
    return ", ".join(filter(None, parts)) or "not stated"


def cost(ledger: Ledger | None) -> str:
    """Say what one replicate spent: samples, not views, and FLOPs, since views cost."""
    if ledger is None or not ledger.steps:
        return _NONE
    text = f"{grouped(ledger.images)} images ({ledger.epochs:.1f} epochs)"
    return text if ledger.flops is None else f"{text}, {ledger.flops / 1e12:.3g} TFLOP"


def length(cell: Cell) -> str:
    """Name a cell's budget and say how much it is."""
    budget = cell.budget
    if budget.name == "paper":
        return "each method's published length"
    exact = f"{budget.amount:g}" if budget.amount % 1 else f"{budget.amount:.0f}"
    amount = exact if budget.amount < 10_000 else grouped(int(budget.amount))
    unnamed = budget.name == f"{exact}-{budget.currency}"
    one = budget.amount == 1 and budget.currency != "flops"
    worded = f"{amount} {budget.currency.removesuffix('s') if one else budget.currency}"
    return worded if unnamed else f"{budget.name}: {worded}"


def execution(found: Execution) -> str:
    """Name what the bits of a result depend on."""
    torch = found.versions.get("torch", "unknown")
    threads = "1 thread" if found.threads == 1 else f"{found.threads} threads"
    devices = "" if found.world_size == 1 else f", {found.world_size} devices"
    return f"{found.processor}, {threads} a cell{devices}, torch {torch}"
