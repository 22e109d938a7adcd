"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from benchmark.errors import ResultError

_FULL = (errno.ENOSPC, errno.EDQUOT)


def write(path: Path, content: bytes) -> None:
    """Write a file so that at any moment the old one or the new one is there, whole.

    Raises:
        ResultError: If it cannot be written; the sentence says what to do.
    """
    temporary = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)  # noqa: PTH105  (one name for tests to fail)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ResultError(_sentence(path, len(content), error)) from error


def move(source: Path, target: Path) -> None:
    """Give a file that was written whole its place, on the same disk.

    Raises:
        ResultError: As `write`.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)  # noqa: PTH105  (as above)
        _sync_folder(target.parent)
    except OSError as error:
        raise ResultError(_sentence(target, 0, error)) from error


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sentence(path: Path, size: int, error: OSError) -> str:
    if error.errno in _FULL:
        return (
            f"{path}: the disk is full: free {_amount(size)} or more on the disk that holds "
            f"{path.parent}, then give the same command again (what is finished stays)"
        )
    if isinstance(error, NotADirectoryError | FileExistsError):
        return f"{path.parent}: is no folder, so nothing can be written there"
    return f"{path}: cannot be written ({error.strerror or error})"


def _amount(size: int) -> str:
    return f"{max(1, -(-size // 1024))} kB"
