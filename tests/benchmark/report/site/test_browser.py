"""The site in a real browser: what a person can do, see, and need not see."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.benchmark.report.site.wicked import ATTACK, NAME

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PAGES = (
    "index.html", "pages/methods.html", "pages/cost.html", "pages/robustness.html",
    "pages/claims.html", "pages/history.html", "pages/reading.html", "cell",
)  # fmt: skip
BODY = "#board tbody tr:not(.group)"


def place(site: Path, name: str) -> Path:
    """Return a page; `cell` is SimCLR's, or the only one."""
    cells = sorted((site / "pages/cells").iterdir())
    simclr = [path for path in cells if path.name.startswith("simclr")]
    return (simclr or cells)[0] if name == "cell" else site / name


def methods(page: Page) -> list[str]:
    """Return the methods of the board from top to bottom."""
    found: list[str] = page.locator("#board th.method > :first-child").all_inner_texts()
    return found


def test_rows_are_there_in_their_order(honest: Path, opened: Callable[..., Page]) -> None:
    """Each table from the best mean to the worst, with floor, ceiling, interval and tie range."""
    page = opened(honest / "index.html")
    shown = page.locator("#board tbody").first.locator("tr:not(.group)")
    assert methods(page)[:6] == ["supervised", "simclr", "byol", "yadim", "moco_v2", "random_init"]
    assert shown.nth(1).locator(".rank").inner_text() == "1–2"
    assert shown.nth(1).locator("svg .range, svg .floor, svg .ceiling").count() == 3
    assert shown.nth(1).locator("td.score b").inner_text() == "70.0"
    assert "not comparable" in shown.nth(1).locator(".verdict .chip").inner_text()


def test_a_missing_number_is_a_row(honest: Path, opened: Callable[..., Page]) -> None:
    """A failed cell stands on the board and says so."""
    page = opened(honest / "index.html")
    page.fill("#q", "amdim failed")
    assert methods(page) == ["amdim"]
    assert page.locator(f"{BODY} td.score").inner_text() == "failed"


def test_headers_sort_both_ways_and_back(honest: Path, opened: Callable[..., Page]) -> None:
    """A click sorts, a second one turns round, a third one gives the first order back."""
    page = opened(honest / "index.html", view="#show=ours&group=none&encoder=compact")
    head = page.locator("#board th", has_text="Linear top-1")
    button = head.get_by_role("button")

    def numbers() -> list[float]:
        return [float(text) for text in page.locator("td.score b").all_inner_texts()]

    first = numbers()
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    assert numbers() == sorted(first, reverse=True)
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert numbers() == sorted(first)
    button.click()
    assert head.get_attribute("aria-sort") == "none"
    assert numbers() == first


def test_filters_search_and_groups_choose_rows(honest: Path, opened: Callable[..., Page]) -> None:
    """Each narrows, the line above says to how many, and reset gives all back."""
    page = opened(honest / "index.html")
    every = page.inner_text("#status")
    page.select_option("#show", "ours")
    page.select_option("select[data-filter=encoder]", "resnet18")
    assert set(methods(page)) == {
        "supervised", "simclr", "byol", "yadim", "moco_v2", "random_init",
    }  # fmt: skip
    page.fill("#q", "byol")
    assert methods(page) == ["byol"]
    assert page.inner_text("#status") == "1 of 1 rows shown"
    page.fill("#q", "no such thing")
    assert "No row matches" in page.inner_text("#status")
    page.get_by_role("button", name="Reset").click()
    assert page.inner_text("#status") == every
    page.select_option("#show", "ours")
    page.select_option("#group", "method")
    names = page.locator(".group-name").all_inner_texts()
    assert names == ["amdim", "byol", "moco_v2", "random_init", "simclr", "supervised", "yadim"]


