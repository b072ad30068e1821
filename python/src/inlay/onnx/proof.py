"""Proves that a graph streams: its evaluation, as a whole and in pieces, is what the exported layers give."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import numpy as np

from ..errors import ExportError
from ..format import Array
from ..inspect.analysis import analyse
from ..inspect.opened import reproduce
from .evaluate import run
from .signal import Signal
from .streamed import Streamed

_PIECES = (64, 7, 128, 33, 96)
_AGREEMENT = 1e-5
_MOST_WINDOWS = 200  # that are evaluated, of a graph of windows


def prove(streamed: Streamed, samples: Array, layers: Any, played: Array, signal: Signal) -> Array:
    """The output of the graph, whole and in pieces, from frame `signal.start` on.

    Raises ExportError unless the layers play the same.
    """
    fixed, start = streamed.input.frames, signal.start

    def rows(output: Array) -> Array:
        return np.moveaxis(output, signal.time, 0).reshape(-1, played.shape[1])

    proved: list[Array] = []
    if streamed.hop is not None:
        proved.append(_proved_hops(streamed, samples, played[start:], start))
    elif fixed is None:
        (whole,) = streamed.evaluated(iter([samples]))
        proved.append(_without_tail(rows(whole), signal, played))
        _compare("as a whole", proved[0], played[start:], start)
    if streamed.states:
        sizes = [fixed] if fixed else list(_PIECES)
        pieces = _pieces(samples, sizes, fixed is not None)
        proved.append(np.concatenate([rows(y) for y in streamed.evaluated(pieces)]))
        _compare("in pieces", proved[-1], played[: len(proved[-1])], 0)
    elif fixed is not None and streamed.hop is None:
        proved.append(_proved_windows(streamed, samples, layers, played, signal, rows))
    return proved[0]


def _proved_windows(
    streamed: Streamed, samples: Array, layers: Any, played: Array, signal: Signal, rows: Any
) -> Array:
    """The output of a graph of fixed length without states, in windows along the signal.

    The first window is the stream's start. In later windows, frames whose whole past is in the window
    have to be those of the stream. All frames of a window have to be those of the layers for it alone.
    """
    fixed, start, traits = streamed.input.frames, signal.start, analyse(layers)
    assert fixed is not None
    channels = streamed.input.channels
    longer = np.zeros((len(samples) + fixed, samples.shape[1]))
    longer[: len(samples)] = samples
    longer[len(samples) :, channels:] = samples[-1, channels:]

    def output(at: int) -> Array:
        return rows(streamed.evaluated(iter([longer[at : at + fixed]]))[0])

    first = output(0)
    proved = [first]
    past = max(start, (traits.receptive_field or fixed + 1) - 1)
    if traits.rate != 1 or past >= fixed:
        hops = range(fixed, min(len(samples), 4 * fixed), fixed)
    else:
        hops = range(fixed - past, len(samples), fixed - past)
        proved += [output(at)[past - start :] for at in hops]
    whole = np.concatenate(proved)[: len(played) - start]
    _compare("in windows", whole, played[start:][: len(whole)], start)
    for at in list(hops)[: 0 if start > 0 else 3]:
        window = longer[at : at + fixed]
        side = window[:, channels:] if streamed.side else None
        alone = reproduce(layers, window[:, :channels], side)[start:]
        _compare(f"in a window from frame {at}", output(at), alone, start)
    return whole


def _proved_hops(streamed: Streamed, samples: Array, played: Array, start: int) -> Array:
    """The output of a graph of windows, with windows of the signal as its batch."""
    fixed, hop = streamed.input.frames, streamed.hop
    assert fixed is not None and hop is not None
    found, rows = played.copy(), range(0, len(played), max(1, len(played) // _MOST_WINDOWS))
    batch = streamed.input.batch or len(rows)
    for first in range(0, len(rows), batch):
        some = rows[first : first + batch]
        windows = np.zeros((batch, fixed, samples.shape[1]))
        windows[: len(some)] = [samples[at * hop : at * hop + fixed] for at in some]
        given = {streamed.names[0]: streamed.input.filled(windows)}
        made = run(streamed.graph, given, streamed.wanted())[streamed.names[2]]
        found[some] = made.reshape(batch, -1)[: len(some)]
    _compare("in windows", found, played, start)
    return found


def _compare(how: str, found: Array, expected: Array, start: int) -> None:
    if found.shape != expected.shape:
        raise ExportError(
            f"the graph, evaluated {how}, gives {len(found)} frames where a stream gives {len(expected)}; only graphs that give frames at a fixed rate can be exported"
        )
    limit = _AGREEMENT * max(1.0, float(np.abs(expected).max(initial=0)))
    wrong = ~(np.abs(found - expected) <= limit)
    if wrong.any():
        frame = int(np.argmax(wrong.any(axis=1)))
        error = float(np.abs(found - expected)[frame].max())
        advice = (
            "; an input and an output may be paired wrongly: name the states with states= or --state"
            if how == "in pieces"
            else ""
        )
        raise ExportError(
            f"the graph, evaluated {how}, does not stream: frame {frame + start} of its output differs by {error:.3g} from the layers{advice}"
        )


def _without_tail(found: Array, signal: Signal, played: Array) -> Array:
    """Frames without those after the end of the input, which a ConvTranspose gives."""
    return found[: len(played) - signal.start] if signal.tail > 0 else found


def _pieces(samples: Array, sizes: list[int], whole_only: bool) -> Iterator[Array]:
    at = 0
    for size in cycle(sizes):
        if at >= len(samples) or (whole_only and at + size > len(samples)):
            return
        yield samples[at : at + size]
        at += size
