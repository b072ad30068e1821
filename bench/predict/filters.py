"""Prices of long filters, `FIR`, from what filters of several lengths cost alone.

A file of `filters/` has lines "taps work ns": measured by run.sh, counted by count.sh and microcontroller.py. Where there
is none, a filter takes the time that it takes on `LIKE`, in proportion to the products of convolutions.

    PYTHONPATH=python/src python3 bench/predict/filters.py FOLDER

writes a model file of each of `TAPS`.
"""

import json
import sys
from pathlib import Path

import machines_header
import numpy as np
from scipy.optimize import nnls

from inlay.check.signal import default_signal
from inlay.format import Check, ModelFile, write_model
from inlay.inspect.fir import fft_macs, fir_macs
from inlay.predict.networks import conv1d

FOLDER = Path(__file__).resolve().parent / "filters"
TAPS = 128, 256, 512, 1024, 2048, 4096, 8192
LIKE = "zen4-avx2"
NAMES = "fir layers", "fir products", "fft products"


def file_of(machine):
    return FOLDER / f"{machine}.txt"


def fitted(machine, work, lanes, call):
    """Prices for "frame" or "buffer". `call` is that of a call."""
    rows, times = [], []
    for line in file_of(machine).read_text(encoding="utf-8").splitlines():
        taps, of, time = line.split()
        if of == work:
            fft = fft_macs(int(taps))
            rows.append([1, (fir_macs(int(taps)) - fft) / lanes, fft / lanes])
            times.append(float(time) - call)
    solution, _ = nnls(np.array(rows) / np.array(times)[:, None], np.ones(len(times)))
    return dict(zip(NAMES, map(float, solution)))


def as_like(work, lanes, products):
    """Prices from those of `LIKE`. `products` is the price of a register of a convolution's products."""
    like = json.loads((machines_header.MACHINES / f"{LIKE}.json").read_text(encoding="utf-8"))
    known = like["tables"][f"ModelT {work}"]["coefficients"]
    # A filter's time depends less on the size of registers than that of a convolution.
    time = products / known["conv products"] * min(1, like["lanes"] / lanes)
    return {name: known[name] * time * (1 if name == "fir layers" else lanes / like["lanes"]) for name in NAMES}


def prices(machine, lanes, tables):
    """Prices by engine and work, such as "ModelT frame", for the tables of a machine."""
    found = {}
    for name, table in tables.items():
        work = name.split()[1]
        if file_of(machine).exists():  # of types, or of `Model` where there are none of types
            call = tables.get(f"ModelT {work}", table).get("call", 0)
            found[name] = fitted(machine, work, lanes, call)
        else:
            found[name] = as_like(work, lanes, table["conv products"])
    return found


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    signal = default_signal(1, 1)
    for taps in TAPS:
        layers = [conv1d(1, 1, taps)]
        write_model(folder / f"{taps}.json", ModelFile(layers, Check("none", "float32", signal, 0 * signal, 1e-5)))


if __name__ == "__main__":
    main()
