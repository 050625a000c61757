"""The three lists of dependencies tell one story: pyproject, constraints, environment.yml."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

# PyPI name -> conda-forge name, where they differ.
CONDA_NAMES = {"torch": "pytorch", "pydensecrf2": "pydensecrf"}
# Another project's version numbers: the range cannot be the same.
OTHER_VERSIONS = {"pydensecrf"}
# Needed to make the environment itself, or the course installed into it.
ONLY_CONDA = {"python", "pip", "-e"}


def project_requirements(repository: Path) -> dict[str, Requirement]:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    texts = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        texts += extra
    requirements = [Requirement(text) for text in texts]
    return {str(canonicalize_name(r.name)): r for r in requirements}


def conda_packages(repository: Path) -> dict[str, str]:
    """Package name -> version range, as environment.yml writes them."""
    entries = yaml.safe_load((repository / "environment.yml").read_text())["dependencies"]
    flat = [e for e in entries if isinstance(e, str)]
    flat += [e for group in entries if isinstance(group, dict) for e in group["pip"]]
    pairs = (entry.partition(" ") for entry in flat)
    return {name: specifier.strip() for name, _, specifier in pairs}


def test_conda_users_get_every_package_in_the_same_range(repository: Path) -> None:
    conda = conda_packages(repository)
    for name, requirement in project_requirements(repository).items():
        there = CONDA_NAMES.get(name, name)
        assert there in conda, f"{name} is in pyproject.toml but not in environment.yml"
        if there not in OTHER_VERSIONS:
            assert SpecifierSet(conda[there]) == requirement.specifier, name


def test_conda_users_get_nothing_that_pip_users_do_not(repository: Path) -> None:
    known = {CONDA_NAMES.get(name, name) for name in project_requirements(repository)}
    assert set(conda_packages(repository)) - ONLY_CONDA == known


def test_both_accept_the_same_pythons(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    conda = SpecifierSet(conda_packages(repository)["python"])
    assert conda == SpecifierSet(project["requires-python"])


def test_every_line_of_the_environment_says_where_the_package_is_used(repository: Path) -> None:
    _, _, listed = (repository / "environment.yml").read_text().partition("dependencies:")
    for line in listed.splitlines():
        package = re.match(r"\s+- (?!pip:)\S", line)
        if package:
            assert re.search(r"# \w.{7,}$", line), f"no comment: {line.strip()}"


def test_the_tested_version_of_each_package_is_pinned_and_allowed(repository: Path) -> None:
    lines = (repository / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    for name, requirement in project_requirements(repository).items():
        assert name in pins, f"{name} has no pin in constraints.txt"
        assert requirement.specifier.contains(pins[name]), f"{name}: {pins[name]} is outside"


@pytest.mark.parametrize("name", ["torch", "torchvision"])
def test_torch_and_torchvision_are_pinned_as_the_pair_that_works(
    repository: Path, name: str
) -> None:
    pair = {"torch": "2.13.0", "torchvision": "0.28.0"}
    assert f"{name}=={pair[name]}" in (repository / "constraints.txt").read_text().splitlines()
