"""The templates of a control plane, rendered with neutral texts in place of suspects."""

from __future__ import annotations

from krm_injector.discovery import profile
from krm_injector.gotemplate import Template, TemplateError
from krm_injector.injection import pods
from krm_injector.injection.control_plane import PreparedControlPlane, RenderError
from krm_injector.injection.inject import parameters, pod_of
from krm_injector.injection.render import selected_templates
from krm_injector.injection.suspects import Suspect, is_plain
from krm_injector.injection.template_data import InjectionParameters, TemplateData, template_data
from krm_injector.injection.untrusted.functions import Following, mapped
from krm_injector.injection.untrusted.profile_text import as_istio_writes
from krm_injector.injection.untrusted.tokens import Tokens
from krm_injector.istio_api import ApiError, default_proxy_config
from krm_injector.istio_names import PROXY_CONFIG_ANNOTATION
from krm_injector.kube import go_json, yaml
from krm_injector.kube.paths import Step
from krm_injector.model import Decision, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from krm_injector.gotemplate import Func

Origins = frozenset[int]


class FollowedControlPlane(PreparedControlPlane):
    """A control plane whose templates' functions are followed."""

    __slots__ = ("_plane", "following")

    def __init__(self, plane: PreparedControlPlane) -> None:
        self.following = Following(emulates=plane.mesh.source == "profile")
        self._plane = plane
        super().__init__(plane.mesh, plane)

    def template(self, name: str) -> Template:
        """The same template, parsed once for both."""
        if name not in self._templates:
            original = self._plane.template(name)
            self._templates[name] = original.watched(self.funcs, self.following.watched)
        return self._templates[name]

    def spec_template(self) -> Template:
        """The same template, parsed once for both."""
        if "" not in self._templates:
            original = self._plane.spec_template()
            self._templates[""] = original.watched(self.funcs, self.following.watched)
        return self._templates[""]

    @property
    def _watch(self) -> Callable[[Func], Func]:
        return self.following.watched


