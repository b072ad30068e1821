"""Writes the networks of engines.cpp as inlay's files: those of the anira paper, with the weights of the golden models.

    python3 bench/host/networks.py FOLDER

HNN-11k gives an output for each frame, as in the paper, not for one in 150.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

NETWORKS = {
    "CNN-29k": "cnn_29k",
    "CNN-15k": "cnn_15k",
    "CNN-1k": "cnn_1k",
    "RNN-2k": "rnn_2k",
    "HNN-11k": "hnn_11k",
}


def main() -> None:
    golden = Path(__file__).parents[2] / "tests" / "golden" / "torch"
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in NETWORKS.items():
        model = json.loads((golden / f"{source}.f32.json").read_text(encoding="utf-8"))
        if model["layers"][0]["type"] == "windowed":
            model["layers"][0]["hop"] = 1
        (folder / f"{name}.json").write_text(json.dumps(model), encoding="utf-8")


if __name__ == "__main__":
    main()
