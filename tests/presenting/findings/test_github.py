"""GitHub's annotations: one line each, and no value of a manifest becomes a command."""

from __future__ import annotations

from presenting.findings import samples

from krm_injector.model import Place
from krm_injector.presenting.findings import Finding, render


def lines(*found: Finding) -> list[str]:
    return render("github", samples.findings(*found)).splitlines()


def test_place_title_and_page() -> None:
    (line,) = lines(samples.COLLISION)
    assert line == (
        "::warning file=base/web app.yaml,line=12,endLine=12,col=14,endColumn=17,"
        "title=The application uses a port of the proxy [port-collision]"
        "::Deployment shop/web: one of two, 50 %25 of it"
        "%0Ahttps://krm-injector.dev/docs/warnings.md#port-collision"
    )


def test_severities() -> None:
    words = [
        line.split(" ")[0] for line in lines(samples.RENDERED, samples.COLLISION, samples.REFUSED)
    ]
    assert words == ["::error", "::warning", "::notice"]


def test_only_what_is_known_of_the_place() -> None:
    (line,) = lines(samples.REFUSED)
    assert line.startswith("::error file=base/api.yaml,line=3,endLine=3,title=")
    (line,) = lines(samples.RENDERED)
    assert line.startswith("::notice file=overlays/prod/kustomization.yaml,title=")
    (line,) = lines(samples.OF_NAMESPACE)
    assert line.startswith("::warning title=")


def test_information_about_the_run_is_left_out() -> None:
    assert lines(samples.OF_RUN) == []
    assert len(lines(samples.OF_RUN, samples.NOWHERE)) == 1


def test_values_begin_no_command_and_no_property() -> None:
    found = samples.result(resource=samples.WEB, message="a\n::notice::b\r\n::warning::c\x07")
    place = Place("a,line=7:b\n.yaml", 1)
    (line,) = lines(Finding(found, place))
    assert line.startswith("::warning file=a%2Cline=7%3Ab%0A.yaml,line=1,")
    assert "%0A::notice::b\\x0d%0A::warning::c\\x07" in line


def test_an_empty_run_prints_nothing() -> None:
    assert render("github", samples.NOTHING) == ""


def test_the_target_of_a_fleet_comes_first() -> None:
    (line,) = lines(samples.COLLISION._replace(target="eu/app"))
    assert "::eu/app: Deployment shop/web" in line
