"""Headless Chromium, for what only a browser can tell of a page."""

import json
import os
import shutil
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SECONDS = 60
"""How long a page may take until all is drawn, on a busy machine."""


class Browser:
    """One Chromium; ``open`` shows a page as a reader with some device sees it."""

    def __init__(self, driver: Chrome) -> None:
        self._driver = driver

    def open(self, file: Path, width: int = 1280, scheme: str = "light") -> None:
        """Open a page and wait until all of its plots are drawn.

        Args:
            file: on disk.
            width: of the window, in pixels.
            scheme: ``light`` or ``dark``.
        """
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        self.prefer(scheme)
        self._driver.get_log("browser"), self._driver.get_log("performance")
        self._driver.get(file.absolute().as_uri())
        done = "return document.documentElement.dataset.drawn !== undefined"
        WebDriverWait(self._driver, SECONDS, poll_frequency=0.05).until(lambda _: self.run(done))

    def prefer(self, scheme: str) -> None:
        """Turn to the light or the dark scheme."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", features=features)
        # The page hears of it before the next frame is drawn.
        self._driver.execute_async_script(
            "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
        )

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script in the page returns."""
        return self._driver.execute_script(script, *arguments)

    def command(self, name: str, **arguments: Any) -> Any:
        """What a command of the DevTools protocol answers."""
        return self._driver.execute_cdp_cmd(name, arguments)

    @property
    def complaints(self) -> list[str]:
        """What has come to the console since the page was opened."""
        return [entry["message"] for entry in self._driver.get_log("browser")]

    @property
    def requests(self) -> list[str]:
        """The addresses that the page has asked for since, but for data within it."""
        events = [json.loads(entry["message"]) for entry in self._driver.get_log("performance")]
        asked = [
            event["message"]["params"]["request"]["url"]
            for event in events
            if event["message"]["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in asked if not url.startswith(("data:", "blob:"))]

    def picture(self, file: Path) -> None:
        """The whole page as a PNG."""
        shot = self.command("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(b64decode(shot["data"]))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, closed in the end; skips the test where there is none."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs Debian's packages chromium and chromium-driver")
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    if os.getuid() == 0:
        options.add_argument("--no-sandbox")  # which Chromium refuses to have as root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options, ChromeService(DRIVER))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
