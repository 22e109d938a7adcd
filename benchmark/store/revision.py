"""A results folder as it was at a git revision, read from history: nothing is checked out."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from benchmark.errors import UsageError
from benchmark.store import files

_SECONDS = 120
_SUFFIXES = (".json", ".npz")
"""Of results and their predictions."""
_MOST_BYTES = 4 * 2**30
"""Of all files together."""


@dataclass(frozen=True)
class Commit:
    """A commit of the checkout of the present folder."""

    id: str
    """Its whole hash."""
    top: Path
    """Of the checkout."""

    @property
    def short(self) -> str:
        """Return as much of the hash as a person reads."""
        return self.id[:8]


def commit(given: str) -> Commit | None:
    """Return the commit that a baseline means; None where it is a folder, or means none."""
    if given and Path(given).is_dir():
        return None
    revision = given.partition(":")[0]
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
    top = _git("rev-parse", "--show-toplevel")
    return Commit(found, Path(top)) if revision and found and top else None


@contextmanager
def folder(given: str) -> Iterator[Path]:
    """Give a baseline as a folder: a folder as it is, a git revision's results unpacked for a time.

    Args:
        given: a folder, a revision, or `REVISION:PATH` with the path from the top of the checkout;
            `results` if none is given.

    Raises:
        UsageError: if it is neither a folder nor a revision that has such results.
    """
    if given and Path(given).is_dir():
        yield Path(given)
        return
    found, path = commit(given), given.partition(":")[2] or "results"
    if found is None:
        raise UsageError(f"baseline {given!r} is neither a folder nor a git revision")
    archive = _run(["git", "-C", str(found.top), "archive", "--format=tar", f"{found.id}:{path}"])
    if archive is None:
        raise UsageError(f"baseline {given!r}: that revision has no folder {path}")
    with TemporaryDirectory(prefix="cslbench-") as name:
        _unpack(archive, Path(name))
        yield Path(name)


def _unpack(archive: bytes, root: Path) -> None:
    """Write results and predictions of an archive below a folder, but no link or path out of it."""
    total = 0
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            inside = not path.is_absolute() and ".." not in path.parts
            if not (member.isfile() and inside and path.suffix in _SUFFIXES):
                continue
            if member.size > files.MAX_BYTES or (total := total + member.size) > _MOST_BYTES:
                raise UsageError(f"baseline: {member.name} is too large")
            content = tar.extractfile(member)
            target = root.joinpath(*path.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"" if content is None else content.read())


def _git(*arguments: str) -> str | None:
    said = _run(["git", *arguments])
    return None if said is None else said.decode(errors="surrogateescape").removesuffix("\n")


def _run(command: list[str]) -> bytes | None:
    try:
        return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True).stdout
    except (OSError, ValueError, subprocess.SubprocessError):  # ValueError: a NUL in what is given
        return None
