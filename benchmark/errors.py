"""Every error that a user can cause, on one screen.

CslbenchError             printed as one sentence, exit code 2
├── UsageError            a name, option or value that is not allowed
├── DataError             a dataset that is missing or damaged
├── MatrixError           a matrix file that does not say what to run
├── ClaimError            a file of claims that does not hold what it must
├── ReportedError         a file of published numbers that does not hold what it must
├── ResultError           a result file or results folder that cannot be read or written
└── WeightsError          a file of weights that cannot be read or does not fit
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LISTED = 60
"""Known names that fit into a sentence about an unknown one."""


class CslbenchError(Exception):
    """What was wrong, what was given, what is allowed, and where, in one sentence."""


class UsageError(CslbenchError):
    """A name, option or value that is not allowed."""


class DataError(CslbenchError):
    """A dataset that is missing or damaged."""


class MatrixError(CslbenchError):
    """A matrix file that does not say what to run."""


class ClaimError(CslbenchError):
    """A file of claims that does not hold what it must."""


class ReportedError(CslbenchError):
    """A file of published numbers that does not hold what it must."""


class ResultError(CslbenchError):
    """A result file or results folder that cannot be read or written."""


class WeightsError(CslbenchError):
    """A file of weights that cannot be read or does not fit its encoder."""


def words(message: str) -> str:
    """Return what pydantic says of a fault, without the Python class that it puts in front."""
    return message.removeprefix("Value error, ")


def unknown(kind: str, given: str, known: Iterable[str]) -> str:
    """Say that a name is unknown, with the nearest known one and all of them, if they are few."""
    names = sorted(known)
    nearest = difflib.get_close_matches(given, names, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    if len(names) > _LISTED:
        return f"unknown {kind} {given!r}{hint} (of {len(names)} known)"
    return f"unknown {kind} {given!r}{hint} (known: {', '.join(names)})"
