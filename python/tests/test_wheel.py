"""The wheel: what `pip wheel` makes can be installed and run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # In a process of its own: setuptools cannot be imported where pip has been looked for.
    pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True)
    missing = [name for name in ("setuptools", "venv", "wheel") if find_spec(name) is None]
    if missing or pip.returncode != 0:
        pytest.skip("needs pip, setuptools, venv and wheel")
    folder = tmp_path_factory.mktemp("wheel")
    # A copy: setuptools writes into the folder that it builds, and takes what an earlier build left there.
    source = folder / "python"
    unwanted = shutil.ignore_patterns("build", "tests", "*.egg-info", "__pycache__")
    shutil.copytree(PROJECT, source, ignore=unwanted)
    options = ("--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", folder)
    run(sys.executable, *PIP, "wheel", *options, source)
    (file,) = folder.glob("*.whl")
    return file


def test_has_every_module_and_the_license(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
        (license_file,) = (name for name in archive.namelist() if name.endswith("/LICENSE"))
        assert archive.read(license_file) == (PROJECT.parent / "LICENSE").read_bytes()
    source = PROJECT / "src"
    files = (
        path
        for path in source.rglob("*")
        if path.suffix in (".py", ".json") or path.name == "py.typed"
    )
    assert found == {path.relative_to(source).as_posix() for path in files}


def test_runs_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """With the packages of the system, as NumPy cannot be downloaded here."""
    run(sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", tmp_path)
    programs = tmp_path / ("Scripts" if sys.platform == "win32" else "bin")
    run(programs / "python", *PIP, "install", "--no-deps", "--no-index", wheel)
    assert run(programs / "inlay", "--help").startswith("usage: inlay")
    model = PROJECT.parent / "examples" / "amp" / "amp.json"
    assert "passed" in run(programs / "inlay", "verify", model)
    assert str(tmp_path) in run(programs / "python", "-c", "import inlay; print(inlay.__file__)")
