"""Writes include/inlay/predict/machines.hpp from the machines of the Python package."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MACHINES = ROOT / "python" / "src" / "inlay" / "predict" / "machines"
HEADER = ROOT / "include" / "inlay" / "predict" / "machines.hpp"
KINDS = (
    "dense narrow conv lstm gru rnn tanh sigmoid silu elu softplus gelu gelu_tanh softmax snake sine mish exp log quotient "
    "norm line copy join fir fft min_gru s4d lru s6 biquad one_pole table_shaper"
).split()
NUMBERS = "layers registers products columns taps chain further straddles excess".split()


def features(coefficients):
    kinds = [[coefficients.get(f"{kind} {number}", 0) for number in NUMBERS] for kind in KINDS]
    rows = ",\n         ".join("{" + ", ".join(f"{value:g}" for value in kind) + "}" for kind in kinds)
    ahead = "".join(f"{coefficients.get(name, 0):g},\n     " for name in ("call", "cache lines", "past lines", "code lines"))
    return f"{{{ahead}{{{{{rows}}}}}}}"


def instructions(table):
    return "Features" + features(table["instructions"]) if "instructions" in table else "std::nullopt"


def text():
    lines = [
        "// Written by bench/predict: run it to measure again.",
        "#pragma once",
        "",
        '#include "inlay/predict/machine.hpp"',
        "",
        "// clang-format off",
        "namespace inlay::machines {",
    ]
    for path in sorted(MACHINES.glob("*.json")):
        machine = json.loads(path.read_text(encoding="utf-8"))
        tables = machine["tables"]
        engine = "ModelT" if "ModelT frame" in tables else "Model"
        frame, buffer = (tables[f"{engine} {work}"] for work in ("frame", "buffer"))
        lines += [
            "",
            f"/// {machine['title']}." + (" The times of `Model`." if engine == "Model" else ""),
            f"inline constexpr Machine {path.stem.replace('-', '_')}{{",
            f'    "{path.stem}", "{machine["title"]}", {machine["lanes"]}, {str(machine["measured"]).lower()},',
            f"    {features(frame['coefficients'])},",
            f"    {features(buffer['coefficients'])},",
            f"    {instructions(frame)},",
            f"    {frame['overlap']:g}, {frame['error']:g}, {buffer['error']:g}}};",
        ]
    return "\n".join([*lines, "", "}  // namespace inlay::machines", "// clang-format on", ""])


def write():
    HEADER.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write()
