"""Predictions of cost: tables against measurements of networks that they were not fitted to, and the commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY

from inlay import ExportError
from inlay.cli import main
from inlay.format import LayerRecord
from inlay.inspect.analysis import analyse
from inlay.inspect.fir import fft_macs, fir_macs, fir_values, is_fir
from inlay.predict import layers_of, machine, machines, memory, parse_budget, predict
from inlay.predict.networks import conv1d, parse

BENCH = REPOSITORY / "bench" / "predict"
MEASURED = sorted((BENCH / "measured").glob("*.txt"))
pytestmark = pytest.mark.skipif(not MEASURED, reason="the measurements are only in the repository")


@pytest.fixture(scope="module")
def architectures():  # type: ignore[no-untyped-def]
    sys.path.insert(0, str(BENCH))
    import architectures

    return architectures


def lines_of(path: Path) -> Iterator[list[str]]:
    """Number of a network, engine, work, nanoseconds, and bytes of weights and states. Without lines of other work, which
    are used to fit."""
    lines = (line.split() for line in path.read_text().splitlines())
    return (line for line in lines if line[2] in ("frame", "buffer"))


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.stem)
def test_nine_of_ten_networks_are_predicted_within_the_stated_error(path: Path, architectures) -> None:  # type: ignore[no-untyped-def]
    errors: dict[str, list[float]] = {}
    of_older_kinds: dict[str, list[float]] = {}
    tests = architectures.tests({int(number) for number, *_ in lines_of(path)})
    for number, engine, work, time, *_ in lines_of(path):
        if int(number) in tests:
            block = 1 if work == "frame" else 64
            layers = architectures.network(int(number))
            cost = predict(layers, machine(path.stem), engine=engine, block=block)
            older = [of_older_kinds] if int(number) < architectures.NEWER else []
            for kept in [errors, *older]:
                kept.setdefault(f"{engine} {work}", []).append(cost.nanoseconds / float(time) - 1)
    for work, each in errors.items():
        assert len(each) >= 30
        found = np.quantile(np.abs(each), 0.9)
        assert found == pytest.approx(machine(path.stem).tables[work].error, abs=0.01)
        assert found <= 0.15, work
        assert np.quantile(np.abs(of_older_kinds[work]), 0.9) <= 0.15, work


@pytest.mark.parametrize("name", ["zen3-avx2", "zen4-avx2", "m7"])
def test_memory(name: str, architectures) -> None:  # type: ignore[no-untyped-def]
    on = machine(name)
    errors = []
    for number, engine, work, _, *sizes in lines_of(BENCH / "measured" / f"{name}.txt"):
        if engine == "ModelT" and work == "frame":
            found = memory(architectures.network(int(number)), on.lanes)
            # Each array of its own begins at a cache line: small networks have some hundred bytes more.
            errors.append([abs(f - int(s)) / max(int(s), 10_000) for f, s in zip(found, sizes)])
    assert (np.quantile(errors, 0.9, axis=0) <= 0.1).all()


def test_layers_on_frames_blocks_windows_and_features(architectures) -> None:  # type: ignore[no-untyped-def]
    """Combinators that call the layers within in another way than they are called. docs/predict.md has the limits."""
    on = machine("zen4-avx2")
    for line in lines_of(BENCH / "framed" / "zen4-avx2.txt"):
        number, engine, work, time, *sizes = line
        layers = architectures.network(int(number))
        cost = predict(layers, on, engine=engine, block=1 if work == "frame" else 64)
        assert cost.error is None
        assert cost.nanoseconds == pytest.approx(float(time), rel=0.3 if work == "frame" else 0.2), line
        if engine == "ModelT":
            for found, exact in zip(memory(layers, on.lanes), map(int, sizes)):
                assert found == pytest.approx(exact, rel=0.1, abs=1024), line


def test_every_machine_has_its_tables() -> None:
    for on in machines():
        assert on.title and on.lanes in (1, 4, 8, 16)
        engine = "ModelT" if on.microcontroller else "Model"
        assert {f"{engine} frame", f"{engine} buffer"} <= set(on.tables)


NEWER = "s4d 8,lru 8,s6 4,min_gru 8,biquad 2,layer_norm,softplus,gelu_tanh,softmax,snake".split(",")


@pytest.mark.parametrize("item", NEWER)
def test_every_machine_has_a_price_of_newer_layers(item: str) -> None:
    for on in machines():
        for block in (1, 64):
            plain, with_item = (
                predict(parse(f"dense 8, {layers}dense 1"), on, block=block).nanoseconds
                for layers in ("", f"{item}, ")
            )
            assert plain < with_item < 100 * plain, on.name


def test_prices_of_another_machine_are_untested(capsys: pytest.CaptureFixture[str]) -> None:
    newer, older = parse("dense 8, s4d 8, dense 1"), parse("lstm 20, dense 1")
    for on in machines():
        assert predict(older, on).error is not None
        assert (predict(newer, on).error is None) == (on.name not in ("zen3-avx2", "zen4-avx2"))
    assert main(["predict", "s4d 8, dense 1", "--machine", "pi5"]) == 0
    assert "untested" in capsys.readouterr().out


def test_layers_that_no_measured_network_has_are_untested() -> None:
    inner = parse("in 4, gru 4")
    windowed = LayerRecord("windowed", {"window": 8, "hop": 8}, chains={"layers": [inner]})
    assert predict([windowed], machine("zen3-avx2")).error is None
    assert predict(inner, machine("zen3-avx2")).error is not None


def test_machines_have_names_as_people_say_them() -> None:
    for name in ("m7", "M7", "Daisy", "Daisy Seed", "Cortex-M7"):
        assert machine(name).name == "m7"
    assert machine("Raspberry Pi 5").name == "pi5"
    assert parse_budget("50% of an M7 at 48 kHz").machine.name == "m7"


def test_a_microcontroller_runs_types_alone(capsys: pytest.CaptureFixture[str]) -> None:
    line = "lstm 20, dense 1"
    assert main(["predict", line, "--machine", "m7", "--engine", "Model"]) == 2
    assert "m7 runs types alone" in capsys.readouterr().err
    assert main(["predict", line, "--engine", "Model"]) == 0
    output = capsys.readouterr().out
    assert "pi5" in output and "m7" not in output
    assert main(["predict", line, "--machine", "m7"]) == 0
    assert "weights, in flash" in capsys.readouterr().out


def test_longer_calls_cost_less_a_frame() -> None:
    on, layers = machine("zen3-avx2"), parse("wavenet 4")
    costs = [
        predict(layers, on, engine="Model", block=block).nanoseconds for block in (16, 64, 512)
    ]
    assert costs[0] >= costs[1] >= costs[2] > 0


def test_long_filters_are_not_counted_tap_by_tap() -> None:
    # tests/unit/fir_test.cpp has the same numbers.
    assert [fir_macs(taps) for taps in (128, 500, 4096, 16384)] == [128, 182, 283, 379]
    assert [fft_macs(taps) for taps in (128, 500, 4096, 16384)] == [0, 30, 75, 75]
    on = machine("zen3-avx2")
    short, long = (
        predict(parse(f"conv1d 1 k{taps}"), on, engine="Model").nanoseconds for taps in (127, 4096)
    )
    assert short < long < 4 * short
    # Nor does a frame wait for one sum of all taps.
    frame, buffer = (predict(parse("conv1d 1 k4096"), on, block=block) for block in (1, 64))
    assert frame.nanoseconds < 1.5 * buffer.nanoseconds


@pytest.mark.parametrize("name", ["zen3-avx2", "zen4-avx2", "m7", "pi4", "pi5", "m1"])
def test_long_filters_are_predicted_as_measured(name: str) -> None:
    for line in (BENCH / "filters" / f"{name}.txt").read_text().splitlines():
        taps, work, time = line.split()
        layers = [conv1d(1, 1, int(taps))]
        if is_fir(layers[0]):
            block = 1 if work == "frame" else 64
            cost = predict(layers, machine(name), block=block)
            assert cost.nanoseconds == pytest.approx(float(time), rel=0.1), line


def test_memory_of_long_filters() -> None:
    # tests/unit/fir_test.cpp has the same numbers.
    values = {200: (224, 496), 500: (1536, 1424), 4096: (14320, 12912)}
    assert {taps: fir_values(taps) for taps in values} == values
    for lanes in (1, 8):
        found = memory(parse("conv1d 1 k4096, conv1d 1 k500"), lanes)
        assert found == pytest.approx((4 * (14320 + 1536), 4 * (12912 + 1424)), rel=0.02)


LINES = {
    "lstm 20, dense 1": 1781,
    "wavenet 16": 13801,
    "in 2, dense 4, tanh, dense 1": 17,
    "in 4, lru 8, s4d 3": 2 * 8 * (4 + 8 + 1) + 4 * 8 + 8 * (4 * 3 + 1),
    "in 2, min_gru 4, layer_norm, biquad 2": 2 * 4 * 3 + 2 * 4 + 4 * 2 * 5,
    "in 20, s6 3": 20 * (2 * 2 + 3 * 3 + 2),
    "conv1d 4 k5 d2, prelu, gru 3, dense 1": 4 * 5 + 4 + 4 + 3 * 3 * (4 + 3 + 2) + 4,
}


@pytest.mark.parametrize("line", LINES)
def test_lines(line: str) -> None:
    assert analyse(layers_of(line)[0]).parameters == LINES[line]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "lstm",
        "lstm x",
        "lstm 0",
        "lstm 5000",
        "dense 1 k3",
        "tanh 3",
        "lsm 20",
        "dense 2, wavenet 4",
    ],
)
def test_lines_that_are_refused(line: str) -> None:
    with pytest.raises(ExportError):
        parse(line)


def test_modules_and_files(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.LSTM(1, 20), torch.nn.Linear(20, 1))
    on = machine("zen3-avx2")
    of_module = predict(layers_of(module)[0], on).nanoseconds
    assert of_module == predict(parse("lstm 20, dense 1"), on).nanoseconds
    file = REPOSITORY / "tests" / "golden" / "torch" / "lstm20_dense.f32.json"
    assert of_module == predict(layers_of(file)[0], on).nanoseconds


def test_budgets() -> None:
    budget = parse_budget("20% of a Zen3-AVX2 core at 44.1 kHz")
    assert (budget.share, budget.machine.name, budget.sample_rate) == (0.2, "zen3-avx2", 44_100)
    assert parse_budget("5.5 % of zen3-avx2").sample_rate == 48_000
    for text in ("", "20", "20% of a toaster", "x% of zen3-avx2", "20% of zen3-avx2 at 48 parsec"):
        with pytest.raises(ExportError):
            parse_budget(text)


def test_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["predict", "lstm 20, dense 1", "--machine", "zen3-avx2"]) == 0
    assert "1781 parameters" in capsys.readouterr().out
    assert main(["predict", "--budget", "5% of a zen3-avx2 core at 48 kHz"]) == 0
    assert "wavenet N" in capsys.readouterr().out
    assert main(["predict"]) == 2
    assert "nothing to predict" in capsys.readouterr().err
    assert main(["predict", "lstm 20", "--machine", "toaster"]) == 2
    assert "'toaster' is not known" in capsys.readouterr().err


def test_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert main(["predict", "--plot", str(tmp_path / "costs.svg"), "--machine", "zen3-avx2"]) == 0
    assert (tmp_path / "costs.svg").stat().st_size > 10_000


def test_the_header_has_the_machines() -> None:
    sys.path.insert(0, str(BENCH))
    import machines_header

    assert machines_header.HEADER.read_text() == machines_header.text()
    known = {
        f"{kind} {number}" for kind in machines_header.KINDS for number in machines_header.NUMBERS
    }
    for path in machines_header.MACHINES.glob("*.json"):
        for table in json.loads(path.read_text())["tables"].values():
            for prices in (table["coefficients"], table.get("instructions", {})):
                assert set(prices) <= known | {"call", "cache lines", "past lines", "code lines"}
