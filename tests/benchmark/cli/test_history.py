"""`cslbench history`: the table, the steps, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application
from tests.benchmark.checks.nighttime import draw, part


def history(*arguments: str | Path) -> Result:
    """Run the verb."""
    return CliRunner().invoke(application(), ["history", *map(str, arguments)])


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight nights; from the fifth on both methods are 4 points lower; a file that is none."""
    from benchmark.matrix.rotate import rotated

    root = tmp_path_factory.mktemp("history")
    for day in range(1, 9):
        folder = root / "nights" / f"2026-11-0{day}" / "results"
        matrix = rotated(part(root), range(3 * day, 3 * day + 3))
        draw(matrix, folder, mean=70.0 if day < 5 else 66.0)
    (folder / "damaged.json").write_text("{")
    (root / "nights" / "notes").mkdir()
    return root / "nights"


def test_steps_are_shown_by_method_and_cell(nights: Path) -> None:
    """With the night they came; what cannot be read is named; exit 1 only if asked."""
    done = history(nights, "--last", "2")
    assert done.exit_code == 0, done.output
    assert "drop: method simclr: -" in done.stdout
    assert "from 2026-11-04 to 2026-11-05" in done.stdout
    assert "2026-11-07  2026-11-08" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("history: 8 nights, 4 series, 4 steps")
    assert "damaged.json" in done.stderr
    assert history(nights, "--strict").exit_code == 1


def test_a_selection_and_json(nights: Path) -> None:
    """The same selectors as everywhere; twice gives the same bytes."""
    one, two = (history(nights, "-m", "byol", "--json").stdout for _ in "ab")
    assert one == two
    found = json.loads(one)
    assert [series["name"] for series in found["series"]] == ["byol", "byol photos compact smoke"]
    assert [step["night"] for step in found["series"][0]["steps"]] == ["2026-11-05"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("nowhere",), "nowhere: no night"),
        ((__file__,), "the history is a file"),
        (("NIGHTS", "-m", "biol"), "did you mean 'byol'?"),
        (
            ("NIGHTS", "--protocol", "knn"),
            "'knn'; there are scores under: linear",
        ),
        (("NIGHTS", "--alpha", "1"), "--alpha must be above 0"),
    ],
)
def test_a_bad_request_is_one_sentence(wrong: tuple[str, ...], says: str, nights: Path) -> None:
    """Exit 2, no traceback."""
    done = history(*[str(nights) if word == "NIGHTS" else word for word in wrong])
    assert done.exit_code == 2
    assert says in done.output
    assert "Traceback" not in done.output