def test_reported_rows_say_how_certain_they_are(honest: Path, opened: Callable[..., Page]) -> None:
    """What others published stands in groups of its own, with source and certainty."""
    page = opened(honest / "index.html", view="#show=theirs&certainty=from+memory")
    assert page.locator(BODY).count() > 0
    for row in page.locator(BODY).all():
        assert "reported" in row.locator("th").inner_text()
        assert "from memory" in row.locator("td.score").inner_text()


def test_published_rows_are_asked_for(honest: Path, opened: Callable[..., Page]) -> None:
    """A button on every screen says how many match; what nobody saw in its source is not bold."""
    page = opened(honest / "index.html", width=360)
    assert page.locator("#board .theirs").count() == 0
    button = page.get_by_role("button", name="Published: show ")
    number = int(button.inner_text().split()[-1])
    assert number > 100
    page.fill("#q", "amdim")
    assert 0 < int(button.inner_text().split()[-1]) < number
    button.click()
    bold = "each => Number(getComputedStyle(each).fontWeight) > 500"
    unseen = page.locator("#board .theirs.unseen .score b")
    seen = page.locator("#board .theirs:not(.unseen) .score b")
    assert not unseen.first.evaluate(bold)
    assert seen.first.evaluate(bold)
    page.get_by_role("button", name="Published: hide ").click()
    assert page.locator("#board .theirs").count() == 0
    page.fill("#q", "photos")
    assert page.locator("#published").is_hidden()


def test_a_phone_has_ranks_and_marks_below_the_name(
    honest: Path, attacked: Path, opened: Callable[..., Page]
) -> None:
    """What has no column for want of room; who chose columns, and a wide screen, get columns."""
    phone = opened(honest / "index.html", width=360)
    name = phone.locator("#board tbody").first.locator("th.method").nth(1)
    assert name.locator("small.under").inner_text() == "rank 1–2"
    marked = opened(attacked / "index.html", width=360)
    assert ATTACK in marked.locator("th.method .marks .chip").all_inner_texts()
    assert opened(honest / "index.html").locator("th.method .under").count() == 0
    chosen = opened(honest / "index.html", width=360, view="#columns=method+score")
    assert chosen.locator("th.method .under").count() == 0


def test_a_wide_table_says_that_it_goes_on(honest: Path, opened: Callable[..., Page]) -> None:
    """In words and by a coloured edge, on the side where there is more; a narrow one does not."""
    page = opened(honest / "pages/methods.html", width=640)
    frame = page.locator(".scroll").first
    page.wait_for_selector(".scroll.right")
    said = "each => getComputedStyle(each, '::before').content"
    assert "more to the right" in frame.evaluate(said)
    assert frame.evaluate("each => getComputedStyle(each).boxShadow") != "none"
    frame.evaluate("each => each.scrollTo({left: each.scrollWidth, behavior: 'instant'})")
    page.wait_for_selector(".scroll.left:not(.right)")
    assert "more to the left" in frame.evaluate(said)
    board = opened(honest / "index.html").locator("#frame")
    assert board.get_attribute("data-more") is None


def test_budgets_stand_by_kind_then_number(honest: Path, opened: Callable[..., Page]) -> None:
    """Filter and groups alike; only those of rows that are shown can be chosen."""
    page = opened(honest / "index.html", view="#show=all&group=budget")
    values = page.locator("select[data-filter=budget] option").all_inner_texts()[1:]
    epochs = [value for value in values if " epochs" in value]
    assert values[: len(epochs)] == epochs
    numbers = [int(value.split()[0]) for value in epochs]
    assert numbers == sorted(numbers)
    assert numbers[0] < 1000 == numbers[-1]
    assert values[-1] == "not stated"
    groups = page.locator(".group-name").all_inner_texts()
    assert groups == [value for value in values if value in groups]
    page.select_option("#show", "ours")
    assert page.locator("select[data-filter=budget] option", has_text="epochs").count() == 0


