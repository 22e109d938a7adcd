"""The worker's real start: what it allows, and what it refuses in words."""

from __future__ import annotations

import pytest

from benchmark.engines.engine import Options, Work
from benchmark.engines.local import LocalEngine
from benchmark.errors import UsageError
from tests.benchmark.engines.fakes import LINEAR, make_cell


@pytest.mark.parametrize("gib", [0.05, 0.2])
def test_a_limit_that_the_program_itself_exceeds_is_refused_in_one_sentence(gib: float) -> None:
    """Torch alone takes more, and without memory it dies of SIGSEGV or an ImportError."""
    options = Options(workers=1, memory=int(gib * 2**30))
    with pytest.raises(UsageError) as caught:
        LocalEngine().run(
            [Work(make_cell("simclr"), LINEAR)], options=options, on_event=lambda _: None
        )
    said = str(caught.value)
    assert said.startswith(f"--memory {gib:g} GiB is too little to start (the program takes ")
    assert said.endswith(" GiB before the first cell)")
