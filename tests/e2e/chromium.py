"""Chromium without a window, driven over its debugging pipe (no library): for tests and for the
docs' pictures.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--disable-extensions --hide-scrollbars --remote-debugging-pipe"
)


def find() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for found in map(shutil.which, names) if found), None)


def pipe() -> list[int]:
    """A pipe's ends, off the numbers 3 and 4 that chromium reads and writes."""
    low = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in low]
    for end in low:
        os.close(end)
    return high


class Browser:
    """One page in a headless chromium."""

    def __init__(self, program: str, profile: Path) -> None:
        (down, self._to), (self._from, up) = pipe(), pipe()
        script = (
            f'exec "{program}" {FLAGS} --user-data-dir="{profile}" about:blank 3<&{down} 4>&{up}'
        )
        self._process = subprocess.Popen(
            ["bash", "-c", script],
            pass_fds=(down, up),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(down)
        os.close(up)
        self._number, self._session, self._rest = 0, "", b""
        self.events: list[dict[str, Any]] = []
        pages = [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        self._session = self.call(
            "Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True
        )["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self.events.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._from, 1 << 20)
            assert part, "chromium has ended"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def open(self, page: Path) -> None:
        self.call("Page.navigate", url=page.as_uri())
        for _ in range(600):
            if self.js("document.readyState === 'complete' && location.protocol === 'file:'"):
                return
            time.sleep(0.05)
        raise AssertionError("the page does not load")

    def js(self, expression: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        for key in keys:
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            codes = {
                "Enter": 13,
                "Escape": 27,
                "Tab": 9,
                "ArrowDown": 40,
                "ArrowRight": 39,
                " ": 32,
            }
            code = codes.get(key, ord(key.upper()) if len(key) == 1 else 0)
            more = {"text": text} if text else {}
            self.call(
                "Input.dispatchKeyEvent",
                type="keyDown",
                key=key,
                windowsVirtualKeyCode=code,
                **more,
            )
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def size(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def scheme(self, value: str) -> None:
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": value}],
        )

    def screenshot(self, file: Path) -> bytes:
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        file.write_bytes(data)
        return data

    def visible(self) -> list[str]:
        """The names in the rows that are shown, in their order."""
        return list(
            self.js(
                "[...document.querySelectorAll('tr.w:not([hidden]) .name')].map(name => "
                "name.textContent)"
            )
        )

    def requested(self) -> list[str]:
        sent = [
            event["params"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]
        return [
            event["request"]["url"]
            for event in sent
            if not event["request"]["url"].startswith("file:")
        ]

    def complaints(self) -> list[Any]:
        bad = ("Runtime.exceptionThrown", "Log.entryAdded")
        return [event for event in self.events if event.get("method") in bad]

    def close(self) -> None:
        for pipe in (self._to, self._from):
            os.close(pipe)
        self._process.terminate()
        self._process.wait(20)
