"""A bundle that somebody else made: nothing in it is believed before it is checked."""

from __future__ import annotations

import hashlib
import json
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

from benchmark.errors import ResultError
from benchmark.reading import harmful
from benchmark.store import files, invariants
from benchmark.store.bundle import MANIFEST, MOST_BYTES, RESULTS, Manifest

_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError,
    NotImplementedError, OverflowError, RuntimeError, ValueError,
)  # fmt: skip
"""What reading a zip file raises, by what of it is damaged and how it is compressed."""


def is_bundle(path: Path) -> bool:
    """Say whether a path is meant as a bundle: a zip file, or a folder with a manifest."""
    return (path.is_file() and path.suffix == ".zip") or (path / MANIFEST).is_file()


@dataclass(frozen=True)
class _Member:
    """A file that a bundle holds, of which nothing is believed yet."""

    size: int
    link: bool
    source: Path | zipfile.ZipInfo


def breaches(bundle: Path) -> Iterator[tuple[str, str]]:
    """Yield the path and the sentence of everything that is wrong with a bundle.

    First every file against the manifest, then the results against themselves, as `validate`
    does; nothing is written outside a folder of its own, which goes again.

    Raises:
        ResultError: If it cannot be opened, or has no manifest that can be read.
    """
    try:
        if bundle.is_dir():
            yield from _checked(bundle, None)
            return
        with zipfile.ZipFile(bundle) as archive:
            yield from _checked(bundle, archive)
    except OSError as error:
        raise ResultError(f"{bundle}: cannot be read ({error.strerror or error})") from None
    except _DAMAGED as error:
        raise ResultError(f"{bundle}: damaged zip file ({error})") from None


def results(bundle: Path) -> Iterator[Path]:
    """Yield the path of every result in a bundle, one without breaches.

    Raises:
        OSError: If it is not there any more.
    """
    if bundle.is_dir():
        yield from (path.absolute() for path in files.candidates(bundle / RESULTS))
        return
    with zipfile.ZipFile(bundle) as archive:
        for name in archive.namelist():
            top, *folders = PurePosixPath(name).parent.parts or ("",)
            if top == RESULTS and folders and name.endswith(".json"):
                yield bundle.absolute() / name


def _checked(bundle: Path, archive: zipfile.ZipFile | None) -> Iterator[tuple[str, str]]:
    members: dict[str, _Member] = {}
    wrong = 0
    for name, member in _members(bundle, archive):
        reason = _refused(name, member) or ("is there twice" if name in members else None)
        if reason:
            wrong += 1
            yield f"{bundle}/{name}", reason
        else:
            members[name] = member
    if (total := sum(member.size for member in members.values())) > MOST_BYTES:
        raise ResultError(f"{bundle}: {total} bytes are too many (at most {MOST_BYTES})")
    with TemporaryDirectory(prefix="cslbench-") as folder:
        manifest = _manifest(bundle, archive, members.pop(MANIFEST, None), Path(folder))
        for name in sorted({*members, *manifest.files}):
            fault = _fault(name, manifest, members, archive, Path(folder))
            if fault:
                wrong += 1
                yield f"{bundle}/{name}", fault
        if not wrong:
            results = Path(folder, RESULTS)
            if not files.paths(results):
                yield f"{bundle}/{RESULTS}", "holds no result"
            for path, sentence in invariants.folder(results):
                yield path.replace(f"{folder}/", f"{bundle}/"), sentence.replace(f"{folder}/", "")


def _members(bundle: Path, archive: zipfile.ZipFile | None) -> Iterator[tuple[str, _Member]]:
    if archive is not None:
        for entry in archive.infolist():
            mode = entry.external_attr >> 16
            link = stat.S_ISLNK(mode) or (stat.S_IFMT(mode) != 0 and not stat.S_ISREG(mode))
            yield entry.filename, _Member(entry.file_size, link, entry)
        return
    for path in sorted(bundle.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            found = path.lstat()
            regular = stat.S_ISREG(found.st_mode)
            yield path.relative_to(bundle).as_posix(), _Member(found.st_size, not regular, path)


def _refused(name: str, member: _Member) -> str | None:
    """Say why a name or a kind of file is not taken, whatever a manifest says of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or str(path) != name or harmful(name):
        return "is a path that could lead out of the bundle"
    if "\\" in name or ":" in name:
        return "is a path that could lead out of the bundle"
    if name == RESULTS:
        return "is a file, not the folder of the results"
    return "is a link, not a file" if member.link else None


def _manifest(
    bundle: Path, archive: zipfile.ZipFile | None, member: _Member | None, folder: Path
) -> Manifest:
    if member is None:
        raise ResultError(f"{bundle}: has no {MANIFEST}, so nothing in it can be checked")
    if member.size > files.MAX_BYTES * 4:
        raise ResultError(f"{bundle}: {MANIFEST} is too large")
    target = folder / MANIFEST
    _copy(member, archive, target, member.size)
    try:
        content = target.read_bytes()
        json.loads(content)
        return Manifest.model_validate_json(content)
    except (ValueError, RecursionError) as error:
        line = str(error).splitlines()[0]
        raise ResultError(f"{bundle}: {MANIFEST} does not say what it must ({line})") from None


def _fault(
    name: str, manifest: Manifest, members: Mapping[str, _Member],
    archive: zipfile.ZipFile | None, folder: Path,
) -> str | None:  # fmt: skip
    """Copy a file out if it is what the manifest says; else say why it is not."""
    listed, member = manifest.files.get(name), members.get(name)
    if listed is None:
        return f"is not in {MANIFEST}"
    if member is None:
        return "is missing"
    if member.size != listed.size:
        return f"has {member.size} bytes, {MANIFEST} says {listed.size}"
    digest = _copy(member, archive, folder / name, listed.size)
    return None if digest == listed.sha256 else f"is not the file that {MANIFEST} names"


def _copy(member: _Member, archive: zipfile.ZipFile | None, target: Path, size: int) -> str:
    """Copy a file of at most so many bytes, and return its hash."""
    target.parent.mkdir(parents=True, exist_ok=True)
    sha, left = hashlib.sha256(), size
    with _stream(member, archive) as file, target.open("wb") as copy:
        while left > 0 and (block := file.read(min(left, 2**20))):
            sha.update(block)
            copy.write(block)
            left -= len(block)
        return "longer than it says" if file.read(1) else sha.hexdigest()


def _stream(member: _Member, archive: zipfile.ZipFile | None) -> IO[bytes]:
    if isinstance(member.source, Path):
        return member.source.open("rb")
    if archive is None:
        raise AssertionError("an entry comes out of an archive")
    return archive.open(member.source)
