"""What strangers wrote, read so that it can do no harm: bounded files, text that is only text."""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from pathlib import Path

_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that move the cursor, turn the line round, hide, or break it."""


def regular(path: Path, limit: int) -> bytes:
    """Read a file that is a file, not a pipe or a device, and no larger than it may be.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is something else, or larger than `limit` bytes.
    """
    # a pipe must not be waited for
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("is no file")
        if found.st_size > limit:
            raise ValueError(f"is too large (at most {limit} bytes)")
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = file.read(found.st_size + 1)
    finally:
        os.close(handle)
    if len(content) > found.st_size:
        raise ValueError("grew while it was read")
    return content


def harmful(text: str) -> str | None:
    """Return the first character, as `U+202E`, that could garble what is shown, or None.

    Line breaks and tabs count too.
    """
    if text.isprintable():
        return None
    for character in text:
        if unicodedata.category(character) in _HARMFUL:
            return f"U+{ord(character):04X}"
    return None


def plain(text: str) -> str:
    """Return text as one line that a terminal can show: what could garble it becomes `?`."""
    if text.isprintable():
        return text
    line = " ".join(text.split()) if harmful(text) else text
    return "".join("?" if harmful(character) else character for character in line)
