"""Metrics against scipy and scikit-learn, and the clustered interval against simulation."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, top_k_accuracy_score
from torch import Tensor

from benchmark.evaluation.metrics import confusion, share, top_k


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (10, 10), (1, 3), (857, 1000), (5000, 9999)])
def test_wilson_agrees_with_scipy(successes: int, n: int) -> None:
    """To 1e-9 of a percent, at the edges too."""
    expected = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    score = share(torch.arange(n) < successes)
    assert score.value == pytest.approx(100 * successes / n, abs=1e-9)
    assert score.low == pytest.approx(100 * expected.low, abs=1e-9)
    assert score.high == pytest.approx(100 * expected.high, abs=1e-9)
    assert (score.unit, score.n, score.interval) == ("%", n, "wilson")


def clustered(generator: torch.Generator, mean: float) -> tuple[Tensor, Tensor]:
    """Draw 40 groups of 5 to 15 outcomes, each group with a probability of its own."""
    sizes = torch.randint(5, 16, (40,), generator=generator)
    groups = torch.repeat_interleave(torch.arange(40), sizes)
    # uniform(-0.2, 0.2) around the mean, which so stays the mean
    chance = mean + 0.4 * torch.rand(40, generator=generator) - 0.2
    return torch.rand(len(groups), generator=generator) < chance[groups], groups


@pytest.mark.parametrize("mean", [0.5, 0.75])
def test_the_clustered_interval_covers_and_the_plain_one_does_not(mean: float) -> None:
    """Over 1,000 draws: 93 to 97.5 % contain the truth; without groups over 2 points fewer."""
    generator = torch.Generator().manual_seed(7)
    robust = plain = 0
    for _ in range(1000):
        correct, groups = clustered(generator, mean)
        score, naive = share(correct, groups), share(correct)
        robust += score.low <= 100 * mean <= score.high
        plain += naive.low <= 100 * mean <= naive.high
    assert 930 <= robust <= 975
    assert plain <= robust - 20


def test_groups_of_equal_outcomes_count_as_one_example_each() -> None:
    """Ten copies of 50 outcomes: about Wilson's interval for 50, a little wider by Student's t."""
    outcomes = torch.arange(50) < 30
    copied = share(outcomes.repeat_interleave(10), torch.arange(50).repeat_interleave(10))
    single = share(outcomes)
    assert copied.n == 500
    assert copied.high - copied.low == pytest.approx(single.high - single.low, rel=0.05)
    assert copied.high - copied.low > single.high - single.low


def test_clustered_intervals_have_a_width_at_the_edges() -> None:
    """All right and all wrong, in 12 groups: inside 0 to 100 and no wider than 12 examples say."""
    groups = torch.arange(120) % 12
    right = share(torch.ones(120, dtype=torch.bool), groups)
    wrong = share(torch.zeros(120, dtype=torch.bool), groups)
    assert (right.high, wrong.low) == (100.0, 0.0)
    assert 60 < right.low < 80
    assert wrong.high == pytest.approx(100 - right.low)


def test_top_k_agrees_with_scikit_learn() -> None:
    """Top-1 and top-5 of 12 classes, in percent."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 12
    logits = torch.randn(300, 12, generator=generator) + torch.eye(12)[labels]
    for k in (1, 5):
        expected = top_k_accuracy_score(labels.numpy(), logits.numpy(), k=k)
        assert top_k(logits, labels, k).value == pytest.approx(100 * expected)


def test_of_equal_logits_the_lower_class_comes_first() -> None:
    """Constant logits put every example in class 0, as argmax does."""
    labels = torch.tensor([0, 1, 2, 3])
    assert top_k(torch.zeros(4, 4), labels).value == 25.0
    assert top_k(torch.zeros(4, 4), labels, k=3).value == 75.0


def test_confusion_agrees_with_scikit_learn() -> None:
    """Labels by row, predictions by column; the sum is n and the diagonal top-1."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 5
    logits = torch.randn(300, 5, generator=generator) + torch.eye(5)[labels]
    table = confusion(logits, labels)
    assert table.tolist() == confusion_matrix(labels, logits.argmax(dim=1)).tolist()
    assert int(table.sum()) == 300
    assert int(table.diagonal().sum()) / 3 == pytest.approx(top_k(logits, labels).value)


def test_unfit_input_is_refused() -> None:
    """NaN logits, k beyond the classes, one group, no example."""
    labels = torch.tensor([0, 1])
    with pytest.raises(ValueError, match="finite"):
        top_k(torch.full((2, 2), torch.nan), labels)
    with pytest.raises(ValueError, match=r"k in 1\.\.2, the classes \(got 5\)"):
        top_k(torch.zeros(2, 2), labels, k=5)
    with pytest.raises(ValueError, match="at least 2 groups"):
        top_k(torch.zeros(2, 2), labels, groups=torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="one for each of 2 examples"):
        share(torch.tensor([True, False]), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match="at least one example"):
        share(torch.zeros(0, dtype=torch.bool))
