"""`cslbench merge`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.cli.shared import AT_FAULT, NEGATIVE, AsJson, print_json, reporting, say

if TYPE_CHECKING:
    from benchmark.store.merge import Merge


@reporting
def merge(
    folders: Annotated[list[Path], typer.Argument(help="The results folders to join.")],
    into: Annotated[
        Path, typer.Option("--into", metavar="DIR", help="Where to; may be one of them.")
    ],
    prefer: Annotated[
        Path | None,
        typer.Option("--prefer", metavar="FOLDER", help="Whose numbers win where they differ."),
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out what cannot be read or does not hold.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Join results folders of several machines into one; on a conflict nothing is written.

    The same result of two folders is kept once, a number beats a failure. Exit 1 on a conflict.
    A result that does not hold by itself or by its predictions is broken; then nothing is written.

    Example: cslbench merge office cluster --into all
    """
    from benchmark.errors import UsageError
    from benchmark.store import merge as store

    roots = _roots(folders, into)
    if prefer is not None:
        prefer = next((root for root in roots if root.resolve() == prefer.resolve()), None)
        if prefer is None:
            known = ", ".join(map(str, roots))
            raise UsageError(f"--prefer must be one of the folders that are joined ({known})")
    found = store.plan(roots, prefer)
    refused = bool(found.conflicts) or bool(found.broken and not skip_broken)
    written = 0 if refused else store.write(found, into)
    if as_json:
        print_json(_facts(found, into, written))
    else:
        _tell(found, into, written, refused=refused)
    if refused:
        raise typer.Exit(NEGATIVE if found.conflicts else AT_FAULT)


def _roots(folders: list[Path], into: Path) -> list[Path]:
    """Return the folders that are joined, each once; the target is the first."""
    from benchmark.errors import UsageError

    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder}: there is no such folder")
    roots: dict[Path, Path] = {}
    for folder in [*([into] if into.exists() else []), *folders]:
        roots.setdefault(folder.resolve(), folder)
    return list(roots.values())


def _tell(found: Merge, into: Path, written: int, *, refused: bool) -> None:
    for conflict in found.conflicts:
        say(
            f"conflict: {conflict.first.result.cell.label}: {conflict.first.path} against "
            f"{conflict.second.path}: {'; '.join(conflict.differs)}"
        )
    for broken in found.broken:
        say(f"{'broken' if refused else 'left out'}: {broken.path}: {broken.reason}")
    if not refused:
        say(
            f"{into}: {len(found.winners)} results, {written} of them written; "
            f"{found.repeated} were there more than once"
        )
        return
    way = "--prefer FOLDER says which wins" if found.conflicts else "--skip-broken leaves them out"
    say(f"nothing was written; {way}")


def _facts(found: Merge, into: Path, written: int) -> dict[str, Any]:
    return {
        "into": str(into),
        "results": len(found.winners),
        "written": written,
        "repeated": found.repeated,
        "conflicts": [
            {
                "id": conflict.first.result.id,
                "cell": conflict.first.result.cell.label,
                "paths": [str(conflict.first.path), str(conflict.second.path)],
                "differs": list(conflict.differs),
            }
            for conflict in found.conflicts
        ],
        "broken": [{"path": str(each.path), "reason": each.reason} for each in found.broken],
    }
