"""Drives a headless Chromium through its debugging pipe, with nothing but the standard library."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import dataclass, field
from select import select
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE = 60
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
)
_BASH = shutil.which("bash") or "bash"


class ScriptError(AssertionError):
    """A script that a test ran in the page threw."""


@dataclass
class Page:
    """One tab; `troubles` are errors nobody caught, `dialogs` the texts of alerts."""

    browser: Browser
    session: str
    troubles: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the DevTools protocol, to this tab."""
        return self.browser.send(method, params, self.session)

    def before_loading(self, script: str) -> None:
        """Run a script in every page before its own scripts."""
        self.send("Page.addScriptToEvaluateOnNewDocument", source=script)

    def open(self, url: str) -> None:
        """Go to an address and wait until the page has loaded."""
        self.send("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:
        """The value of an expression; promises are waited for."""
        answer = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise ScriptError(_described(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until an expression is true."""
        deadline = monotonic() + _PATIENCE
        while not self.run(f"Boolean({condition})"):
            if monotonic() > deadline:
                raise TimeoutError(condition)
            self.run("new Promise(done => setTimeout(done, 30))")

    def choose_file(self, selector: str, path: Path) -> None:
        """Put a file into an input, as if the user had chosen it."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        found = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=found, files=[str(path)])

    def picture(self, width: int, height: int) -> bytes:
        """The page as PNG, on a screen of this size."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        return b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        """Close the tab."""
        self.send("Page.close")

    def notice(self, method: str, params: dict[str, Any]) -> None:
        """An event of this tab."""
        if method == "Runtime.exceptionThrown":
            self.troubles.append(_described(params["exceptionDetails"]))
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
            answer = {"accept": True}
            self.browser.write("Page.handleJavaScriptDialog", answer, self.session)


class Browser:
    """A running Chromium; commands go down one pipe, answers and events come up another."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, back
        self._buffer = b""
        self._last = 0
        self._pages: dict[str, Page] = {}

    def new_page(self) -> Page:
        """An empty tab."""
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})
        page = Page(self, attached["sessionId"])
        self._pages[page.session] = page
        for domain in ("Page", "Runtime", "DOM"):
            page.send(f"{domain}.enable")
        return page

    def send(self, method: str, params: dict[str, Any], session: str = "") -> dict[str, Any]:
        """One command and its answer; events that come before it are noticed."""
        number = self.write(method, params, session)
        while True:
            message = self._read()
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                answer: dict[str, Any] = message["result"]
                return answer
            page = self._pages.get(message.get("sessionId", ""))
            if page and "method" in message:
                page.notice(message["method"], message["params"])

    def write(self, method: str, params: dict[str, Any], session: str) -> int:
        """Send a command without waiting; its number."""
        self._last += 1
        command = {"id": self._last, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        return self._last

    def _read(self) -> dict[str, Any]:
        deadline = monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select([self._back], [], [], max(0, deadline - monotonic()))
            more = os.read(self._back, 1 << 16) if ready else b""
            if not more:
                raise TimeoutError("Chromium does not answer")
            self._buffer += more
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message


@contextmanager
def open_browser(profile: Path) -> Iterator[Browser]:
    """A Chromium with an empty profile, ended when the block ends."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    # Chromium wants its pipes as descriptors 3 and 4.
    script = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
    command = [_BASH, "-c", script, "bash", str(program), *_OPTIONS, f"--user-data-dir={profile}"]
    running = subprocess.Popen(
        command,
        pass_fds=(theirs_in, theirs_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(ours_out, ours_in)
    finally:
        os.close(ours_out)  # the end of its input is the end of Chromium
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        os.close(ours_in)


def _described(details: dict[str, Any]) -> str:
    thrown = details.get("exception", {})
    return str(thrown.get("description") or thrown.get("value") or details.get("text"))
