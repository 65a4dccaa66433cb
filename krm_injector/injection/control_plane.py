"""A control plane made ready for injection: each part of its configuration is parsed once per run.

Source: pkg/kube/inject/webhook.go updateConfig, inject.go parseTemplate (1.1-1.31).
"""

from __future__ import annotations

from krm_injector.gotemplate import Account, Func, LimitExceeded, Template, TemplateError, parse
from krm_injector.gotemplate.sprig import FUNCS
from krm_injector.injection.rendered import RenderedTexts
from krm_injector.injection.template_functions import istio_functions
from krm_injector.istio_api import (
    Message,
    TypedValues,
    mesh_config,
    proxy_config_for,
    typed_values,
    values_map,
)
from krm_injector.istio_names import NATIVE_VARIABLE, PROXY_CONFIG_ANNOTATION
from krm_injector.model import Mesh, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from krm_injector.gotemplate.values import Watch
    from krm_injector.injection.template_data import TemplateData

# What all templates of a run may do together, in steps (about a second), and what each workload
# adds to what is left. The templates of Istio's charts, 1.1 to 1.30, take at most 331 steps per
# workload, so that a run of any size stays far below.
RUN_STEPS = 1_000_000
WORKLOAD_STEPS = 10_000


class RenderError(Exception):
    """A template, or what it renders, is unusable for this pod."""

    def __init__(self, message: str, template: str = "") -> None:
        super().__init__(message)
        self.template = template


class PreparedControlPlane:
    """A Mesh with its values, mesh configuration and templates parsed.

    Templates are parsed when a pod first needs them: an installation brings some that nobody uses.
    """

    __slots__ = (
        "_account",
        "_data",
        "_proxy_config",
        "_templates",
        "funcs",
        "last_steps",
        "mesh",
        "mesh_config",
        "rendered",
        "typed",
        "values",
    )

    values: Object
    typed: TypedValues
    mesh_config: Message

    def __init__(self, mesh: Mesh, parsed: PreparedControlPlane | None = None) -> None:
        """``parsed``: one of the same mesh, whose values and mesh configuration serve this one too.
        Raises ApiError or YamlError where values or mesh do not parse.
        """
        self.mesh = mesh
        if parsed is None:
            self._parse()
        else:
            self.values, self.typed = parsed.values, parsed.typed
            self.mesh_config = parsed.mesh_config

        self.funcs: dict[str, Func] = self._functions()
        self.rendered = RenderedTexts()
        self._templates: dict[str, Template] = {}
        self._account = Account(RUN_STEPS)
        self._proxy_config: Message | None = None
        self._data: TemplateData | None = None  # of the pod in work, for the function render
        self.last_steps = 0  # what the last execution took

    def begin_run(self) -> None:
        """Makes a control plane that an earlier run has used as new."""
        self._account = Account(RUN_STEPS)
        self._data = None
        self.last_steps = 0

    def _parse(self) -> None:
        mesh, rules = self.mesh, self.mesh.rules
        self.values = values_map(mesh.values)
        self.typed = typed_values(mesh.values, rules.api)
        self.mesh_config = mesh_config(mesh.mesh_config, rules.api)
        if rules.test_mesh == "yes":
            self.mesh_config = self.mesh_config.replace(sdsUdsPath=None)  # no default there

    @property
    def _watch(self) -> Watch | None:
        """What watches the functions that templates call."""
        return None

    def _functions(self) -> dict[str, Func]:
        """What this version's templates may call: sprig's functions, and Istio's over them."""
        rules = self.mesh.rules
        native_sidecars = "true" if self.mesh.native_sidecars else "false"
        env = {NATIVE_VARIABLE: native_sidecars, **self.mesh.control_plane_env}
        functions = istio_functions(rules, env, self._render_nested)
        if not rules.sprig:
            return functions

        sprig = {name: call for name, call in FUNCS.items() if name not in rules.sprig_lacks}
        return {**sprig, **functions}

    def proxy_config_of(
        self, annotations: dict[str, str], namespace: str, labels: dict[str, str]
    ) -> Message:
        """The ProxyConfig of one pod, from 1.13 on. It is the same for all pods that neither a
        resource nor an annotation says anything about.
        """
        mesh = self.mesh
        common = not mesh.proxy_configs and PROXY_CONFIG_ANNOTATION not in annotations
        if common and self._proxy_config is not None:
            return self._proxy_config

        config = proxy_config_for(
            self.mesh_config,
            annotations,
            namespace,
            labels,
            mesh.proxy_configs,
            mesh.root_namespace,
            mesh.rules.api,
        )
        if common:
            self._proxy_config = config
        return config

    def template(self, name: str) -> Template:
        """One of the templates of Istio from 1.9 on, which renders a partial Pod.

        A template that is null is an empty one, as Go decodes it. Raises RenderError if there is no
        such template, ParseError if it does not parse.
        """
        template = self._templates.get(name)
        if template is not None:
            return template

        texts = self.mesh.config.get("templates") or {}
        if name not in texts:
            names = ", ".join(sorted(texts)) or "none"
            message = f"template {name!r} is not in the injection configuration, which has: {names}"
            raise RenderError(message, name)

        template = parse(texts[name] or "", name=name, funcs=self.funcs, watch=self._watch)
        self._templates[name] = template
        return template

    def spec_template(self) -> Template:
        """The one template of Istio until 1.8, which renders a SidecarInjectionSpec. Raises
        ParseError.
        """
        if "" not in self._templates:
            self._templates[""] = self._parsed(self.mesh.config.get("template") or "")
        return self._templates[""]

    def execute(self, template: Template, data: TemplateData) -> str:
        """What a template renders for one pod. Raises TemplateError."""
        self._data = data
        left = self._account.left = min(self._account.left + WORKLOAD_STEPS, RUN_STEPS)
        text = template.execute(data, account=self._account)
        self.last_steps = left - self._account.left
        return text

    def execute_apart(self, template: Template, data: TemplateData) -> str:
        """As execute, without the account of the run: for who only looks at a rendering."""
        account, self._account = self._account, Account(RUN_STEPS)
        try:
            return self.execute(template, data)
        finally:
            self._account = account

    def merging(self, partial: Object) -> None:
        """Told of each partial Pod before it is merged."""

    def account_for(self, executions: Sequence[int]) -> bool:
        """Takes the steps of executions whose result is known already. False, and nothing is taken,
        where these steps are not left.
        """
        left = self._account.left
        for steps in executions:
            left = min(left + WORKLOAD_STEPS, RUN_STEPS) - steps
            if left < 0:
                return False

        self._account.left = left
        return True

    def _render_nested(self, text: str) -> str:
        """The template function render (before 1.14): a text as a template, "" if it fails."""
        try:
            return self._parsed(text).execute(self._data)
        except LimitExceeded:
            raise
        except TemplateError:
            return ""

    def _parsed(self, text: str) -> Template:
        delimiters = self.mesh.rules.delimiters
        return parse(text, name="inject", funcs=self.funcs, delims=delimiters, watch=self._watch)
