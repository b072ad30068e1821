"""Prices of work that was not measured on a machine: those of `LIKE`, in proportion to a convolution."""

import json

import machines_header

from inlay.inspect.analysis import analyse
from inlay.predict.features import priced
from inlay.predict.features import work as work_of
from inlay.predict.networks import parse

LIKE = "zen4-avx2"


def convolution(prices, lanes, buffers):
    """The price of a register's products in a convolution of 16 channels, all in all."""
    numbers = work_of(analyse(parse("in 16, conv1d 16 k3")).layers, lanes, buffers).called
    of_layer = {name: number for name, number in numbers.items() if name.split()[0] == "conv"}
    return priced(of_layer, prices) / of_layer["conv products"]


def prices(kinds, work, lanes, table):
    """Prices of kinds of layers for "frame" or "buffer", beside those of a table."""
    if not kinds:
        return {}
    like = json.loads((machines_header.MACHINES / f"{LIKE}.json").read_text(encoding="utf-8"))
    known, buffers = like["tables"][f"ModelT {work}"]["coefficients"], work == "buffer"
    time = convolution(table.coefficients, lanes, buffers) / convolution(known, like["lanes"], buffers)
    wider = lanes / like["lanes"]
    # A filter's time, and that of single values, depends less on the size of registers than that of a convolution.
    scale = {"fir layers": time * min(1, 1 / wider), "fir products": time * min(wider, 1)}
    scale["fft products"] = scale["fir products"]
    for name in known:
        if name.split()[0] in ("biquad", "one_pole", "table_shaper"):
            scale[name] = time * min(1, 1 / wider)
    return {name: price * scale.get(name, time) for name, price in known.items() if name.split()[0] in kinds}
