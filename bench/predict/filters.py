"""Prices of long filters, `FIR`, from what filters of several lengths cost alone.

A file of `filters/` has lines "taps work ns": measured by run.sh, counted by count.sh and microcontroller.py. Where there
is none, `like` has their prices.

    PYTHONPATH=python/src python3 bench/predict/filters.py FOLDER

writes a model file of each of `TAPS`.
"""

import sys
from dataclasses import replace
from pathlib import Path

import like
import numpy as np
from scipy.optimize import nnls

from inlay.check.signal import default_signal
from inlay.format import Check, ModelFile, write_model
from inlay.inspect.fir import fft_macs, fir_macs
from inlay.predict.features import Work
from inlay.predict.networks import conv1d

FOLDER = Path(__file__).resolve().parent / "filters"
TAPS = 128, 256, 512, 1024, 2048, 4096, 8192
NAMES = "fir layers", "fir products", "fft products"
KINDS = "fir", "fft"


def file_of(machine):
    return FOLDER / f"{machine}.txt"


def scaled(machine):
    """The kinds, if their prices are those of another machine."""
    return [] if file_of(machine).exists() else list(KINDS)


def priced(time, table):
    """The price of a filter that takes `time` alone, by bisection: a call of it costs time, too."""
    low, high = 0.0, time
    alone = Work(called={"call": 1, NAMES[0]: 1}, longest={NAMES[0]: 1})
    for _ in range(40):
        price = (low + high) / 2
        own = {NAMES[0]: price}
        instructions = table.instructions and table.instructions | own
        with_it = replace(table, coefficients=table.coefficients | own, instructions=instructions)
        low, high = (low, price) if with_it.time(alone) > time else (price, high)
    return low


def fitted(machine, work, lanes, table):
    """Prices for "frame" or "buffer", beside those of a table."""
    rows, found, times = [], [], []
    for line in file_of(machine).read_text(encoding="utf-8").splitlines():
        taps, of, time = line.split()
        if of == work:
            fft = fft_macs(int(taps))
            rows.append([1, (fir_macs(int(taps)) - fft) / lanes, fft / lanes])
            found.append(priced(float(time), table))
            times.append(float(time))
    solution, _ = nnls(np.array(rows) / np.array(times)[:, None], np.array(found) / np.array(times))
    return dict(zip(NAMES, map(float, solution)))


def prices(machine, lanes, fits):
    """Prices by engine and work, such as "ModelT frame", for the fits of a machine."""
    by_work = {fit.work: fit for fit in fits}
    found = {}
    for name, fit in by_work.items():
        work = name.split()[1]
        if not scaled(machine):  # of types, or of `Model` where there are none of types
            found[name] = fitted(machine, work, lanes, by_work.get(f"ModelT {work}", fit).table)
        else:
            found[name] = like.prices(KINDS, work, lanes, fit.table)
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
