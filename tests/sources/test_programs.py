"""Which programs a renderer would run for a directory: krm-injector passes, every other program is
reported with its line.
"""

from __future__ import annotations

import os
from pathlib import Path

import files
import pytest

from krm_injector.model import Refused
from krm_injector.sources import kustomize_options, programs


def config(
    how: str, kind: str = "krm-injector.dev/v1alpha1", key: str = "config.kubernetes.io/function"
) -> str:
    return (
        f"apiVersion: {kind}\nkind: SidecarInjection\nmetadata:\n  name: x\n"
        f"  annotations:\n    {key}: |\n      {how}\nspec: {{}}\n"
    )


OWN = config("exec: {path: krm-injector}")
EVIL = config("exec: {path: ./evil}")


def write(directory: Path, **texts: str) -> Path:
    """Files by keywords: "__" is a slash, "_yaml" the suffix .yaml."""
    names = {name: name.replace("__", "/").replace("_yaml", ".yaml") for name in texts}
    return files.write(directory, {names[name]: text for name, text in texts.items()})


def kustomization(tmp_path: Path, text: str, **texts: str) -> programs.Functions:
    return programs.of_kustomization(str(write(tmp_path, kustomization_yaml=text, **texts)))


# ---------------------------------------------------------------- kustomize


def test_our_own_function_is_harmless_and_its_configuration_found(tmp_path: Path) -> None:
    found = kustomization(
        tmp_path, "resources: [base, web.yaml]\ntransformers: [own.yaml]\n", own_yaml=OWN,
        web_yaml="{}",
        base__kustomization_yaml="resources: [cm.yaml]\n", base__cm_yaml="{}",
    )  # fmt: skip
    assert found.harmless
    assert [config.file for config in found.configs] == [str(tmp_path / "own.yaml")]


def test_a_kustomization_without_functions_asks_for_nothing(tmp_path: Path) -> None:
    found = kustomization(tmp_path, "resources: [web.yaml]\nnamespace: shop\n", web_yaml="{}")
    assert found == programs.Functions()
    assert not found.harmless


@pytest.mark.parametrize("key", ["generators", "transformers", "validators"])
def test_the_program_of_somebody_else_is_told_with_its_line(tmp_path: Path, key: str) -> None:
    found = kustomization(tmp_path, f"{key}: [own.yaml, evil.yaml]\n", own_yaml=OWN, evil_yaml=EVIL)
    assert found.others == ((str(tmp_path / "evil.yaml"), 7, "the program ./evil"),)
    assert not found.harmless
    with pytest.raises(
        Refused, match=r"evil.yaml:7 runs the program ./evil.*explain --allow-exec DIR"
    ):
        programs.refuse(found, "DIR", "explain")


def test_programs_are_found_in_bases_inline_and_in_containers(tmp_path: Path) -> None:
    inline = "transformers:\n- |\n" + "".join(f"  {line}\n" for line in EVIL.splitlines())
    image = config("container: {image: registry.example/x}")
    found = kustomization(
        tmp_path, "resources: [base]\ncomponents: [part]\n", base__kustomization_yaml=inline,
        part__kustomization_yaml="transformers: [t.yaml]\n", part__t_yaml=image,
    )  # fmt: skip
    assert [program.what for program in found.others] == [
        "the program ./evil", "the container image registry.example/x",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "resources: [https://git.example/base]\n",  # nobody sees what it runs
        "Transformers: [evil.yaml]\n",  # Go's JSON takes any case
        "transformers: [folder]\n",  # a kustomization that can patch what it yields
        "transformers: [unknown.yaml]\n",  # a plugin by kind
        "transformers: [args.yaml]\n",
        "transformers: [old.yaml]\n",
        "transformers: [path.yaml]\n",
        "resources: [.]\n",
        "transformers: {a: b}\n",
        "transformers: [1]\n",
        "a: [\n",
    ],
)
def test_what_cannot_be_known_for_sure_is_not_harmless(tmp_path: Path, text: str) -> None:
    texts = {
        "folder__kustomization_yaml": "resources: [own.yaml]\n", "folder__own_yaml": OWN,
        "evil_yaml": EVIL,
        "unknown_yaml": "apiVersion: x/v1\nkind: Y\n", "own_yaml": OWN,
        "args_yaml": config("exec: {path: krm-injector, args: [build]}"),
        "old_yaml": OWN.replace("  annotations:",
                                "  annotations:\n    config.k8s.io/function: 'exec: {path: evil}'"),
        "path_yaml": config("exec: {path: ./krm-injector}"),
    }  # fmt: skip
    more = "" if text == "a: [\n" else "validators: [own.yaml]\n"
    assert not kustomization(tmp_path, text + more, **texts).harmless
    assert kustomization(tmp_path, more, **texts).harmless or not more, (
        "it is what is added that makes it so"
    )


