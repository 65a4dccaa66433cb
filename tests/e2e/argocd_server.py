"""A client of argocd-cmp-server: the four calls that argocd-repo-server makes, over the plugin's
unix socket.

The service is plugin.ConfigManagementPluginService (Argo CD v3.5, cmpserver/plugin/plugin.proto).
Its messages hold strings, numbers, booleans and each other only, so the protobuf form is written
and read here by field numbers.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

CHUNK = 1024  # of the archive, as repo-server sends it
Fields = dict[int, list[Any]]  # by field number: int, or bytes


def field(number: int, value: str | bytes | int) -> bytes:
    """One field in protobuf's wire form."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def fields(data: bytes) -> Fields:
    """The fields of a message."""
    found: Fields = {}
    at = 0
    while at < len(data):
        key, at = _number(data, at)
        value: Any
        value, at = _number(data, at)
        if key & 7 == 2:
            value, at = data[at : at + value], at + value
        found.setdefault(key >> 3, []).append(value)
    return found


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A .tar.gz of files by path."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for path, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class Failed(Exception):
    """What a person sees in the UI."""


class Client:
    """The calls of argocd-repo-server to a plugin's socket."""

    def __init__(self, socket: Path, alive: Callable[[], bool]) -> None:
        """Waits until the socket is there. ``alive``: whether what makes it still runs."""
        grpc = (
            pytest.importorskip("grpc")
            if os.environ.get("KRM_INJECTOR_REQUIRE_TOOLS") != "1"
            else _grpc()
        )
        self._grpc = grpc
        end = time.monotonic() + 20
        while not socket.exists():
            assert alive() and time.monotonic() < end, "argocd-cmp-server did not start"
            time.sleep(0.02)
        self._channel = grpc.insecure_channel(
            f"unix:{socket}", options=[("grpc.max_receive_message_length", 100 << 20)]
        )
        grpc.channel_ready_future(self._channel).result(timeout=10)

    def stop(self) -> None:
        self._channel.close()

    def generate(
        self,
        files: Mapping[str, str | bytes],
        path: str = ".",
        env: Mapping[str, str] | None = None,
        timeout: float = 90,
    ) -> list[str]:
        """GenerateManifest: each manifest as JSON. Raises Failed."""
        answer = self._stream("GenerateManifest", files, path, env, timeout)
        return [value.decode() for value in answer.get(1, [])]

    def matches(self, files: Mapping[str, str | bytes], path: str = ".") -> bool:
        """MatchRepository: whether the plugin is for the Application's directory."""
        answer = self._stream("MatchRepository", files, path, None, 30)
        assert answer.get(2) == [1], "discovery is not configured"
        return bool(answer.get(1, [0])[0])

    def parameters(
        self,
        files: Mapping[str, str | bytes],
        path: str = ".",
        env: Mapping[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        """GetParametersAnnouncement: name, title, tooltip, collection and default of each."""
        answer = self._stream("GetParametersAnnouncement", files, path, env, 30)
        told = []
        for message in answer.get(1, []):
            entry = fields(message)
            pairs = [fields(pair) for pair in entry.get(9, [])]
            text = {
                name: entry[number][0].decode()
                for number, name in _TEXTS.items()
                if number in entry
            }
            told.append(
                {**text, "map": {p[1][0].decode(): p.get(2, [b""])[0].decode() for p in pairs}}
            )
        return told

    def _stream(
        self,
        method: str,
        files: Mapping[str, str | bytes],
        path: str,
        env: Mapping[str, str] | None,
        timeout: float,
    ) -> Fields:
        data = archive(files)
        metadata = (
            field(1, "demo")
            + field(2, path)
            + field(3, hashlib.sha256(data).hexdigest())
            + field(4, len(data))
        )
        for name, value in (env or {}).items():
            metadata += field(5, field(1, name) + field(2, value))

        def requests() -> Iterator[bytes]:
            yield field(1, metadata)
            for at in range(0, len(data), CHUNK):
                yield field(2, field(1, data[at : at + CHUNK]))

        call = self._channel.stream_unary(f"/plugin.ConfigManagementPluginService/{method}")
        try:
            return fields(call(requests(), timeout=timeout))
        except self._grpc.RpcError as error:
            raise Failed(error.details()) from None


class Server(Client):
    """A running argocd-cmp-server with one plugin.yaml, as the sidecar runs it: no home."""

    def __init__(self, program: str, plugin: str, path: str) -> None:
        # A unix socket's path may have 107 bytes at most: pytest's tmp_path is too long.
        self.directory = Path(tempfile.mkdtemp(prefix="cmp", dir="/tmp"))
        (self.directory / "plugin.yaml").write_text(plugin)
        (self.directory / "tmp").mkdir()
        self._log = (self.directory / "log").open("wb")
        self.process = subprocess.Popen(
            [program, "--config-dir-path", str(self.directory), "--loglevel", "warn"],
            env={
                "PATH": path,
                "TMPDIR": str(self.directory / "tmp"),
                "ARGOCD_BINARY_NAME": "argocd-cmp-server",
                "ARGOCD_PLUGINSOCKFILEPATH": str(self.directory),
                "ARGOCD_CMP_WORKDIR": str(self.directory / "work"),
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        try:
            super().__init__(
                self.directory / "krm-injector.sock", lambda: self.process.poll() is None
            )
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        super().stop()
        self._end()

    def _end(self) -> None:
        self.process.kill()  # SIGTERM only removes its socket
        self.process.wait()
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


_TEXTS = {1: "name", 2: "title", 3: "tooltip", 6: "collectionType", 7: "string"}


def _grpc() -> Any:
    import grpc

    return grpc
