"""The workflows: what they run is there, and what they keep is kept whatever came of the night."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from benchmark.cli import application
from tests.pages import BLOCKS

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def steps(name: str) -> list[dict[str, Any]]:
    """Return the steps of a workflow, its jobs one after the other."""
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


def recipe() -> list[dict[str, Any]]:
    """Return the steps of the short form that docs/ci.md shows."""
    (text,) = (block.text for block in BLOCKS if block.mark == "file: nightly-workflow.yml")
    return list(yaml.safe_load(text)["jobs"]["nightly"]["steps"])


NIGHTS = [pytest.param(steps("nightly.yml"), id="ours"), pytest.param(recipe(), id="docs")]


def test_actionlint_finds_nothing() -> None:
    """Where it is installed."""
    if shutil.which("actionlint") is None:
        pytest.skip("actionlint is not installed")
    done = subprocess.run(["actionlint", *WORKFLOWS], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def command(verb: str) -> list[str]:
    """Return the arguments of the one command of a verb in the nightly workflow."""
    lines = [step.get("run", "") for step in steps("nightly.yml")]
    (line,) = [line for line in lines if line.startswith(f"cslbench {verb} ")]
    return shlex.split(line.partition(" || ")[0].replace("$NIGHT", "2026-11-24"))[1:]


def test_the_nightly_command_is_one_that_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it stands in the workflow, foreseen only: every cell of the matrix would run."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(application(), [*command("nightly"), "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "night 2026-11-24 in nights/2026-11-24: nightly, " in done.output


def test_the_nights_site_is_made_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its history, also of a night of which nothing came; it lies beside the nights."""
    monkeypatch.chdir(tmp_path)
    Path("nights/2026-11-24").mkdir(parents=True)
    done = CliRunner().invoke(application(), command("site"))
    assert done.exit_code == 0, done.output
    kept = next(step["with"] for step in steps("nightly.yml") if "upload" in step.get("uses", ""))
    assert "site" in kept["path"].split()
    assert Path("site/pages/history.html").is_file()
    assert [*Path("nights/2026-11-24").iterdir()] == []


@pytest.mark.parametrize("after", NIGHTS)
def test_what_a_night_leaves_is_kept_whatever_it_came_to(after: list[dict[str, Any]]) -> None:
    """The history, the summary and the artefact, also after exit 1, 2 or 3."""
    names = [step.get("uses", step.get("run", "")) for step in after]
    night = next(k for k, name in enumerate(names) if name.startswith("cslbench nightly"))
    assert all(step["if"] == "always()" for step in after[night + 1 :])
    kept = {name: after[k]["with"] for k, name in enumerate(names) if "cache" in name}
    assert [*kept] == ["actions/cache/restore@v4", "actions/cache/save@v4"]
    restored, saved = kept.values()
    assert restored["path"] == saved["path"] == "nights"
    assert restored["key"] == saved["key"]
    assert restored["key"].startswith(restored["restore-keys"])


@pytest.mark.parametrize("code", [0, 1, 2, 3])
@pytest.mark.parametrize("found", NIGHTS)
def test_only_an_inconclusive_night_goes_on_with_a_warning(
    found: list[dict[str, Any]], code: int, tmp_path: Path
) -> None:
    """In the shell that GitHub takes, which ends at the first command that fails."""
    (script,) = [s["run"] for s in found if s.get("run", "").startswith("cslbench nightly")]
    program = tmp_path / "cslbench"
    program.write_text(f"#!/bin/sh\nexit {code}\n")
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "NIGHT": "2026-11-24"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == {3: 0}.get(code, code)
    assert done.stdout.startswith("::warning::") == (code == 3)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_of_a_stranger_gets_into_a_shell(path: Path) -> None:
    """No expression stands in a line that a shell runs; it comes by the environment."""
    lines = [step["run"] for step in steps(path.name) if "run" in step]
    assert lines
    assert not [line for line in lines if re.search(r"\$\{\{", line)]
