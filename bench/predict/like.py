"""Prices of work that was not measured on a machine: those of `LIKE`, in proportion to the products of convolutions."""

import json

import machines_header

LIKE = "zen3-avx2"


def prices(kinds, work, lanes, products):
    """Prices of kinds of layers for "frame" or "buffer". `products` is that of a register of a convolution's products."""
    like = json.loads((machines_header.MACHINES / f"{LIKE}.json").read_text(encoding="utf-8"))
    known = like["tables"][f"ModelT {work}"]["coefficients"]
    time, wider = products / known["conv products"], lanes / like["lanes"]
    # A filter's time, and that of single values, depends less on the size of registers than that of a convolution.
    scale = {"fir layers": time * min(1, 1 / wider), "fir products": time * min(wider, 1)}
    scale["fft products"] = scale["fir products"]
    for name in known:
        if name.split()[0] in ("biquad", "one_pole", "table_shaper"):
            scale[name] = time * min(1, 1 / wider)
    return {name: price * scale.get(name, time) for name, price in known.items() if name.split()[0] in kinds}
