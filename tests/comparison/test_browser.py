"""The report in a real browser: Chromium, driven without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if CHROMIUM is None or DRIVER is None:
    pytest.skip("needs chromium and chromedriver", allow_module_level=True)
FLAGS = (
    "headless=new",
    "no-sandbox",  # CI is root
    "disable-gpu",
    "disable-dev-shm-usage",
    "no-first-run",
    "disable-background-networking",  # a test asks no host for anything
    "disable-component-update",
    "disable-sync",
)
webdriver = pytest.importorskip("selenium.webdriver")


@pytest.fixture(scope="module")
def browser(finished: Path) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in FLAGS:
        options.add_argument(f"--{word}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    driver.get((finished / "report.html").as_uri())
    yield driver
    driver.quit()


def resize(browser: Any, width: int) -> None:
    wish = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", wish)


def first_column(browser: Any) -> list[str]:
    script = "return [...document.querySelector('table').tBodies[0].rows]"
    return browser.execute_script(f"{script}.map((row) => row.cells[0].textContent)")


def test_images_load_and_the_console_is_silent(browser: Any) -> None:
    script = "return [...document.images].map((i) => [i.complete, i.naturalWidth])"
    images = browser.execute_script(script)
    assert images
    assert all(complete and width > 0 for complete, width in images)
    assert browser.get_log("browser") == []
    assert browser.execute_script("return JSON.parse(results.textContent).version") == 1


@pytest.mark.parametrize("width", [380, 768, 1280])
def test_no_width_scrolls_sideways(browser: Any, width: int) -> None:
    resize(browser, width)
    page, window = browser.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert page <= window == width


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_tables_sort(browser: Any, how: str) -> None:
    resize(browser, 1280)
    browser.refresh()
    assert first_column(browser) == ["none", "reference", "sirst5k"]
    values = browser.execute_script(
        "return [...document.querySelector('table').tBodies[0].rows].map("
        "(row) => [Number(row.cells[1].dataset.value), row.cells[0].textContent])"
    )
    button = browser.find_elements("css selector", "table th button")[1]
    for reverse, said in ((False, "ascending"), (True, "descending")):
        if how == "click":
            button.click()
        else:
            button.send_keys("\ue007")
        assert first_column(browser) == [name for _, name in sorted(values, reverse=reverse)]
        head = button.find_element("xpath", "..")
        assert head.get_attribute("aria-sort") == said


def test_what_has_no_figure_stands_last(browser: Any) -> None:
    browser.refresh()
    found = browser.execute_script(
        """
        const table = document.querySelector("table");
        delete table.tBodies[0].rows[0].cells[1].dataset.value;
        table.tBodies[0].rows[0].cells[1].textContent = "–";
        const button = table.tHead.rows[0].cells[1].querySelector("button");
        const last = () => [...table.tBodies[0].rows].at(-1).cells[1].textContent;
        button.click(); const up = last(); button.click(); return [up, last()];
        """
    )
    assert found == ["–", "–"]


def test_everything_has_a_name(browser: Any) -> None:
    nameless = browser.execute_script(
        """
        const named = (e) => (e.getAttribute("aria-label") || e.alt || e.textContent).trim();
        return [...document.querySelectorAll("button, img, svg[role=img], [role=region], table")]
          .filter((e) => !named(e)).map((e) => e.outerHTML.slice(0, 90));
        """
    )
    assert nameless == []
    assert browser.execute_script("return document.documentElement.lang") == "en"


def test_print_loses_nothing_at_the_side(browser: Any) -> None:
    resize(browser, 720)  # an A4 page without its margins
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    wide = browser.execute_script(
        "return [...document.querySelectorAll('table, svg, img, pre')]"
        ".filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1)"
        ".map((e) => e.outerHTML.slice(0, 90))"
    )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert wide == []
