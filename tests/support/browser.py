"""Chromium driven through its DevTools protocol, as a person would use it."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import websocket

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_WIDTH, _HEIGHT = 1280, 800


class Tab:
    """One page that is open."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self._socket, self._number = socket, 0
        self.troubles: list[str] = []

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """One command of the protocol; what the page complains of meanwhile is kept."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == self._number:
                assert "error" not in message, (method, message["error"])
                result: dict[str, Any] = message["result"]
                return result
            self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Runtime.exceptionThrown":
            self.troubles.append(str(message["params"]["exceptionDetails"]))
        if message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            if entry["level"] == "error":
                self.troubles.append(f"{entry['text']} {entry.get('url', '')}")

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, condition: str, seconds: float = 60) -> Any:
        """Until the expression is true; its value."""
        end = time.monotonic() + seconds
        while not (value := self.run(condition)):
            assert time.monotonic() < end, (condition, self.troubles, self.text("body"))
            time.sleep(0.05)
        return value

    def text(self, selector: str) -> str:
        """What can be read there."""
        return str(self.run(f"document.querySelector({json.dumps(selector)}).innerText"))

    def click(self, words: str, within: str = "body") -> None:
        """Press the button that says this."""
        script = (
            f"[...document.querySelectorAll({json.dumps(within + ' button')})]"
            f".find((one) => one.innerText.trim() === {json.dumps(words)}).click()"
        )
        self.run(script)

    def fill(self, selector: str, value: str) -> None:
        """Type into a field."""
        self.run(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(value)}")

    def choose_files(self, selector: str, paths: Sequence[Path]) -> None:
        """What a person does in the file dialog."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def drop_files(self, selector: str, paths: Sequence[Path]) -> None:
        """Drag files from a folder onto an element and let go."""
        x, y = self.run(
            f"(() => {{ const box = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect(); return [box.x + box.width / 2, box.y + 20]; })()"
        )
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def take_picture(self, path: Path) -> None:
        """The window as it is."""
        shot = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def browsing(folder: Path, url: str) -> Iterator[Tab]:
    """A window of 1280×800 on this page; what it saves comes into ``folder/saved``."""
    profile, saved = folder / "profile", folder / "saved"
    saved.mkdir()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0")
    more = (f"--user-data-dir={profile}", f"--window-size={_WIDTH},{_HEIGHT}", "about:blank")
    process = subprocess.Popen([str(program), *options, *more], stderr=subprocess.DEVNULL)
    try:
        socket = websocket.create_connection(_find_page(profile), timeout=120, suppress_origin=True)
        tab = Tab(socket)
        for domain in ("Page", "Runtime", "Log", "DOM"):
            tab.call(f"{domain}.enable")
        size = {"width": _WIDTH, "height": _HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        tab.call("Emulation.setDeviceMetricsOverride", **size)
        tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(saved))
        tab.call("Page.navigate", url=url)
        tab.wait("location.href !== 'about:blank' && document.readyState === 'complete'")
        yield tab
        socket.close()
    finally:
        process.kill()
        process.wait(30)


def _find_page(profile: Path) -> str:
    place = profile / "DevToolsActivePort"
    for _ in range(600):
        if place.exists() and len(lines := place.read_text(encoding="utf-8").split()) > 1:
            with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json", timeout=30) as found:
                pages = [page for page in json.load(found) if page["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise TimeoutError(profile)


def saved_file(folder: Path, ending: str, seconds: float = 60) -> Path:
    """The file that was saved, once it is whole."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = [path for path in (folder / "saved").glob(f"*{ending}") if path.stat().st_size]
        if found:
            return found[0]
        time.sleep(0.05)
    raise TimeoutError([path.name for path in (folder / "saved").iterdir()])
