"""What an editor with the YAML language server shows of a functionConfig, by the real server."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outside import needs_program

from krm_injector import function_config

TEXT = """\
# yaml-language-server: $schema=schema.json
apiVersion: krm-injector.dev/v1alpha1
kind: SidecarInjection
spec:
  method: manaul
  clster: {}
  severities:
    port-collision:\x20
"""


class Server:
    """yaml-language-server over its standard streams (Language Server Protocol 3.17)."""

    def __init__(self) -> None:
        command = ["yaml-language-server", "--stdio"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._number = 0
        # A server that does not answer ends the test: what is read from it ends.
        self._limit = threading.Timer(60, self._process.kill)
        self._limit.start()

    def close(self) -> None:
        self._limit.cancel()
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def notify(self, method: str, **params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        return self.wait(lambda message: message.get("id") == self._number)["result"]

    def wait(self, wanted: Any) -> Any:
        """The next message of that kind. A question of the server gets an empty answer."""
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                items = message["params"].get("items", ())
                result = [None for _ in items] if items else None
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})
            elif wanted(message):
                return message

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps(message).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> Any:
        assert self._process.stdout is not None
        length = 0
        while (line := self._process.stdout.readline()).strip() or not length:
            assert line, "the server has ended"
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self._process.stdout.read(length))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server in which a functionConfig is open, and the file's address."""
    needs_program("yaml-language-server")
    (tmp_path / "schema.json").write_bytes(Path(function_config.SCHEMA_FILE).read_bytes())
    path = tmp_path / "istio-inject.yaml"
    path.write_text(TEXT)
    server = Server()
    try:
        server.ask("initialize", processId=None, rootUri=tmp_path.as_uri(), capabilities={})
        server.notify("initialized")
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": TEXT}
        server.notify("textDocument/didOpen", textDocument=document)
        yield server, path.as_uri()
    finally:
        server.close()


def at(address: str, line: int, character: int) -> dict[str, Any]:
    return {
        "textDocument": {"uri": address},
        "position": {"line": line, "character": character},
    }


@pytest.mark.slow
def test_what_an_editor_shows(opened: tuple[Server, str]) -> None:
    server, address = opened
    published = server.wait(
        lambda message: message.get("method") == "textDocument/publishDiagnostics"
    )
    faults = " ".join(each["message"] for each in published["params"]["diagnostics"])
    assert "clster is not allowed" in faults and '"manual"' in faults

    hover = server.ask("textDocument/hover", **at(address, 4, 4))["contents"]["value"]
    assert "How it is decided who is injected." in hover
    assert "As istioctl kube-inject does" in hover, "the values have their texts"

    hover = server.ask("textDocument/hover", **at(address, 7, 6))["contents"]["value"]
    assert "The application uses a port of the proxy." in hover, "beside the reference"

    offered = server.ask("textDocument/completion", **at(address, 7, 20))
    labels = {item["label"] for item in offered["items"]}
    assert {"error", "warning", "info"} <= labels
