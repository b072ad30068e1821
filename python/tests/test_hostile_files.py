"""Files made to do harm: each ends in an ExportError of one line or in a model, in bounded memory.

test_keras_refusals.py damages bytes and configurations of Keras's files. Here are archives that
unpack to much more, tensors of huge shapes and of other types, names that are paths, and JSON of
the other formats. INLAY_FUZZ_ROUNDS is the number of random files of each kind.
"""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY

import inlay
from inlay.export import export
from inlay.inspect.opened import open_model

h5py = pytest.importorskip("h5py")
import keras_models as fake
from test_keras_export import lstm_amp

ROUNDS = int(os.environ.get("INLAY_FUZZ_ROUNDS", "12"))
MEMORY = 1 << 30

# Runs the exporter with little memory. A file that asks for more ends in another error.
_LIMITED = f"""
import resource, sys
import inlay.keras.export, h5py, numpy
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {MEMORY}, used + {MEMORY}))
from inlay import ExportError
from inlay.export import export
try:
    export(sys.argv[1], sys.argv[2], sample_rate=None, metadata=None, weights=None, state_dict=None)
except ExportError as error:
    print(error)
"""


def refused_in_little_memory(path: Path) -> str:
    run = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path), str(path) + ".out"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    message = run.stdout.strip()
    assert message and "\n" not in message
    assert not Path(str(path) + ".out").exists()
    return message


def attempt(read: Callable[[], object]) -> None:
    try:
        read()
    except inlay.ExportError as error:
        assert "\n" not in str(error)


def export_quietly(path: Path) -> None:
    out = str(path) + ".out"
    attempt(
        lambda: export(
            str(path), out, sample_rate=None, metadata=None, weights=None, state_dict=None
        )
    )


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    fake.save_keras3(lstm_amp(), path)
    return path