def test_what_is_unknown_or_unseen_is_said_once(honest: Path, opened: Callable[..., Page]) -> None:
    """Neither "from memory" nor "not stated" stands twice in one cell."""
    page = opened(honest / "index.html", view="#show=theirs&certainty=from+memory")
    for text in page.locator("td.score").all_inner_texts():
        assert text.count("from memory") == 1
    said = page.evaluate("window.cslbench.setting({encoder: 'not stated', budget: 'not stated'})")
    assert said == ["encoder and budget not stated"]


def test_a_view_can_be_sent_as_a_link(honest: Path, opened: Callable[..., Page]) -> None:
    """The address holds what was chosen; whoever opens it sees the same."""
    page = opened(honest / "index.html")
    page.select_option("#show", "ours")
    page.fill("#q", "yadim")
    page.get_by_role("button", name="Method").click()
    other = opened(honest / "index.html")
    other.goto(page.url)
    other.reload()
    assert methods(other) == methods(page) == ["yadim", "yadim"]
    assert other.input_value("#q") == "yadim"


def heads(page: Page) -> list[str]:
    """Return the columns of the board from left to right."""
    found: list[str] = page.locator("#board thead button").all_inner_texts()
    return found


def downloaded(page: Page) -> list[dict[str, str]]:
    """Press the button and return the lines of the file, by the names in its first one."""
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download CSV").click()
    text = Path(waited.value.path()).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_columns_are_chosen_by_keyboard_and_kept(honest: Path, opened: Callable[..., Page]) -> None:
    """Each has a named box; the address keeps the choice, on a narrow screen, too."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = opened(honest / "index.html", view="#show=ours")
    usual = heads(page)
    assert usual == ["Rank", "Method", "Linear top-1, %", "n", "knn", "Above floor", "Verdict",
                     "Reported", "Marks", "Cost"]  # fmt: skip
    page.locator("summary", has_text="Columns").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("group", name="Columns that are shown").is_visible()
    assert page.get_by_role("checkbox", name="Method").is_disabled()
    page.get_by_role("checkbox", name="Verdict").focus()
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.dataset.column") == "kind"
    page.get_by_role("checkbox", name="Dataset, encoder, budget").check()
    chosen = [*usual[:2], "Dataset, encoder, budget", *usual[2:6], *usual[7:]]
    assert heads(page) == chosen
    found = axe.Axe().run(page, options={"preload": False})
    assert [each["id"] for each in found.response["violations"]] == []

    phone = opened(honest / "index.html", width=360)
    assert heads(phone) == ["Method", "Linear top-1, %", "Verdict"]
    phone.goto(page.url)
    phone.reload()
    assert heads(phone) == chosen
    assert phone.evaluate("document.documentElement.scrollWidth") == 360

    page.get_by_role("button", name="Usual columns").click()
    assert heads(page) == usual
    assert "columns" not in page.url
    assert page.evaluate("document.activeElement.type") == "checkbox"


def test_a_rank_comes_back_with_its_table(honest: Path, opened: Callable[..., Page]) -> None:
    """In other groups a rank says nothing: its box waits, also while others are changed."""
    page = opened(honest / "index.html", view="#show=ours&group=method")
    page.locator("summary", has_text="Columns").click()
    assert page.get_by_role("checkbox", name="Rank").is_disabled()
    page.get_by_role("checkbox", name="Marks").uncheck()
    assert "Rank" not in heads(page)
    page.select_option("#group", "table")
    assert "Rank" in heads(page)
    assert "Marks" not in heads(page)


def test_the_file_holds_what_is_shown(honest: Path, opened: Callable[..., Page]) -> None:
    """Rows after search and filters, in their order and with their group; the columns shown."""
    page = opened(honest / "index.html", view="#show=ours&columns=method+score+n&encoder=resnet18")
    page.fill("#q", "y")
    page.get_by_role("button", name="Linear top-1").click()
    lines = downloaded(page)
    assert list(lines[0]) == ["group", "method", "variant", "checkpoint", "role",
                              "linear top-1, %", "low, %", "high, %", "state", "n"]  # fmt: skip
    assert [line["method"] for line in lines] == methods(page)
    assert {line["group"] for line in lines} == {page.locator(".group-name").inner_text()}
    shown = page.locator("td.score b").all_inner_texts()
    assert [f"{float(line['linear top-1, %']):.1f}" for line in lines] == shown
    assert page.inner_text("#status") == f"{len(lines)} rows saved as cslbench.csv"
    page.fill("#q", "no such thing")
    assert page.get_by_role("button", name="Download CSV").is_disabled()


def test_the_file_has_more_rows_than_the_page_draws(
    honest: Path, opened: Callable[..., Page]
) -> None:
    """All that match, reported ones as published; a failed one says so in place of a number."""
    page = opened(honest / "index.html", view="#show=all")
    lines = downloaded(page)
    assert page.inner_text("#status") == f"{len(lines)} rows saved as cslbench.csv"
    assert len(lines) > page.locator(BODY).count() == 100
    (amdim,) = [line for line in lines if (line["method"], line["role"]) == ("amdim", "")]
    assert (amdim["state"], amdim["linear top-1, %"]) == ("failed", "")
    reported = [line for line in lines if line["role"] == "reported"]
    assert reported
    assert all(line["state"].startswith("as published: ") for line in reported)


def test_no_cell_of_the_file_is_a_formula(attacked: Path, opened: Callable[..., Page]) -> None:
    """What a spreadsheet would run gets an apostrophe; numbers, negative ones too, stay numbers."""
    page = opened(attacked / "index.html")
    (line,) = [each for each in downloaded(page) if each["role"] == ""]
    assert line["method"] == NAME.partition("[")[0]
    assert line["checkpoint"] == ATTACK
    texts = ["=1+1", "+1", "-1", "@x", " =1", "\t1", "\r=1", "\uff1d1", 'a"b', "a,b", "a\nb", "−1"]
    text = page.evaluate("texts => window.cslbench.csv([[...texts, -1.5, 2, 0, null]])", texts)
    (read,) = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert read[:8] == [f"'{each}" for each in texts[:8]]
    assert read[8:] == [*texts[8:], "-1.5", "2", "0", ""]


def test_everything_works_by_keyboard(honest: Path, opened: Callable[..., Page]) -> None:
    """The first stop skips to the content; a header keeps the focus that it sorts with."""
    page = opened(honest / "index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.querySelector('.skip').getBoundingClientRect().x") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator("#board thead button", has_text="Method").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.key") == "method"
    assert page.locator("#board th[aria-sort=ascending]").count() == 1
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.locator("th.method a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/pages/cells/*.html")
    assert page.locator("h1").count() == 1


def test_dark_is_the_systems_or_ones_own_choice(honest: Path, opened: Callable[..., Page]) -> None:
    """The button turns it round, and what was chosen is kept for the next page."""
    dark = "getComputedStyle(document.body).backgroundColor"
    page = opened(honest / "index.html", scheme="dark")
    by_system = page.evaluate(dark)
    page.get_by_role("button", name="Use light colours").click()
    light = page.evaluate(dark)
    assert by_system != light == "rgb(255, 255, 255)"
    page.get_by_role("link", name="Claims").click()
    page.wait_for_url("**/claims.html")
    assert page.evaluate(dark) == light


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_a_phone(
    name: str, honest: Path, opened: Callable[..., Page]
) -> None:
    """At 360 pixels tables scroll in their frames; the page does not."""
    page = opened(place(honest, name), width=360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    if name == "index.html":
        assert not page.locator("#group").is_visible()
        page.get_by_role("button", name="Filters").click()
        assert page.locator("#group").is_visible()
        frame = page.locator("#frame")
        assert frame.evaluate("each => each.scrollWidth - each.clientWidth") <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(
    name: str, scheme: str, honest: Path, opened: Callable[..., Page]
) -> None:
    """Names, roles, order and contrast, as axe-core checks them."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = opened(place(honest, name), scheme=scheme)
    found = axe.Axe().run(page, options={"preload": False})  # it would fetch the style sheet
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_strangers_text_is_only_text(
    name: str, attacked: Path, opened: Callable[..., Page]
) -> None:
    """Nothing that a result says becomes an element, runs, asks for anything, or is a link to it.

    That nothing ran or was asked for is checked as the page closes.
    """
    page = opened(place(attacked, name))
    assert page.locator("main img, main script:not([type='application/json'])").count() == 0
    links = page.eval_on_selector_all("a", "all => all.map(each => each.protocol)")
    assert set(links) <= {"file:", "https:"}
    if name != "pages/reading.html":
        assert page.locator("main").inner_text()
    if name == "cell":
        assert ATTACK in page.inner_text("main")
    if name == "index.html":
        assert methods(page)[0] == NAME


