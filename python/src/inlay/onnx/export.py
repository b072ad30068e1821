"""Exports ONNX graphs, and proves that they stream."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import arguments, array
from ..check.signal import DEFAULT_TOLERANCE, check_signal
from ..errors import ExportError
from ..format import Check, ModelFile, validate, write_model
from ..inspect.analysis import analyse
from ..inspect.opened import reproduce
from ..network.graph import Node
from .opened import open_graph
from .proof import prove
from .signal import Signal
from .spectra import Transform
from .streamed import Streamed

_FEWEST = 48  # frames of a check with an axis of frequency


def export_onnx(
    source: Any,
    path: str | os.PathLike[str],
    *,
    states: Mapping[str, str] | None = None,
    layout: str | None = None,
    hop: int | None = None,
    stft: Mapping[str, Any] | None = None,
    initial: Mapping[str, npt.ArrayLike] | None = None,
    sample_rate: float | None = None,
    metadata: Mapping[str, Any] | None = None,
    check_input: npt.ArrayLike | None = None,
    tolerance: float | None = None,
) -> None:
    """Writes an ONNX graph and a check of it as an inlay model file.

    The graph is evaluated over a signal as a whole and, where it has states, in pieces; both have to
    agree with the exported layers to 1e-5. The file is written completely or not at all.

    Args:
        source: an .onnx file, or an onnx.ModelProto.
        path: the file to write; an existing one is replaced.
        states: for each input that is a state, the output that is its next value. Default: those
            that fit by name and shape.
        layout: a letter for each axis of the input: N for the batch, C for the channels, T for the
            time. Default: found by the layers that the input goes into.
        hop: for a graph that gives one output frame for a window of the signal: the frames from one
            window to the next, 1 for an output frame for every frame.
        stft: for a graph from a spectrum to a spectrum: the transforms to put around it, so that the
            file takes and gives a signal. "n_fft", the samples of a frame; "hop", from frame to frame,
            default: n_fft // 2; "window", "sqrt_hann" (the default), "hann", "vorbis", "ones", or n_fft
            values. Output frames are added up as torch.istft does.
        initial: the first values of states, by the names of their inputs, for recursive averages of a
            graph with an axis of frequency. Default: zeros.
        sample_rate: the rate in Hz that the model was trained for.
        metadata: anything that JSON can hold; kept in the file, not interpreted.
        check_input: the signal of the check, [frames, channels], longer than the receptive field.
        tolerance: the largest error that loading accepts in the check, for an output within
            [-1, 1]. Default: 1e-5.

    Raises:
        ExportError: the file is damaged, or its graph has no exact form; the message names the node.
    """
    given = arguments(path, sample_rate, metadata, tolerance)
    samples = array("check_input", check_input)
    if hop is not None and (not isinstance(hop, int) or hop < 1):
        raise ExportError(f"hop: expected an integer from 1, found {hop!r}")
    transform = None if stft is None else Transform.of(stft)
    streamed = Streamed.of(open_graph(source), states, layout, hop, initial)
    signal, layers = streamed.layers()
    _require_end(signal)
    if transform is not None:
        if not streamed.input.frequency:
            raise ExportError("stft: expected a graph of one frame of a spectrum, (1, bins, 1, 2)")
        model = _of_spectra(streamed, transform, layers, samples, given, metadata)
        validate(model)
        write_model(path, model)
        return
    traits = analyse(layers)
    channels = streamed.input.channels
    sides = streamed.side.channels if streamed.side else 0
    reach = (traits.receptive_field or 1) + signal.start
    fewest = {"fewest": _FEWEST} if streamed.input.frequency else {}
    both = check_signal(samples, channels + sides, reach, "float32", **fewest)
    if streamed.side is not None and streamed.side.held:
        both[:, channels:] = both[0, channels:]
    inputs, condition = both[:, :channels], both[:, channels:] if sides else None
    played = reproduce(layers, inputs, condition)
    skip = int(signal.times[signal.start]) if signal.start < len(signal.times) else 0
    proved = prove(streamed, both.astype(np.float64), layers, played, signal)
    step = max(1, math.ceil(1 / traits.rate))
    source = "evaluation of the ONNX graph in NumPy"
    if len(proved) < len(played) - signal.start:
        source += f", and of its layers after the first {len(proved)} frames"
        proved = np.concatenate([proved, played[signal.start + len(proved) :]])
    check = Check(
        source=source,
        dtype="float32",
        input=inputs,
        condition=condition,
        output=proved.astype(np.float32),
        skip=skip,
        stride=step,
        tolerance=given.tolerance or DEFAULT_TOLERANCE["float32"],
    )
    model = ModelFile(layers, check, given.sample_rate, metadata)
    validate(model)
    write_model(path, model)


def _of_spectra(
    streamed: Streamed, transform: Transform, layers: Any, samples: Any, given: Any, metadata: Any
) -> ModelFile:
    """The model with the transforms around its layers."""
    before = transform.order(streamed.input.shape, streamed.names[0])  # type: ignore[arg-type]
    after = transform.order(streamed.output_shape(), streamed.names[2])
    audio = check_signal(samples, 1, transform.samples, "float32")
    frames = transform.frames(audio[:, 0].astype(np.float64), before)
    played = reproduce(layers, frames)
    proved = prove(streamed, frames, layers, played, Signal(Node("input", 1), (1,), 0, None, np.arange(1)))
    output = transform.added(proved, after, len(audio))[:, np.newaxis].astype(np.float32)
    check = Check(
        source="evaluation of the ONNX graph in NumPy, between the transforms",
        dtype="float32",
        input=audio,
        output=output,
        tolerance=given.tolerance or DEFAULT_TOLERANCE["float32"],
    )
    return ModelFile(transform.around(layers, before, after), check, given.sample_rate, metadata)


def _require_end(signal: Signal) -> None:
    if signal.tail > 0 and signal.behind is not None:
        signal.behind.refuse(
            f"an output of {signal.tail} frames past the end of the signal",
            "only what a frame and its past give, as padding behind the signal looks ahead in time",
            "pad on the left only, or crop the frames at the end",
        )
    if signal.tail < 0:
        raise ExportError(
            f"the output has {signal.frames} frames and begins at frame {signal.start} of the stream's"
            f" {len(signal.times)}; only outputs that end with the last frame are supported; crop at the start only"
        )
    if signal.start < 0:
        assert signal.front is not None
        signal.front.refuse(
            "zeros in front of the output", "only right before a Conv", "leave them out"
        )
