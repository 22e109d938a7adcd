"""One table of the board: what was measured with one dataset, encoder, training and budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmark.evidence.floor import FloorCheck, is_control, is_floor
from benchmark.evidence.reported import Reported
from benchmark.report import markdown, words
from benchmark.report.marks import marks
from benchmark.report.matching import Match, best_match
from benchmark.report.rows import PROTOCOL, Row, Table

MEAN = "linear top-1, % [95 %]"
_RIGHT = ("n", "floor", "above floor")
_ONE = "*"


@dataclass
class _Notes:
    """Numbers for the reported numbers that a table names, in the order of their naming."""

    lines: dict[str, str] = field(default_factory=dict)

    def number(self, entry: Reported) -> int:
        """Return the note of a reported number."""
        text = (
            f"{words.published(entry)}: {entry.method}{_options(entry)} on {entry.dataset}; "
            f"encoder {entry.encoder or 'not stated'}; protocol {words.protocol(entry.protocol)}; "
            f"budget {words.spent(entry.budget)}. Source ({words.CERTAINTY[entry.certainty]}): "
            f"{entry.source}"
        )
        self.lines.setdefault(entry.id, text)
        return list(self.lines).index(entry.id) + 1


def section(
    table: Table, reported: Sequence[Reported], checks: Mapping[str, FloorCheck] | None
) -> str:
    """Render a table with its heading, its notes and its tests against the floor.

    Args:
        table: What to show.
        reported: Numbers of any method.
        checks: By the id of the method's cell; None where no predictions were looked at.
    """
    notes = _Notes()
    rows = [_row(table, row, reported, checks, notes) for row in table.rows]
    parts = [
        f"### {markdown.escape(heading(table))}",
        described(table),
        markdown.table(rows, right=(*_RIGHT, *_others(table))),
    ]
    parts += [_below(table, rows), _cited(notes), _against_floor(table, checks)]
    return "\n\n".join(filter(None, parts))


def heading(table: Table) -> str:
    """Say what the rows of a table have in common, but for the dataset."""
    cell = table.cell
    if is_floor(cell):
        return f"{cell.encoder}, untrained"
    if not cell.budget.amount:
        return f"{cell.encoder}, checkpoints trained elsewhere"
    precision = "" if cell.precision == "float32" else f", {cell.precision}"
    return f"{cell.encoder}, {cell.training} training, {words.length(cell)}{precision}"


def described(table: Table) -> str:
    """Say what is known of encoder and test set from the results themselves."""
    scored = [result for row in table.rows for result in row.scored]
    results = scored or [result for row in table.rows for result in row.final]
    if not results:
        return "Nothing has been measured here yet."
    stems = sorted({r.described.stem for r in results if r.described})
    norms = sorted({r.described.norm for r in results if r.described})
    sizes = sorted({score.top1.n for r in results for score in r.metrics.values()})
    said = [
        f"{', '.join(map(words.grouped, sizes))} test images",
        f"stem: {', '.join(stems)}" if stems else "",
        f"norm: {', '.join(norms)}" if norms else "",
    ]
    order = "Sorted by the mean" if table.ranked else "By name: lengths differ, so there is no rank"
    if not scored:
        order = "By name: nobody was scored by a linear probe, so there is no rank"
    return markdown.escape("; ".join(filter(None, said)) + f". {order}.")


def _row(
    table: Table,
    row: Row,
    reported: Sequence[Reported],
    checks: Mapping[str, FloorCheck] | None,
    notes: _Notes,
) -> dict[str, str]:
    base, _, inside = row.cell.method.partition("[")
    floor = table.floor(row)
    match = None if is_floor(row.cell) else best_match(table.candidates(row), reported)
    return {
        "method": f"{base} ({_role(row)})" if is_control(row.cell) else _name(row, base),
        "variant": inside.removesuffix("]"),
        MEAN: _mean(row),
        "n": str(len(row.scored) or len(row.final)),
        **{name: _other(row, name) for name in _others(table)},
        "floor": f"{floor.mean:.1f}" if floor and floor.mean is not None else "",
        "above floor": f"{floor.difference:+.1f}" if floor and floor.difference is not None else "",
        "marks": ", ".join(marks(row, floor, checks, alike=alike(table, row))),
        "spent by one replicate": words.cost(row.final[0].ledger) if row.final else "",
        "reported": _reported(match, notes),
        "verdict": _verdict(match),
    }


def _name(row: Row, base: str) -> str:
    """Return what a row is called: a checkpoint also by the name that it was given."""
    named = row.final[0].provenance.checkpoint_name if row.final else None
    return f"{base}: {named}" if named else base


def _role(row: Row) -> str:
    return "floor" if is_floor(row.cell) else "ceiling"


def _mean(row: Row) -> str:
    found = row.measured()
    if found is None:
        return "no linear probe" if row.final else state(row)
    interval = found.interval()
    if interval is None:
        top1 = row.scored[0].metrics[PROTOCOL].top1
        return f"{top1.value:.1f} [{top1.low:.1f}, {top1.high:.1f}]{_ONE}"
    low, high = max(0.0, interval[0]), min(100.0, interval[1])
    return f"{found.mean:.1f} [{low:.1f}, {high:.1f}]"


def state(row: Row) -> str:
    """Say why a row has no number."""
    return row.unfinished[0].status.replace("_", " ") if row.unfinished else "missing"


def _others(table: Table) -> list[str]:
    """Name the protocols beside the main one."""
    return sorted({n for row in table.rows for r in row.final for n in r.metrics} - {PROTOCOL})


def _other(row: Row, protocol: str) -> str:
    found = row.measured(protocol)
    return "" if found is None else f"{found.mean:.1f}"


def alike(table: Table, row: Row) -> bool:
    """Say whether another row of the table has the same name."""
    return sum(other.cell.method == row.cell.method for other in table.rows) > 1


def _reported(match: Match | None, notes: _Notes) -> str:
    if match is None:
        return ""
    return f"{words.published(match.reported)} [{notes.number(match.reported)}]"


def _verdict(match: Match | None) -> str:
    if match is None:
        return ""
    main = match.protocol == "linear"
    return match.verdict.text if main else f"{match.protocol}: {match.verdict.text}"


def _below(table: Table, rows: Sequence[Mapping[str, str]]) -> str:
    """Explain what the table itself leaves open."""
    lines = []
    if any(row[MEAN].endswith(_ONE) for row in rows):
        lines.append(
            f"\\{_ONE} One replicate: the interval is over its test images and says nothing of "
            "other seeds."
        )
    others = _others(table)
    if others:
        lines.append(f"{', '.join(map(markdown.escape, others))}: top-1, %, mean of replicates.")
    if not any(row["reported"] for row in rows) and any(row.final for row in table.rows):
        dataset = markdown.escape(table.cell.dataset)
        lines.append(f"No reported number is known of these methods on {dataset}.")
    return "\n\n".join(lines)


def _cited(notes: _Notes) -> str:
    """List the reported numbers that were named."""
    numbered = enumerate(notes.lines.values(), start=1)
    return markdown.bullets([f"[{n}] {markdown.escape(text)}" for n, text in numbered])


def _against_floor(table: Table, checks: Mapping[str, FloorCheck] | None) -> str:
    """Show the paired tests, replicate by replicate."""
    rows = []
    for row in table.rows:
        found = [(checks or {}).get(cell.pretrain_id) for cell in row.cells]
        known = [check for check in found if check is not None]
        if known:
            rows.append({"method": row.cell.method, **_tests(known)})
    if not rows:
        return ""
    return f"Against the floor of the same replicate:\n\n{markdown.table(rows)}"


def _tests(checks: Sequence[FloorCheck]) -> dict[str, str]:
    clustered = [c.p_clustered_holm for c in checks if c.p_clustered_holm is not None]
    verdicts = [check.verdict for check in checks]
    return {
        "gain, points": ", ".join(f"r{c.replicate} {c.gain_points:+.1f}" for c in checks),
        "McNemar p (Holm), largest": f"{max(c.p_holm for c in checks):.2g}",
        "clustered p (Holm), largest": f"{max(clustered):.2g}" if clustered else "",
        "verdict": ", ".join(
            f"{kind} in {verdicts.count(kind)} of {len(verdicts)}" for kind in sorted({*verdicts})
        ),
    }


def _options(entry: Reported) -> str:
    return f" ({entry.variant})" if entry.variant else ""
