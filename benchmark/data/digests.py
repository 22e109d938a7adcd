"""Checksums of large files, computed once for each path, size and time of change."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmark.data.folders import cache_root

_CHUNK = 1 << 22  # bytes read at once


@dataclass(frozen=True)
class Digests:
    """Both checksums of one file, in hex."""

    md5: str
    """What the publishers of CIFAR-10 and STL-10 give."""
    sha256: str


def compute(path: Path) -> Digests:
    """Read a file once and return its checksums."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            md5.update(chunk)
            sha256.update(chunk)
    return Digests(md5.hexdigest(), sha256.hexdigest())


def cached(path: Path) -> Digests:
    """Return a file's checksums; a file of the same path, size and time is not read again."""
    status = path.stat()
    identity = f"{path.resolve()}\n{status.st_size}\n{status.st_mtime_ns}"
    note = cache_root() / "digests" / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"
    try:
        return Digests(**json.loads(note.read_text()))
    except (OSError, ValueError, TypeError):
        found = compute(path)
    _keep(note, found)
    return found


def _keep(note: Path, found: Digests) -> None:
    """Write a note if the cache lets us; without it the file is read again, nothing else."""
    temporary = note.with_suffix(f".{os.getpid()}")
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(asdict(found)))
        temporary.replace(note)
    except OSError:
        return
