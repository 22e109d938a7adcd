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

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def steps(name: str) -> list[dict[str, Any]]:
    """Return the steps of a workflow, its jobs one after the other."""
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


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
    return shlex.split(line.replace("$NIGHT", "2026-11-24"))[1:]


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


def test_what_a_night_leaves_is_kept_whatever_it_came_to() -> None:
    """The history, the summary and the artefact, also after exit 1, 2 or 3."""
    after = steps("nightly.yml")
    names = [step.get("uses", step.get("run", "")) for step in after]
    night = next(k for k, name in enumerate(names) if name.startswith("cslbench nightly"))
    assert all(step["if"] == "always()" for step in after[night + 1 :])
    kept = [after[k]["with"] for k, name in enumerate(names) if "cache/" in name]
    assert kept[0]["path"] == kept[1]["path"] == "nights"
    assert kept[0]["key"] == kept[1]["key"]
    assert kept[0]["key"].startswith(kept[0]["restore-keys"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_of_a_stranger_gets_into_a_shell(path: Path) -> None:
    """No expression stands in a line that a shell runs; it comes by the environment."""
    lines = [step["run"] for step in steps(path.name) if "run" in step]
    assert lines
    assert not [line for line in lines if re.search(r"\$\{\{", line)]