def test_the_history_is_linked_and_drawn(honest: Path, opened: Callable[..., Page]) -> None:
    """A chart for each method that is not one flat line of text; its name says what it shows."""
    page = opened(honest / "index.html")
    page.get_by_role("link", name="History").click()
    page.wait_for_url("**/history.html")
    charts = page.get_by_role("img")
    assert charts.count() == 6
    assert page.locator("svg.night").first.locator("circle").count() == 6
    label = charts.first.get_attribute("aria-label") or ""
    assert label.startswith("byol, 6 nights: ")
    assert label.endswith("steps: none")


def test_cost_is_shown_in_one_currency_at_a_time(honest: Path, opened: Callable[..., Page]) -> None:
    """Radio buttons switch by keyboard; chart and table of the chosen one alone are there."""
    page = opened(honest / "pages/cost.html")
    assert page.get_by_role("radio", name="FLOP").is_checked()
    page.get_by_role("radio", name="FLOP").focus()
    for name in ("seconds", "images seen", "FLOP"):
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("radio", name=name).is_checked()
        charts = page.get_by_role("img")
        assert charts.count() == 2
        section = page.get_by_role("region", name=f"Cost in {name}", exact=True)
        assert section.get_by_role("img").count() == 2
        assert section.get_by_role("table").count() == 2
    link = page.locator("section.in-flops table a", has_text="simclr").first
    link.click()
    page.wait_for_url("**/pages/cells/simclr*.html")


