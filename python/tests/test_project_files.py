"""The files around the library: versions, presets, recipes for package managers, workflows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / ".packages"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PRESETS = json.loads((ROOT / "CMakePresets.json").read_text("utf-8"))
# Where options of CMake are defined, and where they are set.
CMAKE_FILES = [
    ROOT / "CMakeLists.txt",
    *(ROOT / ".cmake").glob("*"),
    *(ROOT / folder / "CMakeLists.txt" for folder in ("tests", "bench")),
]
SETTERS = [
    ROOT / "CMakePresets.json",
    PACKAGES / "vcpkg" / "inlay" / "portfile.cmake",
    PACKAGES / "conan" / "conanfile.py",
    *WORKFLOWS,
]


def version_in(path: str, pattern: str) -> str:
    match = re.search(pattern, (ROOT / path).read_text("utf-8"), re.M)
    assert match, f"{path}: expected {pattern}"
    return match[1]


VERSION = version_in("CMakeLists.txt", r"^ +VERSION ([0-9.]+)$")


def names(kind: str) -> list[str]:
    return [preset["name"] for preset in PRESETS[kind] if not preset.get("hidden")]


def commands_of(workflow: Path) -> list[str]:
    yaml = pytest.importorskip("yaml")
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("python/pyproject.toml", r'^version = "(.*)"$'),
        (".packages/vcpkg/inlay/vcpkg.json", r'^  "version": "(.*)",$'),
        (".packages/conan/conanfile.py", r'^    version = "(.*)"$'),
        ("docs/changelog.md", r"^## ([0-9.]+)"),  # the newest release
        ("docs/citing.md", r"^ +version += \{(.*)\},$"),
        ("docs/packages.md", r'requires\("inlay/(.*)"\)'),
    ],
)
def test_versions_agree(path: str, pattern: str) -> None:
    assert version_in(path, pattern) == VERSION


@pytest.mark.parametrize("kind", ["configure", "build", "test"])
def test_cmake_lists_the_presets(kind: str) -> None:
    if not shutil.which("cmake"):
        pytest.skip("needs cmake")
    out = subprocess.run(
        ["cmake", f"--list-presets={kind}"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert re.findall(r'^  "(.*?)"', out, re.M) == names(f"{kind}Presets")


def test_every_preset_can_be_built_and_is_documented() -> None:
    page = (ROOT / "docs" / "packages.md").read_text("utf-8")
    assert names("buildPresets") == names("configurePresets")
    assert re.findall(r"^\| `(.*?)` \|", page, re.M) == names("configurePresets")


@pytest.mark.parametrize("path", SETTERS, ids=lambda path: str(path.name))
def test_options_exist(path: Path) -> None:
    defined = "\n".join(file.read_text("utf-8") for file in CMAKE_FILES)
    used = set(re.findall(r"INLAY_[A-Z0-9_]+[A-Z0-9]\b", path.read_text("utf-8")))
    for name in used - {"INLAY_COMPILED"}:  # a macro of C++
        assert re.search(rf"(option|set)\({name}\b", defined), f"{name} is no option of CMake"


def test_recipes() -> None:
    port = json.loads((PACKAGES / "vcpkg" / "inlay" / "vcpkg.json").read_text("utf-8"))
    description = version_in("CMakeLists.txt", r'^ +DESCRIPTION "(.*)"$')
    assert (port["name"], port["license"]) == ("inlay", "BSD-3-Clause")
    assert port["description"] == description
    for recipe in (PACKAGES / "conan").rglob("*.py"):
        compile(recipe.read_text("utf-8"), str(recipe), "exec")
    conan = (PACKAGES / "conan" / "conanfile.py").read_text("utf-8")
    assert f'description = "{description}"' in conan


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.name))
def test_workflows(path: Path) -> None:
    """Shell commands are valid, and name presets that exist."""
    for command in commands_of(path):
        shell = re.sub(r"\$\{\{.*?\}\}", "X", command)
        subprocess.run(["bash", "-n"], input=shell, text=True, check=True)
        for tool, preset in re.findall(r"\b(cmake --build|cmake|ctest) --preset (\S+)", shell):
            kind = {"cmake": "configure", "cmake --build": "build", "ctest": "test"}[tool]
            assert preset in names(f"{kind}Presets")


def test_issue_templates() -> None:
    yaml = pytest.importorskip("yaml")
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
        if path.name == "config.yml":
            continue
        assert form["name"] and form["description"]
        fields = [field["id"] for field in form["body"] if field["type"] != "markdown"]
        assert len(set(fields)) == len(fields) > 0
        assert all(
            field["attributes"].get("label") or field["type"] == "markdown"
            for field in form["body"]
        )
