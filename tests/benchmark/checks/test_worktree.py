"""A program at another commit: when it counts as having run, and where it finds its imports."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from benchmark.checks import worktree
from benchmark.store import revision

STDERR = 2


def under(folder: Path, program: str, *arguments: str, asked: tuple[Path, ...] = ()) -> str | None:
    """Commit a program and run it as that commit has it."""
    checkout = folder / "checkout"
    (checkout / "benchmark").mkdir(parents=True)
    (checkout / "benchmark" / "__init__.py").touch()
    (checkout / "benchmark" / "__main__.py").write_text(program)
    git = ["git", "-C", str(checkout), "-c", "user.name=a", "-c", "user.email=a@b"]
    for verb in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *verb], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(checkout)
        commit = revision.commit("HEAD")
    assert commit is not None
    return worktree.run(commit, arguments, STDERR, asked)


def test_a_program_that_cannot_start_has_not_run(tmp_path: Path) -> None:
    """A traceback is exit 1, as a failed cell is: what it said comes back."""
    said = under(tmp_path, "import no_such_module\n", asked=(tmp_path / "a.json",))
    assert said is not None
    assert "ended with exit code 1: ModuleNotFoundError: No module named 'no_such_module'" in said


@pytest.mark.parametrize(("left", "ran"), [(("a", "b"), True), (("a",), False), ((), False)])
def test_a_failed_cell_is_a_run_that_left_every_file(
    left: tuple[str, ...], ran: bool, tmp_path: Path
) -> None:
    """Exit 1 with a file of each cell: what became of them, they say themselves."""
    program = "import sys\nfor path in sys.argv[1:]:\n    open(path, 'w').close()\nsys.exit(1)\n"
    asked = (tmp_path / "a", tmp_path / "b")
    said = under(tmp_path, program, *(str(tmp_path / name) for name in left), asked=asked)
    assert (said is None) == ran


def test_the_users_import_path_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the commit's own program, which comes first."""
    mine = tmp_path / "mine"
    (mine / "benchmark").mkdir(parents=True)
    (mine / "of_the_user.py").touch()
    for name in ("__init__.py", "__main__.py"):
        (mine / "benchmark" / name).write_text("raise SystemExit(3)\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(mine)]))
    assert under(tmp_path, "import of_the_user\n") is None
