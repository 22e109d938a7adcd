"""The encoders that finished cells leave beside their results. No torch."""

from __future__ import annotations

import hashlib
from pathlib import Path

from benchmark.errors import ResultError
from benchmark.matrix.cell import Cell
from benchmark.store import atomic, files, links, work
from benchmark.store.result import Result


def path_of(result_file: Path) -> Path:
    """Return where the encoder of a result file lies."""
    return result_file.with_suffix(".safetensors")


def work_path(folder: Path, cell: Cell, sha256: str) -> Path:
    """Return where a worker writes an encoder: what two of them write never is one file."""
    return folder / f"{cell.pretrain_id}.{sha256[:16]}.encoder"


def publish(root: Path, result: Result) -> None:
    """Move the encoder that a worker wrote beside its result, or take away one of an older result.

    To be called before the result is written, so that an encoder is there before its hash is.

    Raises:
        ResultError: If the disk is full or the folder cannot be written.
    """
    beside = path_of(root / files.relative_path(result.cell))
    sha = result.provenance.encoder_file_sha256
    if not result.final:
        return
    if sha is None:
        beside.unlink(missing_ok=True)
    elif (written := work_path(work.folder(root), result.cell, sha)).exists():
        atomic.move(written, beside)


def discard(root: Path, result: Result) -> None:
    """Take away the encoder of a result that is not published."""
    sha = result.provenance.encoder_file_sha256
    if sha is not None:
        work_path(work.folder(root), result.cell, sha).unlink(missing_ok=True)


def kept(root: Path, cell: Cell) -> Path | None:
    """Return the result file of a cell whose encoder lies beside it, or None where none does.

    Raises:
        ResultError: If the encoder is not the one that the result names.
    """
    result = files.find(root, cell)
    path = root / files.relative_path(cell)
    if result is None or result.provenance.encoder_file_sha256 is None:
        return None
    if not path_of(path).is_file():
        return None
    check(path, result)
    return path


def check(result_file: Path, result: Result) -> None:
    """Raise ResultError if the encoder beside a result is not its own, or is a link that leaves."""
    beside, expected = path_of(result_file), result.provenance.encoder_file_sha256
    if beside.is_symlink():
        links.refuse(beside, files.root_of(result_file, result.cell))
    if expected is None or not beside.is_file():
        return
    if sha256(beside) != expected:
        raise ResultError(f"{beside}: is not the encoder that its result names; it is not used")
    named, stated = result.provenance.weights_sha256, _stated(beside)
    if stated and stated != named:
        raise ResultError(
            f"{beside}: says that its weights are {stated[:12]}..., its result says "
            f"{str(named)[:12]}...; it is not used"
        )


def _stated(path: Path) -> str | None:
    """Return the hash of the weights by a file's own metadata; None where it states none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            facts: dict[str, str] | None = file.metadata()
    except (OSError, SafetensorError):  # of a damaged file the hash of its bytes is enough
        return None
    return (facts or {}).get("weights_sha256")


def sha256(path: Path) -> str:
    """Return the hash of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