class Renderings:
    """What the templates render for one workload. Raises one of inject.REFUSALS where Istio refuses
    the pod before.
    """

    def __init__(
        self,
        decision: Decision,
        plane: PreparedControlPlane,
        followed: FollowedControlPlane,
        suspects: Sequence[Suspect],
        manual: bool,
    ) -> None:
        self._metadata_path, self._pod = pod_of(decision.workload, manual)
        self._decision = decision
        self._plane = plane
        self._followed = followed
        self._suspects = suspects
        self._manual = manual
        self._params = self._parameters(self._pod)

    def real_alone(
        self, number: int, neutral: list[str | None], tokens: Tokens
    ) -> list[str | None]:
        """As real, with one suspect real and all others neutral."""
        if self._plane.mesh.source == "profile":
            return self._as_istio_writes(neutral, tokens, frozenset((number,)))

        others = [other for other in range(len(self._suspects)) if other != number]
        return self.neutral(tokens, others)

    def _as_istio_writes(
        self, neutral: list[str | None], tokens: Tokens, chosen: Origins
    ) -> list[str | None]:
        plane = self._plane
        quotes_flags = profile.quotes_annotations(plane.mesh.version)
        return [
            as_istio_writes(text, tokens, chosen, quotes_flags, plane.rendered) for text in neutral
        ]

    def real(self, neutral: list[str | None], tokens: Tokens) -> list[str | None]:
        """The text of each template; None where it fails. If the neutral texts themselves come
        back, nothing can have become something else.

        neutral: the texts with all suspects neutral.
        """
        plane = self._plane
        if plane.mesh.source == "profile":
            return self._as_istio_writes(neutral, tokens, frozenset(range(len(self._suspects))))

        data = template_data(plane, self._params)
        return self._texts(plane, lambda template: plane.execute_apart(template, data))

    def neutral(self, tokens: Tokens, chosen: Iterable[int]) -> list[str | None]:
        """The same with the chosen suspects neutral. Raises TooManyTokens."""
        plane = self._followed
        plane.following.tokens = tokens
        plane.begin_run()
        data = self._neutral_data(tokens, frozenset(chosen))
        return self._texts(plane, lambda template: plane.execute(template, data))

    def _texts(
        self, plane: PreparedControlPlane, execute: Callable[[Template], str]
    ) -> list[str | None]:
        if plane.mesh.rules.result == "spec":
            return [_or_none(execute, plane.spec_template)]
        names = selected_templates(plane, self._params)
        return [_or_none(execute, plane.template, name) for name in names]

    def _parameters(self, pod: Object) -> InjectionParameters:
        if self._plane.mesh.rules.result == "spec":
            from krm_injector.injection.legacy.inject import parameters as legacy_parameters

            return legacy_parameters(pod, self._decision, self._plane, self._manual)
        return parameters(pod, self._decision, self._plane, self._manual)

    # ---------------------------------------------------------------- neutral texts

    def _neutral_data(self, tokens: Tokens, chosen: Origins) -> TemplateData:
        """What the templates see, with the chosen suspects neutral."""
        params = self._params
        by_name = {
            suspect.value: frozenset((number,))
            for number, suspect in enumerate(self._suspects)
            if number in chosen and suspect.what == "name"
        }

        def name(text: str) -> str:
            origins = by_name.get(text) or Origins().union(
                *(origins for value, origins in by_name.items() if value in text)
            )
            return tokens.neutral(text, origins) if origins else text

        stripped = dict(params.stripped)
        metadata = stripped.get("metadata") or {}
        stripped["metadata"] = self._metadata(metadata, self._metadata_path, name, tokens, chosen)
        stripped["spec"] = _named(stripped.get("spec") or {}, name)

        owner_path = ("metadata",) if self._manual else self._metadata_path
        owner, owner_meta = params.owner, params.owner_meta
        configs = self._configs(tokens, chosen)
        neutral = params._replace(
            stripped=stripped,
            owner=owner._replace(name=name(owner.name), namespace=name(owner.namespace)),
            owner_meta=self._metadata(owner_meta, owner_path, name, tokens, chosen),
            proxy_config=configs.proxy_config,
            mesh_config=configs.mesh_config,
        )
        return template_data(self._followed, neutral)

    def _metadata(
        self,
        metadata: Object,
        path: Step,
        name: Callable[[str], str],
        tokens: Tokens,
        chosen: Origins,
    ) -> Object:
        neutral = dict(metadata)
        for field in ("name", "generateName", "namespace"):
            if isinstance(metadata.get(field), str):
                neutral[field] = name(metadata[field])

        for field in ("labels", "annotations"):
            origins = {
                suspect.key: frozenset((number,))
                for number, suspect in enumerate(self._suspects)
                if number in chosen and suspect.path == (*path, field)
            }
            if origins and metadata.get(field):
                neutral[field] = _neutral_map(metadata[field], origins, tokens)
        return neutral

    def _configs(self, tokens: Tokens, chosen: Origins) -> InjectionParameters:
        """The parameters whose ProxyConfig has the texts of the annotation neutral."""
        annotations = pods.annotations_of(self._pod)
        for number in chosen:
            suspect = self._suspects[number]
            if suspect.key != PROXY_CONFIG_ANNOTATION or suspect.key not in annotations:
                continue

            defaults = default_proxy_config(self._plane.mesh.rules.api).fields.values()
            left_out = frozenset(value for value in defaults if isinstance(value, str))
            text = _neutral_yaml(annotations[suspect.key], frozenset((number,)), tokens, left_out)
            try:
                return self._parameters(pods.with_annotations(self._pod, {suspect.key: text}))
            except ApiError:  # a field that no letters can be in
                break
        return self._params


def _or_none(execute: Callable[[Template], str], find: Callable[..., Template], *name: str) -> Any:
    try:
        return execute(find(*name))
    except (TemplateError, RenderError):
        return None


def _neutral_map(
    texts: Mapping[str, str], origins: Mapping[str, Origins], tokens: Tokens
) -> dict[str, str]:
    neutral = {}
    for key, text in texts.items():
        if key in origins:
            key, text = tokens.neutral(key, origins[key]), tokens.neutral(text, origins[key])
        neutral[key] = text
    return neutral


def _named(spec: Object, name: Callable[[str], str]) -> Object:
    """A pod's spec with the names in it neutral."""
    neutral = dict(spec)
    if isinstance(spec.get("serviceAccountName"), str):
        neutral["serviceAccountName"] = name(spec["serviceAccountName"])

    for field in ("containers", "initContainers"):
        if spec.get(field):
            neutral[field] = [
                {**entry, "name": name(entry["name"])} if (entry or {}).get("name") else entry
                for entry in spec[field]
            ]
    return neutral


def _neutral_yaml(text: str, origins: Origins, tokens: Tokens, left_out: frozenset[str]) -> str:
    """The value of a YAML text with its texts neutral, as JSON.

    left_out: ProxyConfig's defaults. They stay, because protoToJSON leaves them out of
    PROXY_CONFIG, and what stands for them it would print.
    """
    try:
        value = yaml.load(text, strict=False)
    except yaml.YamlError:
        return text

    def changed(one: str) -> str:
        return one if is_plain(one) or one in left_out else tokens.neutral(one, origins)

    neutral = mapped(value, changed)
    return go_json.dumps(neutral, escape_html=False, sort_keys=False)
