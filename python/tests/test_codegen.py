"""The generated headers: their text, and that they compile without warnings and pass the check."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY
from networks import COMBINED, CONV, FRAMED, GRU, LEAKY, NORM, WINDOW
from networks import conv1d, dense, golden_networks, holding, tensor
from other_files import damaged

from inlay import ExportError
from inlay.check import reference
from inlay.inspect.analysis import analyse
from inlay.format import Chain, Check, LayerRecord, ModelFile, read_model, write_model
from inlay.inspect.info import table
from inlay.inspect.opened import open_model
from inlay.check.signal import default_signal
from inlay.cpp.codegen import generate
from inlay.predict import machine, predict
from inlay.predict.networks import parse

WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror".split()


def reproduced(layers: list[LayerRecord], folder: Path) -> ModelFile:
    """A model file whose check is computed by the reference."""
    analysis = analyse(layers)
    signal = default_signal(layers[0].channels_in, 1)
    condition = default_signal(analysis.condition_size, 1) if analysis.condition_size else None
    unknown = np.zeros((len(signal), layers[-1].channels_out))
    check = Check("NumPy", "float32", signal, unknown, 1e-5, condition=condition)
    write_model(folder / "model.json", ModelFile(layers, check))
    root = reference.load(folder / "model.json")
    output = reference.evaluate(root["layers"], np.asarray(signal, float), condition)
    check = Check("NumPy", "float32", signal, output.astype(np.float32), 1e-5, condition=condition)
    return ModelFile(layers, check)


def golden(name: str) -> ModelFile:
    path = REPOSITORY / "tests" / "golden" / name
    if not path.exists():
        pytest.skip("the golden files are only in the repository")
    return read_model(path)


def constants(name: str, layers: Chain) -> str:
    """Assertions that the C++ type has the same properties as the analysis."""
    found = analyse(layers)
    reach = "inlay::unbounded" if found.receptive_field is None else found.receptive_field
    rate = f"inlay::Rate{{{found.rate.denominator}, {found.rate.numerator}}}"
    claims = {
        "receptive_field": reach,
        "warmup_frames": found.warmup_frames,
        "rate": rate,
        "latency()": found.latency,
        "parameters": found.parameters,
        "macs_per_sample": found.macs,
        "condition_size": found.condition_size,
        "one_to_one": str(found.one_to_one).lower(),
    }
    claimed = [f"static_assert({name}::{what} == {value});\n" for what, value in claims.items()]
    return "".join([*claimed, *predictions(name, layers)])


def predictions(name: str, layers: Chain) -> list[str]:
    """Assertions that C++ and Python predict the same time."""
    claims = []
    for on in map(machine, ("zen4-avx2", "m7")):
        for block in (1, 64):
            of_type = (
                f"inlay::predict<{name}>(inlay::machines::{on.name.replace('-', '_')}, {block})"
            )
            ratio = f"{of_type}.nanoseconds / {predict(layers, on, block=block).nanoseconds}"
            claims.append(f"static_assert({ratio} < 1 + 1e-9 && {ratio} > 1 - 1e-9);\n")
    return claims


RUN = """
template <class Model>
bool reproduces(Model& model, const auto& in, [[maybe_unused]] const auto& condition,
                const auto& expected, auto limit) {
  for (std::size_t t = 0; t < std::size(in); ++t) {
    typename Model::scalar y[1];
    if constexpr (Model::condition_size > 0)
      model.forward(std::span(in).subspan(t).template first<1>(), y,
                    std::span(condition).subspan(t * Model::condition_size).template first<Model::condition_size>());
    else model.forward(std::span(in).subspan(t).template first<1>(), y);
    if (!(std::abs(y[0] - expected[t]) <= limit)) return false;
  }
  return true;
}
"""


def compiled(compiler: str, text: str, folder: Path, optimise: str = "-O1") -> Path:
    if not shutil.which(compiler) or not (REPOSITORY / "include").exists():
        pytest.skip(f"needs {compiler} and the C++ library")
    (folder / "main.cpp").write_text(text)
    flags = ["-std=c++20", optimise, *WARNINGS, f"-I{REPOSITORY / 'include'}"]
    program = folder / compiler.replace("+", "p")
    subprocess.run([compiler, *flags, folder / "main.cpp", "-o", program], check=True)
    return program


@pytest.mark.parametrize("compiler, constant", [("g++", False), ("clang++", True)])
def test_the_check_is_reproduced(compiler: str, constant: bool, tmp_path: Path) -> None:
    models = {
        "chain": golden("torch/lstm20_dense.f32.json"),
        "wavenet": golden("torch/wavenet_small.f32.json"),
        "cabinet": golden("torch/conv1d_1_1_k500.f32.json"),
        "combined": reproduced(COMBINED, tmp_path),
    }
    text = "#include <cmath>\n#include <inlay/predict.hpp>\n#include <iterator>\n"
    main = ""
    for name, model in models.items():
        kind = {"constant" if constant else "weights": True}
        header = generate(model, "Amp", **kind, check=True, namespace=name)
        (tmp_path / f"{name}.hpp").write_text(header)
        text += f'#include "{name}.hpp"\n' + constants(f"{name}::Amp", model.layers)
        check = f"{name}::amp_weights::check"
        condition = "input" if model.check.condition is None else "condition"
        main += (
            f"static {name}::Amp {name}_amp;\n"
            + ("" if constant else f"if (!{name}::set_weights({name}_amp)) return 1;\n")
            + f"if (!reproduces({name}_amp, {check}::input, {check}::{condition}, {check}::output,"
            f" {check}::limit[0])) return 2;\n"
        )
    program = compiled(compiler, text + RUN + f"int main() {{ {main} }}", tmp_path)
    assert subprocess.run([program], check=False).returncode == 0


PREDICTED = (
    "in 3, tanh, dense 1",
    "in 3, biquad 2, silu, biquad 3, dense 1",
    "dense 2, sine, mish, min_gru 6, relu, dense 1",
    "dense 30, conv1d 30 k3 d64, tanh, conv1d 30 k3 d64, conv1d 30 k5 d9, dense 1",
    "dense 32, s4d 16, s4d 16, s4d 16, lru 32, s6 16, layer_norm, dense 2",
    "lstm 8, gru 40, rnn 8, biquad 2, dense 1",
    "conv1d 1 k4000, lstm 4, dense 1",
    "wavenet 13",
)


def test_types_are_predicted_as_in_python(tmp_path: Path) -> None:
    text = "#include <inlay/predict.hpp>\n"
    for i, line in enumerate(PREDICTED):
        layers = parse(line)
        unknown = np.zeros((1, 1))
        model = ModelFile(layers, Check("none", "float32", unknown, unknown, 1))
        text += generate(model, "Type", namespace=f"n{i}").replace("#pragma once\n", "")
        text += "".join(predictions(f"n{i}::Type", layers))
    compiled("g++", text + "int main() {}", tmp_path)


def test_a_large_constant_names_the_options_it_needs(tmp_path: Path) -> None:
    small, large = dense(1, 4), dense(400, 40)
    zeros = np.zeros((1, 1))
    for layers, expected in (([small], 0), ([large], 1), ([dense(400, 400)], 2)):
        text = generate(
            ModelFile(layers, Check("", "float32", zeros, zeros, 1)), "A", constant=True
        )
        assert text.count("// Compile with ") == expected


OTHER_RATES = "down_up windowed_long hnn_11k delayed_branch conv1d_4_6_k5_s3_d2 film_scale".split()


def test_a_type_without_weights_loads_the_file(tmp_path: Path) -> None:
    layers = [dense(1, 4), NORM, CONV, LEAKY, GRU, dense(4, 1)]
    model = reproduced(layers, tmp_path)
    write_model(tmp_path / "model.json", model)
    text = "#include <inlay/predict.hpp>\n" + generate(model, "Amp", backend="LoopBackend<double>")
    text += constants("Amp", model.layers)
    for index, name in enumerate(OTHER_RATES):
        other = golden(f"torch/{name}.f32.json")
        text += generate(other, f"Other{index}") + constants(f"Other{index}", other.layers)
    text += generate(ModelFile(FRAMED, model.check), "Framed") + constants("Framed", FRAMED)
    text += 'int main() { static Amp amp; amp.load("model.json"); }\n'
    program = compiled("g++", text.replace("#pragma once", ""), tmp_path, "-O0")
    assert subprocess.run([program], cwd=tmp_path, check=False).returncode == 0


def test_every_golden_network_has_a_type(golden_folder: Path) -> None:
    for path in golden_networks(golden_folder):
        if path.name.startswith("raised_"):
            with pytest.raises(ExportError, match=r"gives (128|256) frames for one of the input"):
                generate(read_model(path), "Amp")
            continue
        text = generate(read_model(path), "Amp", weights="29k" not in path.name)
        assert text.startswith("// Generated by") and "using Amp = inlay::ModelT<" in text
        assert max(map(len, text.split("namespace")[0].splitlines())) <= 100, path.name


def type_of(layer: LayerRecord, backend: str | None = None) -> str:
    """The type of a layer in the generated header."""
    zeros = np.zeros((1, 1))
    text = generate(ModelFile([layer], Check("", "float32", zeros, zeros, 1)), "A", backend=backend)
    return text.partition("inlay::ModelT<")[2].partition(">;")[0].strip()


CONV2D = {"features": 5, "kernel_size_time": 2, "kernel_size_features": 3}
TYPES = {
    "Conv1D<4, 4, 3>": conv1d({}, bias=True),
    "Conv1DNoBias<4, 4, 3, 2>": conv1d({"dilation": 2}),
    "Conv1DNoBias<4, 4, 3, 1, 4>": conv1d({"groups": 4}),
    "StridedConv1D<4, 4, 3, 2, 5>": conv1d({"stride": 2, "dilation": 5}, bias=True),
    "BasicConv1D<4, 4, 3, 1, 1, false, inlay::default_backend, 2>": conv1d({"stride": 2}),
    "BasicGRU<4, 4, false, inlay::HardSigmoidGate, inlay::default_backend>": GRU,
    "Conv2DNoBias<1, 2, 5, 2, 3, 1, 1, inlay::FeaturePadding::same>": LayerRecord(
        "conv2d",
        {"in": 1, "out": 2, **CONV2D, "dilation": 1, "stride": 1, "padding": "same"},
        {"kernel": tensor(2, 3, 1, 2)},
    ),
    "DepthwiseConv2D<4, 5, 2, 3, 6>": LayerRecord(
        "depthwise_conv2d",
        {"channels": 4, **CONV2D, "dilation": 6, "stride": 1, "padding": "valid"},
        {"kernel": tensor(2, 3, 4)},
    ),
    "SharedPReLU<4>": LayerRecord("prelu", {"size": 4}, {"alpha": tensor(1)}),
    "FiLM<4, 2>": holding("film", {"size": 4}, layers=[dense(2, 8)]),
    "BasicFiLM<4, inlay::Dense<2, 4>>": holding("film", {"size": 4}, layers=[dense(2, 4)]),
    "Windowed<6, 1, inlay::BasicGRU<": WINDOW,
}


@pytest.mark.parametrize("text", TYPES)
def test_types(text: str) -> None:
    assert " ".join(type_of(TYPES[text]).split()).startswith(f"inlay::{text}")


def test_a_backend_is_given_to_all_layers() -> None:
    assert type_of(conv1d({"stride": 2}), "StlBackend").endswith("false, ABackend, 2>")
    assert type_of(conv1d({}), "inlay::EigenBackend<double>").endswith("<4, 4, 3, 1, 1, ABackend>")


def test_a_backend_with_smaller_weights_raises_the_limit_of_the_check() -> None:
    layer = LayerRecord("dense", {"in": 1, "out": 1}, {"kernel": np.array([[1.0]])})
    model = ModelFile([layer], Check("", "float32", np.zeros((1, 1)), np.zeros((1, 1)), 1e-6))
    text = generate(model, "Amp", constant=True, check=True, backend="StlBackend<float, int8>")
    assert "inlay::StlBackend<float, inlay::math::Accurate, std::int8_t>" in text
    assert "limit[1] = {0.05" in " ".join(text.split())
    text = generate(model, "Amp", constant=True, check=True, backend="StlBackend<float>")
    assert "limit[1] = {1e-06" in " ".join(text.split())


REFUSED = {
    "name: '2amp' cannot be": {"name": "2amp"},
    "name: 'class' cannot be": {"name": "class"},
    "name: '_Amp' cannot be": {"name": "_Amp"},
    "name: 'a__b' cannot be": {"name": "a__b"},
    "name: 'Amp; int x' cannot be": {"name": "Amp; int x"},
    "namespace: '' cannot be": {"name": "Amp", "namespace": "a::"},
    "backend: 'CudaBackend' is not known": {"name": "Amp", "backend": "CudaBackend"},
    "backend: 'StlBackend<float, int4>' is not known": {
        "name": "Amp",
        "backend": "StlBackend<float, int4>",
    },
    "weights are either set": {"name": "Amp", "weights": True, "constant": True},
}


@pytest.mark.parametrize("message", REFUSED)
def test_refuses(message: str) -> None:
    zeros = np.zeros((1, 1))
    model = ModelFile([LEAKY], Check("", "float32", zeros, zeros, 1))
    with pytest.raises(ExportError) as caught:
        generate(model, **REFUSED[message])
    assert message in str(caught.value)


def test_a_weight_beyond_the_scalar_is_refused() -> None:
    zeros = np.zeros((1, 1))
    layer = LayerRecord("dense", {"in": 1, "out": 1}, {"kernel": np.array([[1e300]])})
    model = ModelFile([layer], Check("", "float64", zeros, zeros, 1))
    with pytest.raises(ExportError, match=r"layers\[0\].kernel: holds a number that is too large"):
        generate(model, "Amp", weights=True)
    assert "1e+300}" in generate(model, "Amp", weights=True, backend="LoopBackend<double>")


def test_only_export_errors_come_of_damaged_model_files(tmp_path: Path) -> None:
    """Reading, showing and generating: damaged files give no other errors."""
    chance = random.Random(6)
    write_model(tmp_path / "model.json", reproduced(COMBINED, tmp_path))
    whole = reference.load(tmp_path / "model.json")
    for _ in range(300):
        (tmp_path / "damaged.json").write_text(json.dumps(damaged(whole, chance)))
        try:
            opened = open_model(tmp_path / "damaged.json")
            opened.error()
            table(opened)
            generate(opened.model, "Amp", weights=True, check=True)
        except ExportError:
            pass
