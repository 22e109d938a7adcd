"""A bundle of results for review: every file in one manifest, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Annotated, Literal

from pydantic import Field

from benchmark.errors import ResultError, UsageError
from benchmark.store import encoders, files, invariants
from benchmark.store.result import Record, Result

MANIFEST = "manifest.json"
RESULTS = "results"
_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say."""
_MOST_FILES = 200_000
MOST_BYTES = 4 * 2**30
"""Of all files together: a bundle is unpacked to be checked."""


class Listed(Record):
    """One file of a bundle."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Of its content."""
    size: int = Field(ge=0)
    """Bytes."""


class Manifest(Record):
    """Everything in a bundle but the manifest itself."""

    schema_version: Literal[1] = 1
    """Of this file."""
    files: Annotated[dict[str, Listed], Field(max_length=_MOST_FILES)]
    """By path from the top of the bundle."""


def write(out: Path, root: Path, results: Sequence[Result], more: Mapping[str, bytes]) -> Manifest:
    """Write a bundle, a folder or by its suffix a `.zip`, and return its manifest.

    Args:
        out: Where to; must not be there yet.
        root: The results folder.
        results: What of it goes in, with predictions, and encoders where they were kept.
        more: Further files by path.

    Raises:
        ResultError: If a result, or what lies beside it, is not what it must be or is a link; or if
            `out` cannot be written.
        UsageError: If there is something at `out`, it lies in the results folder, or all is more
            than `validate` takes.
    """
    if os.path.lexists(out):
        raise UsageError(f"{out}: is there already; name another, or take it away")
    if out.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{out}: lies in the results folder, which holds results; name another")
    sources: dict[str, Path | bytes] = dict(more)
    for result in results:
        path = root / files.relative_path(result.cell)
        for breach, reason in invariants.one(path, result):
            raise ResultError(f"{breach}: {reason}")
        for file in _of_result(path, result):
            sources[f"{RESULTS}/{file.relative_to(root).as_posix()}"] = file
    manifest = Manifest(files={name: _listed(sources[name]) for name in sorted(sources)})
    text = manifest.model_dump_json(indent=1).encode() + b"\n"
    if (total := len(text) + sum(file.size for file in manifest.files.values())) > MOST_BYTES:
        raise UsageError(f"{out}: would hold {total} bytes (at most {MOST_BYTES}); select fewer")
    try:
        _put(out, {**sources, MANIFEST: text})
    except OSError as error:
        raise ResultError(f"{out}: cannot be written ({error.strerror or error})") from None
    return manifest


def _put(out: Path, sources: Mapping[str, Path | bytes]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".cslbench-", dir=out.parent) as name:
        made = Path(name, "bundle")
        (_zipped if out.suffix == ".zip" else _laid_out)(made, sources)
        made.rename(out)


def _of_result(path: Path, result: Result) -> Iterator[Path]:
    yield path
    if result.provenance.predictions_sha256 is not None:
        yield files.predictions_path(path)
    kept = encoders.path_of(path)
    if result.provenance.encoder_file_sha256 is not None and kept.is_file():
        yield kept


@contextmanager
def _opened(source: Path | bytes) -> Iterator[IO[bytes]]:
    """Open a file that is one: a link could name anything on this machine."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    if source.is_symlink() or not source.is_file():
        raise ResultError(f"{source}: is a link or no file; a bundle holds files only")
    with source.open("rb") as file:
        yield file


def _listed(source: Path | bytes) -> Listed:
    if isinstance(source, bytes):
        return Listed(sha256=hashlib.sha256(source).hexdigest(), size=len(source))
    with _opened(source) as file:
        sha = hashlib.sha256()
        while block := file.read(2**20):
            sha.update(block)
        return Listed(sha256=sha.hexdigest(), size=file.tell())


def _laid_out(folder: Path, sources: Mapping[str, Path | bytes]) -> None:
    for name, source in sources.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with _opened(source) as file, target.open("wb") as copy:
            shutil.copyfileobj(file, copy)


def _zipped(path: Path, sources: Mapping[str, Path | bytes]) -> None:
    """Write a zip file whose bytes follow from its content: one date, one order, no compression."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(sources):
            source = sources[name]
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            entry.file_size = len(source) if isinstance(source, bytes) else source.stat().st_size
            with _opened(source) as file, archive.open(entry, "w") as copy:
                shutil.copyfileobj(file, copy)
