"""scripts/github_comment.py against a server that answers as GitHub does: one comment, which later
runs change.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import github_comment
import pytest

BOT = {"type": "Bot", "login": "github-actions[bot]"}


class Server(HTTPServer):
    comments: list[dict[str, Any]]
    asked: list[str]
    status = 200


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _content(self) -> Any:
        self.server.asked.append(f"{self.command} {self.path}")
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")

    def do_GET(self) -> None:
        self._content()
        page = int(self.path.rpartition("page=")[2])
        self._answer(self.server.comments[(page - 1) * 100 : page * 100])

    def do_POST(self) -> None:
        content = self._content()
        if self.server.status == 200:
            number = len(self.server.comments) + 1
            self.server.comments.append({"id": number, "user": BOT, **content})
        self._answer({})

    def do_PATCH(self) -> None:
        content = self._content()
        number = int(self.path.rpartition("/")[2])
        for comment in self.server.comments:
            if comment["id"] == number:
                comment.update(content)
        self._answer({})

    def log_message(self, format: str, *values: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 7}}')
    with Server(("127.0.0.1", 0), Handler) as server:
        server.comments, server.asked = [], []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
        monkeypatch.setenv("GITHUB_TOKEN", "none")
        monkeypatch.setenv("no_proxy", "*")
        yield server
        server.shutdown()


def post(tmp_path: Path, text: str, name: str = "verify rendered") -> None:
    path = tmp_path / "comment.md"
    path.write_text(text, "utf-8")
    assert github_comment.main(str(path), name) == 0


def test_the_second_run_changes_the_comment(server: Server, tmp_path: Path) -> None:
    post(tmp_path, "first")
    post(tmp_path, "second")
    (comment,) = server.comments
    assert comment["body"] == "<!-- krm-injector: verify-rendered -->\nsecond"
    assert server.asked == [
        "GET /repos/o/r/issues/7/comments?per_page=100&page=1",
        "POST /repos/o/r/issues/7/comments",
        "GET /repos/o/r/issues/7/comments?per_page=100&page=1",
        "PATCH /repos/o/r/issues/comments/1",
    ]


def test_the_comment_is_found_behind_a_hundred_others(server: Server, tmp_path: Path) -> None:
    server.comments += [{"id": 1000 + each, "user": {}, "body": "+1"} for each in range(150)]
    post(tmp_path, "first")
    post(tmp_path, "second")
    assert len(server.comments) == 151 and server.comments[-1]["body"].endswith("second")


def test_runs_of_other_names_have_comments_of_their_own(server: Server, tmp_path: Path) -> None:
    post(tmp_path, "one", "verify a")
    post(tmp_path, "two", "verify b")
    assert len(server.comments) == 2


def test_a_comment_of_somebody_else_is_not_changed(server: Server, tmp_path: Path) -> None:
    first_line = github_comment.marker("verify rendered")
    stranger = {"type": "User", "login": "stranger"}
    server.comments.append(
        {"id": 5, "user": stranger, "author_association": "NONE", "body": first_line}
    )
    post(tmp_path, "text")
    assert [each["body"] for each in server.comments] == [first_line, f"{first_line}\ntext"]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusal_fails_no_job(
    server: Server, tmp_path: Path, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status = status
    post(tmp_path, "text")
    out = capsys.readouterr().out
    assert out.startswith(f"::notice::no comment was written: GitHub says {status}")
    assert ("pull-requests: write" in out) == (status != 500)


def test_without_a_pull_request_nothing_is_asked(server: Server, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text('{"ref": "refs/heads/main"}')
    post(tmp_path, "text")
    assert server.asked == []


def test_a_long_text_is_cut_at_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
    monkeypatch.setenv("GITHUB_RUN_ID", "12")
    line = "a row of forty characters, or nearly so\n"
    text = github_comment.body("<details>\n" + line * 3000, "n")
    assert len(text) < 65_536
    assert text.count("</details>") == 1
    assert "(https://git.example/o/r/actions/runs/12)" in text
    kept = text.partition("\n</details>")[0].splitlines()[2:]
    assert set(kept) == {line.rstrip("\n")}


def test_nobody_is_notified_by_a_manifest() -> None:
    text = github_comment.body("@team and a@b.example and web@sha256:12 (@x)", "n")
    assert text.endswith("@\u2060team and a@b.example and web@sha256:12 (@\u2060x)")


def test_a_name_cannot_end_the_marker() -> None:
    assert github_comment.marker("a --> <b>@x") == "<!-- krm-injector: a-b-x -->"
