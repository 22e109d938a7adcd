"""MoCo's queue against Python's deque."""

from __future__ import annotations

from collections import deque

import pytest
import torch
from torch.nn import functional as F

from methods.aspects.extraction.queue import KeyQueue


@pytest.mark.parametrize(("size", "batch"), [(12, 4), (6, 6), (5, 1)])
def test_the_queue_is_first_in_first_out(size: int, batch: int) -> None:
    """After any number of pushes it holds the last keys, the oldest being replaced next."""
    torch.manual_seed(0)
    queue = KeyQueue(size, 3)
    truth = deque(map(tuple, queue.keys.tolist()), maxlen=size)
    for _ in range(2 * size // batch + 1):
        keys = F.normalize(torch.randn(batch, 3), dim=1)
        queue.push(keys)
        truth.extend(map(tuple, F.normalize(keys, dim=1).tolist()))
        start = int(queue.position)
        oldest_first = torch.cat([queue.keys[start:], queue.keys[:start]])
        assert [tuple(row) for row in oldest_first.tolist()] == list(truth)


def test_keys_are_unit_vectors_from_the_start() -> None:
    """The random keys of step 0 and whatever is pushed."""
    queue = KeyQueue(8, 5)
    queue.push(torch.randn(4, 5) * 9)
    assert torch.allclose(queue.keys.norm(dim=1), torch.ones(8))


def test_keys_carry_no_gradient() -> None:
    """A bank is a constant, and pushing does not hold on to a graph."""
    queue = KeyQueue(4, 3)
    queue.push(torch.randn(2, 3, requires_grad=True))
    assert not queue.keys.requires_grad


def test_a_push_that_does_not_divide_the_queue_is_refused() -> None:
    """The sentence names both numbers."""
    with pytest.raises(ValueError, match="queue of 8 keys is no multiple of the 3 pushed"):
        KeyQueue(8, 2).push(torch.randn(3, 2))


def test_a_loaded_queue_goes_on_where_it_stood() -> None:
    """Keys and position are in the state."""
    torch.manual_seed(0)
    one, other = KeyQueue(6, 2), KeyQueue(6, 2)
    one.push(torch.randn(2, 2))
    other.load_state_dict(one.state_dict())
    keys = torch.randn(2, 2)
    one.push(keys)
    other.push(keys)
    assert torch.equal(one.keys, other.keys)
    assert int(other.position) == 4
