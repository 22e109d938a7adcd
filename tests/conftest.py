"""One thread in every test, and the folder in which the pages' commands run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.pages import Place

# on two cores many small operations are slower on more
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Give a folder with the files that the pages show and what they run beforehand."""
    made = Place(tmp_path_factory.mktemp("pages"))
    yield made
    made.close()