def test_a_chart_of_costs_is_named_and_told(honest: Path, opened: Callable[..., Page]) -> None:
    """Title and description are the name for who does not see it; every mark is in the table."""
    page = opened(honest / "pages/cost.html", scheme="dark")
    section = page.locator("section.in-flops")
    chart = section.get_by_role("img").first
    assert chart.get_attribute("aria-labelledby") == "t-flops1 d-flops1"
    assert "Pareto front: simclr at " in page.locator("#d-flops1").inner_html()
    rows = section.locator("table").first.locator("tbody tr")
    assert chart.locator(".mark").count() == rows.count() - 1 == 5
    assert rows.last.inner_text().split()[:2] == ["random_init", "floor"]
    shade = "each => getComputedStyle(each).fill"
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert chart.locator(".mark.ceiling").evaluate(shade) == paper
    assert chart.locator(".mark:not(.ceiling)").first.evaluate(shade) != paper


def test_a_cell_page_shows_its_parts(honest: Path, opened: Callable[..., Page]) -> None:
    """Number, replicates with their files, curve, recipe, ledger, provenance, command."""
    page = opened(place(honest, "cell"))
    assert page.locator("h1").inner_text() == "SimCLR"
    assert page.locator("svg.curve polyline").count() == 3
    for name in ("Replicates", "Recipe", "Ledger", "Sanity", "Provenance", "Reproduce"):
        assert page.get_by_role("heading", name=name).count() == 1
    file = page.locator("a[download]").first.evaluate("each => each.href").removeprefix("file://")
    assert Path(file).read_text().startswith("{")
