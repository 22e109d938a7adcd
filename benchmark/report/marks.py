"""What a reader must know of a row beside its number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmark.evidence.floor import FloorCheck, is_control
from benchmark.report.rows import Floor, Row


def marks(
    row: Row, floor: Floor | None, checks: Mapping[str, FloorCheck] | None, *, alike: bool
) -> list[str]:
    """Return the marks of a row, the gravest first.

    Args:
        row: The row.
        floor: Its floor, if there is one.
        checks: By id; None where no predictions were looked at.
        alike: Whether another row of the table has the same name.
    """
    found = [
        *_gaps(row),
        *row.stale,
        *_collapsed(row),
        *_below(row, floor, checks),
        *_described(row),
    ]
    if alike:
        found.append(settings(row))
    return list(dict.fromkeys(found))


def _gaps(row: Row) -> Iterator[str]:
    for result in row.unfinished:
        yield f"{result.status.replace('_', ' ')}: r{result.cell.replicate}"
    if row.missing:
        yield "missing: " + " ".join(f"r{cell.replicate}" for cell in row.missing)


def _collapsed(row: Row) -> Iterator[str]:
    found = [result for result in row.final if result.status == "collapsed"]
    if found:
        rule = found[0].sanity.collapsed if found[0].sanity else None
        yield f"collapsed: {len(found)} of {len(row.final)}" + (f" ({rule})" if rule else "")
    if any(result.sanity and not result.sanity.encoder_untouched for result in row.final):
        yield "encoder changed by the probe"


def _below(row: Row, floor: Floor | None, checks: Mapping[str, FloorCheck] | None) -> Iterator[str]:
    known = [check for result in row.final if (check := (checks or {}).get(result.id))]
    below = [check for check in known if check.verdict == "below floor"]
    level = [check for check in known if check.verdict == "not separable"]
    if below:
        yield f"below_floor: {len(below)} of {len(known)}"
    if level:
        worst = max(check.decisive for check in level)
        yield f"not above floor: {len(level)} of {len(known)} (p = {worst:.2g})"
    if not known and floor and floor.difference is not None and floor.difference < 0:
        yield "below_floor (not tested)"
    elif not known and floor and floor.mean is None:
        yield f"not tested: floor at {', '.join(map(str, floor.resolutions))} px"
    elif checks is not None and not known and floor and not is_control(row.cell):
        yield "not tested against the floor"


def _described(row: Row) -> Iterator[str]:
    for result in row.final:
        yield from result.described.marks if result.described else ()
        if not result.provenance.dataset_official:
            yield "unofficial data"


def settings(row: Row) -> str:
    """Tell rows of one name apart: by rate and batch, and by the settings' own hash."""
    recipe = row.cell.recipe
    own = row.cell.model_copy(update={"replicate": 0}).pretrain_id[:6]
    data = row.final[0].provenance.dataset_sha256[:6] if row.final else "none"
    rate = f"rate {recipe.learning_rate:.3g}, batch {recipe.batch}"
    return f"{rate}, settings {own}, data {data}"
