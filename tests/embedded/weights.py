"""Writes a model file's tensors and check as a C++ header: python3 weights.py MODEL.json weights.hpp

Each layer becomes a namespace `layer0`, `layer1`, ... of constexpr arrays called as its tensors are, to be
set with inlay::assign; `check_input` and `check_output` are what the model has to reproduce.
"""

import json
import sys


def array(name: str, values: list[float]) -> str:
    numbers = [f"{value!r}f" for value in map(float, values)]
    lines = [", ".join(numbers[i : i + 8]) for i in range(0, len(numbers), 8)]
    return f"inline constexpr float {name}[] = {{\n    " + ",\n    ".join(lines) + "};\n"


def main() -> None:
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        model = json.load(file)
    text = ["#pragma once\n", "namespace weights {\n"]
    for index, layer in enumerate(model["layers"]):
        tensors = {name: value for name, value in layer.items() if isinstance(value, dict)}
        text.append(f"namespace layer{index} {{")
        text += [array(name, tensor["data"]) for name, tensor in tensors.items()]
        text.append("}\n")
    text.append(array("check_input", model["check"]["input"]["data"]))
    text.append(array("check_output", model["check"]["output"]["data"]))
    text.append("}  // namespace weights\n")
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(text))


if __name__ == "__main__":
    main()
