"""Chromium, where there is one, and sites to open in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmark.cli import site
from benchmark.cli.history import judged
from benchmark.evidence.claims.model import load_claims
from benchmark.evidence.reported import load_with
from tests.benchmark.report.site import wicked

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the site of a small folder."""
    return made(tmp_path_factory.mktemp("honest"), wicked.honest)


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the site of a stranger's folder."""
    return made(tmp_path_factory.mktemp("attacked"), wicked.wicked)


def made(folder: Path, fill: Callable[[Path], object]) -> Path:
    """Fill a results folder and six nights, and write their site beside them."""
    fill(folder / "results")
    for day in range(1, 7):
        fill(folder / f"nights/2026-11-0{day}/results")
    site.write(
        folder / "site", folder / "results", load_with(()), load_claims(),
        judged(folder / "nights"),
    )  # fmt: skip
    return folder / "site"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium; playwright's own is a download that no test makes."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is missing: pip install 'cslbench[browser]'"
    )
    place = shutil.which("chromium")
    if place is None:
        pytest.skip("chromium is missing: apt-get install chromium")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=place, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Give what opens a file; afterwards nothing may have been said, asked for or run."""
    contexts = []
    told: list[str] = []

    def open_page(path: Path, *, view: str = "", width: int = 1280, scheme: Any = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: told.append(f"error: {error}"))
        page.on("dialog", lambda dialog: told.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: told.extend(_abroad(request.url)))
        page.goto(path.as_uri() + view)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert told == []


def _abroad(address: str) -> list[str]:
    """Return an address that is no file, nor made by the page itself."""
    return [] if address.startswith(("file:", "data:", "blob:")) else [address]
