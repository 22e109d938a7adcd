"""Randomness as a function: uniform, independent, and the same in any batch."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest, pearsonr
from torch import Tensor

from methods.randomness import Draws, bits, key, permutation, seeded, uniform

MASK = (1 << 64) - 1
SMALLEST_P = 1e-4
"""The draws are fixed, so these tests cannot flicker; a sound generator passes nearly any."""


def splitmix(x: int) -> int:
    """Mix 64 bits with SplitMix64's finaliser, in Python's integers."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def reference(start: int, *counters: int) -> int:
    """Return the bits of one draw, in Python's integers."""
    golden, state = 0x9E3779B97F4A7C15, start & MASK
    for counter in counters:
        state = splitmix(((state ^ splitmix(((counter + 1) * golden) & MASK)) + golden) & MASK)
    return state


@given(
    start=st.integers(-(2**63), 2**63 - 1),
    counters=st.lists(st.integers(0, 2**40), min_size=1, max_size=3),
)
def test_bits_are_the_mix_in_python_integers(start: int, counters: list[int]) -> None:
    """Signed wrap-around arithmetic gives the unsigned mix, for any key and counters."""
    found = int(bits(start, *(torch.tensor(c) for c in counters)))
    assert found & MASK == reference(start, *counters)


def test_the_mix_is_splitmix64s() -> None:
    """Its first output from seed 0 is the published 0xE220A8397B1DCDAF."""
    assert splitmix(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF


def test_keys_differ_by_purpose_and_replicate() -> None:
    """No two of a few thousand names share a key, and a key is stable across versions."""
    keys = {key(replicate, f"purpose {i}") for replicate in range(5) for i in range(1000)}
    assert len(keys) == 5000
    assert key(1, "1/x") != key(11, "/x")
    # printf '0/views' | b2sum -l 64, least significant byte first
    assert key(0, "views").to_bytes(8, "little", signed=True).hex() == "eb1a7e053a8b54c3"


@pytest.mark.parametrize("purpose", ["views", "step", "place"])
def test_numbers_are_uniform(purpose: str) -> None:
    """Kolmogorov-Smirnov on 20,000 draws, and none outside [0, 1)."""
    draws = uniform(key(0, purpose), torch.arange(20_000))
    assert draws.dtype == torch.float32
    assert 0 <= float(draws.min()) < float(draws.max()) < 1
    assert kstest(draws.double().numpy(), "uniform").pvalue > SMALLEST_P
    assert torch.equal(draws * 2**24, (draws * 2**24).round())


def test_each_bit_is_fair() -> None:
    """Each of the 64 bits is set in half of the draws, to five standard deviations."""
    found = bits(key(3, "fair"), torch.arange(10_000))
    for place in range(64):
        share = float(((found >> place) & 1).double().mean())
        assert abs(share - 0.5) < 5 * 0.5 / 100


@pytest.mark.parametrize("high", [2, 3, 7, 25])
def test_integers_are_uniform(high: int) -> None:
    """Chi-square over 0..high-1."""
    draws = Draws(0, "integers", (torch.arange(500),)).integers(20, high)
    counts = torch.bincount(draws.flatten(), minlength=high)
    assert len(counts) == high
    assert chisquare(counts.numpy()).pvalue > SMALLEST_P


def pairs_of(kind: str) -> tuple[Tensor, Tensor]:
    """Return two lists of draws whose names or counters are neighbours."""
    many, one = torch.arange(10_000), torch.ones(10_000, dtype=torch.long)
    if kind == "counters":
        return uniform(key(0, "a"), many), uniform(key(0, "a"), many + 1)
    if kind == "second counters":
        return uniform(key(0, "a"), many, one), uniform(key(0, "a"), many, one + 1)
    if kind == "swapped counters":
        return uniform(key(0, "a"), many, one), uniform(key(0, "a"), one, many)
    if kind == "replicates":
        return uniform(key(0, "a"), many), uniform(key(1, "a"), many)
    if kind == "purposes":
        return uniform(key(0, "view0"), many), uniform(key(0, "view1"), many)
    both = Draws(0, "a", (many,)).uniform(2)
    return both[:, 0], both[:, 1]


KINDS = ["counters", "second counters", "swapped counters", "replicates", "purposes", "columns"]


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_are_independent(kind: str) -> None:
    """No correlation, and all 16 cells of a 4 x 4 table are filled alike (chi-square)."""
    a, b = pairs_of(kind)
    keep = a != b  # swapped counters meet themselves once
    a, b = a[keep], b[keep]
    assert len(a) > 9_990
    assert pearsonr(a.double().numpy(), b.double().numpy()).pvalue > SMALLEST_P
    cells = (a * 4).long() * 4 + (b * 4).long()
    assert chisquare(torch.bincount(cells, minlength=16).numpy()).pvalue > SMALLEST_P


@pytest.mark.parametrize("n", [2, 3, 4])
def test_orders_are_uniform(n: int) -> None:
    """All n! orders come up alike over 2,400 keys (chi-square)."""
    seen = Counter(tuple(permutation(key(0, f"order {i}"), n).tolist()) for i in range(2400))
    assert len(seen) == {2: 2, 3: 6, 4: 24}[n]
    assert chisquare(list(seen.values())).pvalue > SMALLEST_P


@given(n=st.integers(1, 300), start=st.integers(-(2**63), 2**63 - 1))
def test_an_order_holds_each_index_once(n: int, start: int) -> None:
    """Whatever the key."""
    assert sorted(permutation(start, n).tolist()) == list(range(n))


@given(cuts=st.lists(st.integers(1, 31), max_size=4, unique=True))
def test_draws_are_the_same_in_any_batch(cuts: list[int]) -> None:
    """A batch cut anywhere draws what the whole batch draws."""
    epochs, samples = torch.full((32,), 7), torch.arange(32) * 3
    whole = Draws(1, "views", (epochs, samples)).named("crop").uniform(4)
    parts = [
        Draws(1, "views", (e, s)).named("crop").uniform(4)
        for e, s in zip(
            epochs.tensor_split(sorted(cuts)), samples.tensor_split(sorted(cuts)), strict=True
        )
    ]
    assert torch.equal(torch.cat(parts), whole)


def test_counters_broadcast() -> None:
    """A scalar epoch and a row of samples draw as a full table of both does."""
    epoch, sample = torch.tensor(2), torch.arange(5)
    found = Draws(0, "x", (epoch, sample)).uniform(3)
    assert found.shape == (5, 3)
    assert torch.equal(found, Draws(0, "x", (epoch.expand(5), sample)).uniform(3))
    assert Draws(0, "x", (torch.arange(4)[:, None], sample)).uniform(3).shape == (4, 5, 3)
    assert Draws(0, "x", (epoch,)).uniform(3).shape == (3,)


def test_a_longer_draw_begins_with_the_shorter_one() -> None:
    """Asking for more parameters changes none of the first ones."""
    draws = Draws(0, "x", (torch.arange(5),))
    assert torch.equal(draws.uniform(7)[:, :3], draws.uniform(3))


def test_named_draws_nest_by_path() -> None:
    """The purpose is the path of names."""
    draws = Draws(0, "views", (torch.arange(3),))
    nested = draws.named("view0").named("crop")
    assert nested.purpose == "views/view0/crop"
    expected = uniform(key(0, "views/view0/crop"), torch.arange(3)[:, None], torch.arange(2))
    assert torch.equal(nested.uniform(2), expected)


def test_a_seeded_block_leaves_the_global_state_alone() -> None:
    """Inside, the same name gives the same numbers; outside, nothing was drawn, even on error."""
    torch.manual_seed(0)
    expected = torch.rand(4)
    torch.manual_seed(0)
    with seeded(1, "init"):
        first = torch.rand(3)
    with seeded(1, "init"):
        again = torch.rand(3)
    with seeded(2, "init"):
        other = torch.rand(3)
    with pytest.raises(RuntimeError), seeded(3, "init"):
        torch.rand(1) @ torch.rand(2)
    assert torch.equal(torch.rand(4), expected)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
