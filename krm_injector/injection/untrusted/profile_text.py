"""What Istio's own template would render where the embedded profile stands for it.

The profile's templates render JSON, and say by functions what YAML does with Istio's text. For the
question what a text becomes, Istio's way of writing counts: block style, in the columns of its
templates, some scalars without quotes, some between quotes without escapes. So the neutral value
of the profile is written in this way, with the real texts in place of the neutral ones.

Source: manifests/charts/istio-control/istio-discovery/files (1.24-1.32);
tests/injection/untrusted compares the results with those of real installations.
"""

from __future__ import annotations

from krm_injector.injection.rendered import RenderedTexts
from krm_injector.injection.untrusted.tokens import Tokens
from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.kube import yaml
from krm_injector.kube.paths import Step, at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FLAGS = ("--proxyLogLevel=", "--proxyComponentLogLevel=", "--log_output_level=", "--debug-port=")
_OWNER_VARIABLE = "ISTIO_META_OWNER"
_ESCAPED = frozenset('"\\\n')  # what stands with escapes between quotes, or ends them
_PLACE = "krm-injector-text-{:04}"


def as_istio_writes(
    neutral: str | None,
    tokens: Tokens,
    chosen: frozenset[int],
    quotes_flags: bool,
    texts: RenderedTexts,
) -> str | None:
    """The real text; the neutral one itself where nothing can have become something else, and None
    where the templates fail with neutral texts too.

    chosen: the suspects that are real in it. quotes_flags: the version has istio #61215. texts:
    what reads the neutral text.
    """
    if neutral is None:
        return None
    try:
        value = texts.read(neutral)
    except yaml.YamlError:
        return neutral

    raw: list[str] = []

    def placed(part: Any, path: Step) -> Any:
        if isinstance(part, dict):
            return {placed(key, ()): placed(one, (*path, key)) for key, one in part.items()}
        if isinstance(part, list):
            return [placed(one, (*path, index)) for index, one in enumerate(part)]
        if not isinstance(part, str) or not tokens.origins(part) & chosen:
            return part

        text = _written(part, path, value, tokens, quotes_flags)
        if text is None:
            return tokens.meant(part)
        raw.append(text)
        return _PLACE.format(len(raw) - 1)

    whole = placed(value, ())
    if not raw:
        return neutral

    written = yaml.dump(whole)
    for number, text in enumerate(raw):
        written = written.replace(_PLACE.format(number), text)
    return written


def _written(scalar: str, path: Step, value: Any, tokens: Tokens, quotes_flags: bool) -> str | None:
    """How Istio's text has a scalar; None: it has it as one, whatever it holds."""
    text = tokens.meant(scalar)
    if _is_bare(scalar, path, value, quotes_flags):
        return text

    is_raw = text == tokens.printed(scalar) and not _ESCAPED & set(tokens.without(scalar))
    if is_raw and (not _ESCAPED.isdisjoint(text) or not text.isprintable()):
        return f'"{text}"'
    return None


def _is_bare(scalar: str, path: Step, value: Any, quotes_flags: bool) -> bool:
    """Whether Istio writes a scalar without quotes."""
    match path:
        case ("spec", "containers" | "initContainers", int(), "args", int()):
            own = scalar.startswith(_FLAGS[3:] if quotes_flags else _FLAGS)
            return own and at(value, (*path[:3], "name")) == PROXY_CONTAINER
        case ("spec", "containers" | "initContainers", int(), "lifecycle", *_):
            return scalar.startswith(_FLAGS[3])
        case ("spec", "containers" | "initContainers", int(), "readinessProbe", str()):
            return True
        case ("spec", "containers" | "initContainers", int(), "env", int(), "name"):
            return True
        case ("spec", "containers" | "initContainers", int(), "env", int(), "value"):
            return bool(at(value, (*path[:-1], "name")) == _OWNER_VARIABLE)
        case ("spec", "volumes", int(), "configMap", "name"):
            return not quotes_flags
    return False