def test_builtin_transformers_are_kustomize_s_own(tmp_path: Path) -> None:
    label = "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: x}\n"
    assert kustomization(
        tmp_path, "transformers: [own.yaml, l.yaml]\n", own_yaml=OWN, l_yaml=label
    ).harmless


@pytest.mark.parametrize(
    "key", ["components", "resources", "bases", "generators", "transformers", "validators", "crds"]
)
def test_an_empty_field_says_nothing(tmp_path: Path, key: str) -> None:
    """As people leave it behind, with nothing but comments under it."""
    other = "transformers" if key == "validators" else "validators"
    assert kustomization(
        tmp_path, f"{key}:\n# - later\n{other}: [own.yaml]\n", own_yaml=OWN
    ).harmless


def test_kustomize_gets_the_options_only_where_it_may(tmp_path: Path) -> None:
    for name in ("kustomize", "kubectl"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    directory, (kustomize, kubectl) = (
        str(tmp_path / "d"),
        (str(tmp_path / "kustomize"), str(tmp_path / "kubectl")),
    )

    def options(program: str, passed_on: tuple[str, ...] = (), allow: bool = False) -> list[str]:
        return list(
            kustomize_options.kustomize_options(
                directory, program, passed_on, os.defpath, allow, "build"
            ).words
        )

    kustomization(tmp_path / "d", "transformers: [own.yaml]\n", own_yaml=OWN)
    for program in (kustomize, kubectl):  # both leave our function out
        assert options(program, ("--x",)) == ["--x", "--enable-alpha-plugins"]
    kustomization(tmp_path / "d", "generators: [own.yaml]\n", own_yaml=OWN)
    assert options(kustomize) == ["--enable-alpha-plugins", "--enable-exec"]
    with pytest.raises(Refused, match="--kustomize PATH"):
        options(kubectl)
    kustomization(tmp_path / "d", "transformers: [evil.yaml]\n", evil_yaml=EVIL)
    with pytest.raises(Refused, match="is not run unasked"):
        options(kustomize)
    assert options(kustomize, allow=True) == ["--enable-alpha-plugins", "--enable-exec"]
    assert options(kustomize, ("--enable-alpha-plugins",)) == ["--enable-alpha-plugins"]
    with pytest.raises(Refused, match="--kustomize PATH"):
        options(kubectl, allow=True)


# ---------------------------------------------------------------- kpt


def kptfile(step: str) -> str:
    return (
        f"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {{name: x}}\npipeline:\n"
        f"  mutators:\n  - {step}\n"
    )


def test_a_package_s_own_function_and_its_configuration(tmp_path: Path) -> None:
    step = "exec: krm-injector\n    configPath: own.yaml"
    write(tmp_path, Kptfile=kptfile(step), own_yaml=OWN)
    pipelines, found = programs.of_package(str(tmp_path))
    assert pipelines and found.harmless
    assert [config.file for config in found.configs] == [str(tmp_path / "own.yaml")]


@pytest.mark.parametrize(
    "step",
    [
        "exec: ./krm-injector",
        "exec: krm-injector build . -- --enable-exec",
        "{exec: krm-injector, '<<': {exec: ./evil}}",
        "exec: /usr/bin/evil",
    ],
)
def test_other_programs_of_packages_are_told(tmp_path: Path, step: str) -> None:
    write(tmp_path, Kptfile=kptfile("exec: krm-injector"), sub__Kptfile=kptfile(step))
    pipelines, found = programs.of_package(str(tmp_path))
    assert pipelines and not found.harmless
    assert [(Path(p.file).parent.name, p.line) for p in found.others] == [("sub", 6)]


def test_hidden_subpackages_count_and_containers_are_kpt_s_matter(tmp_path: Path) -> None:
    write(
        tmp_path,
        Kptfile="kind: Kptfile\n",
        **{".hidden__Kptfile": kptfile("image: registry.example/x")},
    )
    assert programs.of_package(str(tmp_path)) == (True, programs.Functions(containers=True))


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: 1\n---\nb: 2\n"])
def test_a_kptfile_that_says_two_things_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused):
        programs.of_package(str(write(tmp_path, Kptfile=text)))
