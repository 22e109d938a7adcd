"""What a worker that died is quoted with."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmark.engines.process import said_last


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("", ""),
        ("one\ntwo\n\n", "two"),
        ("double free\nFatal Python error: Aborted\n\nExtension modules: a, b\n", "double free"),
        ("Fatal Python error: Aborted\n\nExtension modules: a, b\n", "Fatal Python error: Aborted"),
        ("\nFatal Python error: Aborted", "Fatal Python error: Aborted"),
    ],
)
def test_the_last_words_are_what_was_wrong(log: str, said: str) -> None:
    """Not the list of modules in which Python's report of a crash ends."""
    assert said_last(log) == said


def test_a_real_crash_is_quoted_by_its_cause() -> None:
    """As this Python reports it."""
    program = "import faulthandler, os; faulthandler.enable(); print('why', flush=True); os.abort()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert "Fatal Python error" in done.stdout
    assert said_last(done.stdout) == "why"
