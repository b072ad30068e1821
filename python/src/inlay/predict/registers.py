"""How the rows of a matrix lie in registers, as in include/inlay/core/matrix.hpp."""

from __future__ import annotations

import math


def padded(rows: int, lanes: int) -> int:
    """Rows of a matrix, padded to whole registers of the size that its kernel chooses."""
    of_register = unit(rows, lanes)
    return math.ceil(rows / of_register) * of_register


def unit(rows: int, lanes: int) -> int:
    return 1 if lanes == 1 else min(lanes, max(4, 1 << (rows - 1).bit_length()))


def panels(out: int, gates: int, lanes: int) -> int:
    """Groups of rows, each of which reads all columns."""
    return math.ceil(math.ceil(out / unit(out, lanes)) / (12 // (2 if gates == 1 else gates)))


def sums(columns: float, out: int, gates: int, lanes: int) -> int:
    """Sums of an output that grow side by side, as in include/inlay/core/panel_accumulator.hpp."""
    if lanes == 1 or columns < 8:
        return 1
    units = math.ceil(out / unit(out, lanes))
    of_panel = gates * math.ceil(units / panels(out, gates, lanes))
    return min(4, max(1, (8 + (of_panel - 1 if gates == 1 else 0)) // of_panel))
