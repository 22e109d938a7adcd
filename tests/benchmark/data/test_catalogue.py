"""The catalogue knows the datasets and their options without torch or any file."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from benchmark.data import catalogue, load
from benchmark.data.catalogue import CARDS, resolve
from benchmark.errors import UsageError


def test_importing_it_imports_no_torch() -> None:
    """`plan` and `validate` need the catalogue within a fraction of a second."""
    code = "import sys, benchmark.data.catalogue; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("photos", "photos"),
        ("stl10[pretrain=unlabeled]", "stl10"),
        ("stl10[pretrain=train+unlabeled]", "stl10[pretrain=train+unlabeled]"),
        ("imagenet[size=0128, root=mini]", "imagenet[root=mini,size=128]"),
        ("imagenet[root=imagenet]", "imagenet"),
        ("imagefolder[size=64,root=/my/set]", "imagefolder[root=/my/set]"),
    ],
)
def test_aliases_have_one_name(given: str, canonical: str) -> None:
    """Options are sorted and defaults left out, and the canonical name gives the same again."""
    assert resolve(given).name == canonical
    assert resolve(canonical) == resolve(given)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cifar11", "unknown dataset 'cifar11'; did you mean 'cifar10'?"),
        ("photos[size=64]", "photos has no options (got 'size')"),
        (
            "stl10[pretrian=unlabeled]",
            "unknown option of stl10 'pretrian'; did you mean 'pretrain'?",
        ),
        ("stl10[pretrain=all]", "one of unlabeled, train+unlabeled (got 'all')"),
        ("imagenet[size=64.0]", "size must be a whole number of pixels, 8 to 512 (got '64.0')"),
        ("imagenet[size=4096]", "size must be a whole number of pixels, 8 to 512 (got '4096')"),
        (
            "imagenet[size]",
            "dataset: cannot read 'size' in 'imagenet[size]' (write `option=value`)",
        ),
        ("imagenet[size=64,size=64]", "dataset: option 'size' is given twice"),
        ("imagefolder", "the option 'root' must be given, as imagefolder[root=...]"),
        (
            "stl10[pretrain=unlabeled",
            "dataset: cannot read 'stl10[pretrain=unlabeled' (write `name` or",
        ),
    ],
)
def test_a_wrong_name_is_refused_in_words(name: str, message: str) -> None:
    """The sentence says what was given and what is allowed."""
    with pytest.raises(UsageError) as caught:
        resolve(name)
    assert message in str(caught.value)


def test_a_selection_knows_its_sizes() -> None:
    """Image size and counts come from the card or from the options."""
    assert resolve("photos").image_size == 32
    assert resolve("imagenet[size=128]").image_size == 128
    assert resolve("stl10").pretrain == 100_000
    assert resolve("stl10[pretrain=train+unlabeled]").pretrain == 105_000
    assert resolve("imagenet").pretrain is None


@pytest.mark.parametrize("name", ["photos", "digits"])
def test_a_card_tells_the_truth_of_an_embedded_set(name: str) -> None:
    """Counts, classes and size of the card are those of the loaded set."""
    card, loaded = CARDS[name], load(name)
    assert (card.train, card.pretrain, card.test) == (
        len(loaded.train),
        len(loaded.pretrain),
        len(loaded.test),
    )
    assert (card.classes, card.image_size) == (len(loaded.classes), loaded.image_size)
    assert loaded.name == name


PLUGIN = """
from benchmark.data.catalogue import DatasetCard, Option
CARD = DatasetCard("plugged", "plugged_set", 8, 2, 1, 1, 1, options={"kind": Option("plain")})
NOT_A_CARD = 3
def load(options, root, *, download):
    return dict(options), root, download
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package with two entry points, one of them wrong."""
    (tmp_path / "plugged_set.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    points = [
        EntryPoint("plugged", "plugged_set:CARD", catalogue.ENTRY_POINTS),
        EntryPoint("wrong", "plugged_set:NOT_A_CARD", catalogue.ENTRY_POINTS),
    ]

    def installed(group: str, name: str | None = None) -> list[EntryPoint]:
        return [p for p in points if p.group == group and name in (None, p.name)]

    monkeypatch.setattr(catalogue, "entry_points", installed)


@pytest.mark.usefixtures("plugin")
def test_a_plugin_is_a_dataset_like_the_others() -> None:
    """Its card is found by name and its module is asked to load, with the options resolved."""
    assert "plugged" in catalogue.names()
    got: object = load("plugged", Path("/x"), download=True)
    assert got == ({"kind": "plain"}, Path("/x"), True)


@pytest.mark.usefixtures("plugin")
def test_a_plugin_that_is_no_card_is_refused() -> None:
    """The sentence names the entry point and what it gave."""
    with pytest.raises(UsageError, match="must be a DatasetCard \\(got int from plugged_set:NOT"):
        resolve("wrong")