def replace_member(path: Path, name: str, write: Callable[[zipfile.ZipFile], None]) -> None:
    with zipfile.ZipFile(path) as old:
        members = {other: old.read(other) for other in old.namelist()}
    del members[name]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for other, content in members.items():
            new.writestr(other, content)
        write(new)


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.parametrize("name", ["config.json", "metadata.json", "model.weights.h5"])
def test_archive_that_unpacks_to_much_more(name: str, archive: Path) -> None:
    def bomb(new: zipfile.ZipFile) -> None:
        with new.open(name, "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(bytes(1 << 20))

    replace_member(archive, name, bomb)
    assert archive.stat().st_size < 2 << 20
    assert "too large" in refused_in_little_memory(archive)


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_archive_that_lies_about_sizes(archive: Path) -> None:
    content = archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        size = opened.getinfo("config.json").file_size
    archive.write_bytes(content.replace(size.to_bytes(4, "little"), (17).to_bytes(4, "little")))
    export_quietly(archive)


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.parametrize("compressed", [False, True])
def test_tensor_of_a_huge_shape(compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    fake.save_keras2(lstm_amp(), path)
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][-1]["config"]["units"] = 1 << 28
        file.attrs["model_config"] = json.dumps(config)
        names = []
        file["model_weights"].visititems(
            lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
        )
        for name in names:
            if "dense" not in name:
                continue
            shape = (*file["model_weights"][name].shape[:-1], 1 << 28)
            del file["model_weights"][name]
            options = {"chunks": (1,) * (len(shape) - 1) + (1 << 20,), "compression": "gzip"}
            file["model_weights"].create_dataset(
                name, shape, "f4", **(options if compressed else {})
            )
    assert path.stat().st_size < 1 << 20
    assert "too large" in refused_in_little_memory(path)


@pytest.mark.parametrize("dtype", ["i4", "f2", "c8", "S7", "bool", "O"])
def test_tensors_of_other_types(dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    fake.save_keras2(lstm_amp(), path)
    with h5py.File(path, "a") as file:
        names: list[str] = []
        file["model_weights"].visititems(
            lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
        )
        shape = file["model_weights"][names[0]].shape
        del file["model_weights"][names[0]]
        kind = h5py.string_dtype() if dtype == "O" else dtype
        file["model_weights"].create_dataset(names[0], shape, kind)
    export_quietly(path)


@pytest.mark.parametrize(
    "name", ["../config.json", "/config.json", "..\\config.json", "C:\\x", "a/../../b"]
)
def test_names_that_are_paths(name: str, archive: Path) -> None:
    def add(new: zipfile.ZipFile) -> None:
        new.writestr(name, "{}")
        new.writestr("metadata.json", "{}")

    before = sorted(archive.parent.parent.rglob("*"))
    replace_member(archive, "metadata.json", add)
    export_quietly(archive)
    out = Path(str(archive) + ".out")
    assert [path for path in sorted(archive.parent.parent.rglob("*")) if path != out] == before


def test_truncated_files(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "model.h5"
    fake.save_keras2(lstm_amp(), other)
    chance = random.Random(1)
    for path in (archive, other):
        content = path.read_bytes()
        for _ in range(ROUNDS):
            path.write_bytes(content[: chance.randrange(len(content))])
            export_quietly(path)


# --- JSON of the other formats --------------------------------------------------------------------

_SCALARS: list[Any] = [
    *(None, True, 0, 1, 2, -1, 0.5, 1e300, -1e300, 65536, 1 << 26, 1 << 63, 10**400, "", "tanh"),
    *("lstm", "LSTM", [], {}, [1], [[[]]], "\udcff", "x" * 5000, float("nan"), float("inf")),
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """All containers with a key or an index in them."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        container = waiting.pop()
        keys = container if isinstance(container, dict) else range(len(container))
        for key in keys:
            found.append((container, key))
            if isinstance(container[key], (dict, list)):
                waiting.append(container[key])
    return found


def changed(document: Any, chance: random.Random) -> Any:
    document = copy.deepcopy(document)
    for _ in range(chance.randint(1, 3)):
        all_places = places(document)
        if not all_places:
            break
        # Weights are most of the places: numbers that are not in lists are chosen as often.
        named = [place for place in all_places if isinstance(place[0], dict)]
        container, key = chance.choice(named if named and chance.random() < 0.6 else all_places)
        action = chance.randrange(4)
        if action == 0:
            container[key] = chance.choice(_SCALARS)
        elif action == 1:
            del container[key]
        elif action == 2:
            other, name = chance.choice(all_places)
            if isinstance(container, dict) and name in (other if isinstance(other, dict) else ()):
                container[key] = copy.deepcopy(other[name])
        elif isinstance(container[key], list):
            container[key] = container[key][
                : chance.randint(0, len(container[key]))
            ] * chance.randint(0, 2)
    return document


def seeds() -> dict[str, Any]:
    sys.path.insert(0, str(REPOSITORY / "tests" / "fuzz"))
    try:
        import seeds as networks
    finally:
        sys.path.pop(0)
    kept = ("rtneural", "rtneural_amp", "aidax", "aidax_batch", "proteus_lstm", "proteus_gru")
    some = {"mixed", "film", "windowed", "concat", "residual_conv", "conv2d_stack", "down_up"}
    return {name: found for name, found in networks.networks() if name in {*kept, *some}}


def test_json_of_other_formats(tmp_path: Path) -> None:
    path, chance = tmp_path / "model.json", random.Random(5)
    for document in seeds().values():
        for _ in range(ROUNDS):
            damaged = changed(document, chance)
            try:
                path.write_text(json.dumps(damaged), encoding="utf-8")
            except ValueError:  # numbers of thousands of digits
                continue
            if document.get("format") == "inlay":
                attempt(lambda: open_model(str(path)))
            else:
                export_quietly(path)


def test_json_that_is_no_text(tmp_path: Path) -> None:
    path, chance = tmp_path / "model.json", random.Random(6)
    text = json.dumps(seeds()["aidax"]).encode()
    for _ in range(ROUNDS):
        content = bytearray(
            text[: chance.randrange(1, len(text))] if chance.random() < 0.3 else text
        )
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(bytes(content))
        export_quietly(path)
    path.write_text('{"in_shape":' + "[" * 200000)
    export_quietly(path)


@pytest.mark.parametrize(
    "key", ["units", "filters", "kernel_size", "dilation_rate", "target_shape", "n"]
)
def test_huge_numbers_in_a_configuration(key: str, archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        text = opened.read("config.json").decode()
    config = json.loads(text)
    for container, name in places(config):
        if name == key:
            container[name] = 1 << 40
    replace_member(
        archive, "config.json", lambda new: new.writestr("config.json", json.dumps(config))
    )
    export_quietly(archive)
