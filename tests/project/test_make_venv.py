"""scripts/make_venv.py: where the wheel of pip comes from where Python has no pip; no host but the
configured ones.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import make_venv
import pytest

CONTENT = b"a wheel"


@pytest.fixture()
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    for name in ("PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return make_venv


def index(root: Path, checksum: str) -> str:
    (root / "pip").mkdir(parents=True)
    links = "".join(
        f'<a href="../files/pip-{version}-py3-none-any.whl#sha256={checksum}">'
        for version in ("9.0", "23.1", "24.0rc1")
    )
    # urllib reads a file: URL only without the trailing slash of a directory.
    (root / "pip" / "index").write_text(links)
    (root / "files").mkdir()
    (root / "files" / "pip-23.1-py3-none-any.whl").write_bytes(CONTENT)
    return root.as_uri()


def test_without_a_configured_index_none_is_asked(script: Any, tmp_path: Path) -> None:
    assert script.wheel_of_index(str(tmp_path)) == ""


def test_the_index_is_that_of_pips_own_configuration(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, said in (("config/pip/pip.conf", "user"), ("named.conf", "named")):
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"[global]\nindex-url = https://{said}.example/simple\n")
    assert script.configured_index() == "https://user.example/simple"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "named.conf"))
    assert script.configured_index() == "https://named.example/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "https://stated.example/simple")
    assert script.configured_index() == "https://stated.example/simple"


@pytest.mark.parametrize("good", [True, False])
def test_a_wheel_with_another_checksum_is_not_used(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: bool
) -> None:
    checksum = hashlib.sha256(CONTENT if good else b"another").hexdigest()
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "simple", checksum))
    opened = script.urllib.request.urlopen
    monkeypatch.setattr(
        script.urllib.request,
        "urlopen",
        lambda url, timeout: opened(url + "index" if url.endswith("/") else url),
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    wheel = script.wheel_of_index(str(scratch))
    assert (wheel and Path(wheel).read_bytes()) == (CONTENT if good else "")


def test_the_newest_wheel_at_hand(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("9.0", "99.10", "99.9.1"):
        (tmp_path / f"pip-{version}-py3-none-any.whl").touch()
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert Path(script.wheel_at_hand("")).name == "pip-99.10-py3-none-any.whl"


def test_where_no_way_leads_to_pip_the_lines_that_help_are_told(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "WAYS", (lambda target: False,))
    assert script.main(str(tmp_path / "venv")) == 1
    said = capsys.readouterr().err
    assert "python3-venv" in said and "PIP_INDEX_URL" in said
