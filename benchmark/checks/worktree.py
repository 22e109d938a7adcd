"""Cells run by this program as it was at another commit, in a git worktree of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from benchmark.engines.signals import Stop
from benchmark.store.revision import Commit

_SECONDS = 120
_POLL_SECONDS = 0.2
_LONGEST = 300
_PROGRAM = ("__init__.py", "__main__.py")


def run(commit: Commit, arguments: Sequence[str], out: int, asked: Sequence[Path]) -> str | None:
    """Run a verb as a commit has it, with this interpreter and its packages.

    Args:
        commit: Of a checkout of this program.
        arguments: The verb and what it takes; paths absolute or from the present folder.
        out: File descriptor that its lines go to.
        asked: Files that it leaves if it ran, whatever became of its cells.

    Returns:
        Why it could not run, in words; None if it ran, whatever became of its cells.

    Raises:
        SystemExit: If a signal ended it, which was passed on: 128 and its number.
    """
    try:
        with _checked_out(commit) as tree:
            # without __init__.py a `benchmark` of a later import path would come before it
            if not all((tree / "benchmark" / name).is_file() for name in _PROGRAM):
                return f"{commit.short} has no program of its own"
            code, said = _run(tree, arguments, out)
    except subprocess.SubprocessError as error:
        reason = getattr(error, "stderr", None) or b""
        return f"{commit.short} cannot be checked out: {_last(reason.decode(errors='replace'))}"
    # 1 is a failed cell, which its result says, but also any error before the first cell
    if code == 0 or (code == 1 and all(file.is_file() for file in asked)):
        return None
    return f"the run under {commit.short} ended with exit code {code}: {said}"


@contextmanager
def _checked_out(commit: Commit) -> Iterator[Path]:
    """Give the files of a commit for a time; what a killed run left behind is forgotten first."""
    git = ["git", "-C", str(commit.top), "worktree"]
    subprocess.run([*git, "prune"], check=True, capture_output=True, timeout=_SECONDS)
    with TemporaryDirectory(prefix="cslbench-") as parent:
        tree = Path(parent, "tree")
        subprocess.run(
            [*git, "add", "--detach", "--quiet", str(tree), commit.id],
            check=True, capture_output=True, timeout=_SECONDS,
        )  # fmt: skip
        try:
            yield tree
        finally:
            subprocess.run(
                [*git, "remove", "--force", str(tree)],
                check=False, capture_output=True, timeout=_SECONDS,
            )  # fmt: skip


def _run(tree: Path, arguments: Sequence[str], out: int) -> tuple[int, str]:
    """Run it, and return its exit code and the last that it said of errors."""
    # -P: the present folder may hold another `benchmark`
    command = [sys.executable, "-P", "-m", "benchmark", *arguments]
    others = os.environ.get("PYTHONPATH")  # where a plugin's imports may lie
    path = os.pathsep.join([str(tree), others] if others else [str(tree)])
    environment = {**os.environ, "PYTHONPATH": path}
    with TemporaryFile("w+") as errors, Stop() as stop:
        # a session of its own: Ctrl-C of a terminal reaches it once, by us
        process = subprocess.Popen(
            command, env=environment, stdout=out, stderr=errors, start_new_session=True
        )
        signalled = False
        while process.poll() is None:
            if stop.signum is not None and not signalled:
                process.send_signal(stop.signum)
                signalled = True
            try:
                process.wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        if stop.signum is not None:
            raise SystemExit(128 + stop.signum)
        errors.seek(0)
        return process.returncode, _last(errors.read())


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:_LONGEST] if lines else "it said nothing"
