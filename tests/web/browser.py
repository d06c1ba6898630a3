"""Debian's Chromium, driven by Playwright: offline but for the server under test, and strict about what a page does."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect

from tests.house.source import ROOT

WEB = ROOT / "fieldsync" / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

TIMEOUT_MS = 60_000
"""For whatever is waited for, on a machine that does other things too; no test waits for it to pass."""

expect.set_options(timeout=TIMEOUT_MS)

PHONE, LAPTOP = (360, 740), (1280, 800)

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
GRAVE = ("serious", "critical")

TOASTS_STAY = """(() => {
  const later = window.setTimeout;
  window.setTimeout = (act, after, ...told) => (after >= 5000 ? 0 : later(act, after, ...told));
})();"""
"""What goes by itself after a while stays until the story has looked at it, however slow the machine is."""

HARMLESS = (
    "[DOM] Password forms should have",
    "Autofocus processing was blocked",
    "Failed to load resource: the server responded with a status of 4",
)
"""Hints of the browser, and pages that refuse; that every file of a page is there is asked elsewhere."""


@dataclass(frozen=True)
class Screen:
    """A language and a size in which a page is seen."""

    language: str
    width: int
    height: int
    dark: bool = False

    def __str__(self) -> str:
        return f"{self.language}-{self.width}{'-dark' if self.dark else ''}"


SCREENS = [Screen(language, *size) for language in ("ar", "fr") for size in (PHONE, LAPTOP)]


@dataclass
class Watched:
    """A page, and what the browser complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def heard(self, message: ConsoleMessage) -> None:
        """Remember a warning or an error of the console; a refusal by policy is one."""
        if message.type in ("error", "warning") and not message.text.startswith(HARMLESS):
            self.complaints.append(message.text)


def launch(playwright: Playwright) -> Browser:
    """The browser; where it is missing, what to do."""
    assert CHROMIUM, "Chromium is missing: `make test-browser` as root installs it, or set CHROMIUM to its path"
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))


@contextmanager
def opened(browser: Browser, url: str, screen: Screen) -> Iterator[Watched]:
    """A page of its own, with cookies of its own, in a language and a size."""
    context = browser.new_context(
        base_url=url,
        viewport={"width": screen.width, "height": screen.height},
        locale=screen.language,
        color_scheme="dark" if screen.dark else "light",
        reduced_motion="reduce",
        service_workers="block",
    )
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(TOASTS_STAY)
    try:
        yield watch(context)
    finally:
        context.close()


def watch(context: BrowserContext) -> Watched:
    """A new page whose complaints are kept."""
    watched = Watched(context.new_page())
    watched.page.on("console", watched.heard)
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    return watched


def settled(page: Page) -> Page:
    """The page once nothing of it is still on its way: files, fonts, what script has asked for."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => true)")
    expect(page.locator("[aria-busy=true], .htmx-request")).to_have_count(0)
    return page


def faults(page: Page) -> list[str]:
    """What axe finds serious or critical on the present page, with the place."""
    settled(page).evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate("scrollTo(0, 0)")  # else the bar that stays on top covers what axe measures
    page.evaluate(_STAYS_BELOW, "static")
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", list(RULES)
    )
    page.evaluate(_STAYS_BELOW, "")
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']} {node['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


_STAYS_BELOW = "how => document.querySelectorAll('.decide').forEach(bar => { bar.style.position = how; })"
"""The bar of decisions covers what lies behind it, and axe takes that for a small target; people scroll."""


def misfits(page: Page) -> list[str]:
    """What does not fit the screen: a page that scrolls sideways, a target under 44 px outside of a sentence."""
    return list(settled(page).evaluate(_MISFITS))


_MISFITS = """() => {
  const found = [];
  const wide = document.documentElement;
  if (wide.scrollWidth > wide.clientWidth) found.push(`page is ${wide.scrollWidth} px wide`);
  const targets = "a[href], button, summary, input:not([type=hidden]), select, textarea";
  for (const element of document.querySelectorAll(targets)) {
    const within = element.closest("label.check") || element;
    const box = within.getBoundingClientRect();
    const sentence = element.matches("a") && getComputedStyle(element).display === "inline";
    if (!box.width || sentence || element.matches(".skip, .what a")) continue;
    if (box.height < 43.5) found.push(`${element.outerHTML.slice(0, 120)} is ${Math.round(box.height)} px high`);
  }
  return found;
}"""


def shot(page: Page, folder: Path | None, name: str) -> None:
    """Keep a picture of the whole page, where pictures are wanted."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        settled(page).screenshot(path=str(folder / f"{name}.png"), full_page=True)
