"""Posts a Markdown file as a comment of the pull request, once: a later run of the action changes
that comment.

    python scripts/github_comment.py FILE NAME

NAME tells the comments of several runs apart. The variables are those of GitHub's runner, and
GITHUB_TOKEN. Without a pull request nothing is done. No trouble with GitHub fails the job: the
verdict stands in another step.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST = 60_000  # GitHub takes 65,536 characters
_PER_PAGE = 100
_TRUSTED = ("OWNER", "MEMBER", "COLLABORATOR")
_MENTION = re.compile(r"(?<![\w./@])@(?=\w)")


def main(path: str, name: str) -> int:
    number = _pull_request()
    if not number:
        print("no pull request: no comment")
        return 0

    try:
        _post(number, body(Path(path).read_text("utf-8"), name), marker(name))
    except urllib.error.HTTPError as problem:
        hint = ""
        if problem.code in (403, 404):
            hint = (
                ". The job needs permissions: pull-requests: write; a pull request of a fork has "
                "no token that may write"
            )
        print(f"::notice::no comment was written: GitHub says {problem.code}{hint}")
    except OSError as problem:
        print(f"::warning::no comment was written: {problem}")
    return 0


def marker(name: str) -> str:
    """The first line of the comment, which nobody sees."""
    return f"<!-- krm-injector: {re.sub('[^A-Za-z0-9_./]+', '-', name)} -->"


def body(text: str, name: str) -> str:
    """The comment, without more than GitHub takes. Nobody is notified by a name in a manifest."""
    text = _MENTION.sub("@\u2060", text)
    if len(text) > MOST:
        kept = text[:MOST].rpartition("\n")[0]
        kept += "\n</details>" * (kept.count("<details") - kept.count("</details>"))
        text = f"{kept}\n\n… the rest is in the [summary of the run]({_run()}).\n"
    return f"{marker(name)}\n{text}"


def _run() -> str:
    server, repository, run = (
        os.environ.get(name, "")
        for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return f"{server}/{repository}/actions/runs/{run}"


def _pull_request() -> int:
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    if not path:
        return 0
    event = json.loads(Path(path).read_text("utf-8"))
    number: int = (event.get("pull_request") or {}).get("number", 0)
    return number


def _post(number: int, text: str, first_line: str) -> None:
    repository = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    for comment in _comments(f"{repository}/{number}/comments"):
        if comment["body"].startswith(first_line) and _is_own(comment):
            _ask("PATCH", f"{repository}/comments/{comment['id']}", {"body": text})
            print("the comment was changed")
            return

    _ask("POST", f"{repository}/{number}/comments", {"body": text})
    print("a comment was written")


def _is_own(comment: dict[str, Any]) -> bool:
    """Whether a workflow, or who may start one, wrote it. Others could change it afterwards."""
    by_bot = (comment.get("user") or {}).get("type") == "Bot"
    return by_bot or comment.get("author_association") in _TRUSTED


def _comments(path: str) -> Iterator[dict[str, Any]]:
    page = 1
    while True:
        comments = _ask("GET", f"{path}?per_page={_PER_PAGE}&page={page}")
        yield from comments
        if len(comments) < _PER_PAGE:
            return
        page += 1


def _ask(method: str, path: str, content: Any = None) -> Any:
    request = urllib.request.Request(
        os.environ.get("GITHUB_API_URL", "https://api.github.com") + path,
        None if content is None else json.dumps(content).encode(),
        {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ.get('GITHUB_TOKEN', '')}",
            "Content-Type": "application/json",
        },
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
