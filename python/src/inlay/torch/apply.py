"""Applies one PyTorch layer to a signal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
from torch import Tensor, nn

from ..custom import CustomLayer, custom_of
from ..errors import ExportError
from ..inspect.analysis import analyse
from ..network.graph import layers
from .controlled import controlled
from .modules import (
    CHANNELS_FIRST,
    DROPPED,
    NORMS,
    OVER_CHANNELS,
    OVER_FRAMES,
    RECURRENT,
    RELABELLING,
    WINDOWED,
    Window,
    custom_record,
    pads_otherwise,
    pads_too_much,
    refuse_frames,
    refuse_options,
    refuse_unknown,
    refuse_values,
    upsampling_of,
    width_of,
    window_of,
)
from .place import Place, Refusal
from .recognised import Recognised, recognised
from .records import records_of, started
from .run import attributes_kept
from .signal import Late, Signal, moved
from .state_space_modules import StateSpace, state_space_of


# Layers with memory whose states stay zero as long as their input does.
_ZERO_STATES = {"s4d", "lru", "s6", "biquad"}


def apply(
    signal: Signal, module: nn.Module, place: Place, states: Sequence[Tensor] = ()
) -> Signal:
    """The output signal of a layer; for LSTM, GRU and RNN, the output sequence,
    starting from `states`, [levels, 1, size] each, or from zeros.

    Raises ExportError if the layer has no counterpart in inlay.
    """
    refuse_unknown(module, place)
    refuse_options(module, place)
    refuse_values(module, place)
    if isinstance(module, DROPPED):
        return signal
    if controlled(module) is not None:
        place.refuse("a call without controls", "only module(x, controls)", "pass the controls")
    if signal.block > 1:
        _refuse_memory(module, place)
    if isinstance(module, RELABELLING):
        return moved(signal, run(module, signal.tensor, place), module.__call__, place)
    custom = custom_of(module)
    if custom is not None:
        return _custom(signal, module, custom, place)
    found = recognised(module)
    if found is not None:
        return _recognised(signal, module, found, place)
    space = state_space_of(module)
    if space is not None:
        return _state_space(signal, module, space, place)
    if isinstance(module, nn.Conv1d) and window_of(module) == Window(0, 1):
        if signal.held or signal.is_control:
            signal = laid_out(signal, module, place)
            return signal.then(
                run(module, signal.tensor, place), records_of(module, signal.channels)
            )
    if signal.held:
        if isinstance(module, (*RECURRENT, *CHANNELS_FIRST)):
            signal = signal.streamed(place)
    width = width_of(module)
    if width not in (None, signal.channels):
        raise ExportError(f"{place}: takes {width} channels, but is given {signal.channels}")
    if isinstance(module, OVER_FRAMES):
        refuse_frames(module, signal.time if signal.tensor.dim() == 2 else None, place)
    signal = laid_out(signal, module, place)
    if isinstance(module, nn.ConstantPad1d):
        return _padded(signal, module, place)
    if isinstance(module, WINDOWED):
        return _windowed(signal, module, place)
    if isinstance(module, nn.ConvTranspose1d):
        return _transposed(signal, module, place)
    if isinstance(module, nn.Upsample):
        return _upsampled(signal, module, place)
    if isinstance(module, RECURRENT):
        signal.require_first_frame(place)
        state = _state(module, signal.tensor, states)
        output = run(module, signal.tensor, place, *state)[0]
        levels = records_of(module, signal.channels)
        rows = [each.reshape(len(levels), -1) for each in states]
        return signal.then(output, started(levels, rows) if states else levels)
    output = run(module, signal.tensor, place)
    return signal.then(output, records_of(module, signal.channels))


def _refuse_memory(module: nn.Module, place: Place) -> None:
    """Raises ExportError if a layer that sees one value for each block remembers earlier ones."""
    looks_back = isinstance(module, WINDOWED) and window_of(module) != Window(0, 1)
    holds = (*RECURRENT, nn.ConvTranspose1d, nn.Upsample, nn.ConstantPad1d)
    known = (custom_of(module), recognised(module), state_space_of(module))
    if looks_back or isinstance(module, holds) or any(each is not None for each in known):
        place.refuse(
            "a signal of one value for each block",
            "only a layer without memory",
            "put the layer behind repeat_interleave(), which gives each value for all frames of its block",
        )


def _custom(signal: Signal, module: nn.Module, custom: CustomLayer, place: Place) -> Signal:
    """The output signal of a user's layer."""
    record = custom_record(custom, module, place, signal.channels if custom.is_builtin else None)
    if record.channels_in != signal.channels:
        takes = f"{place}: takes {record.channels_in} channels"
        raise ExportError(f"{takes}, but is given {signal.channels}")
    if analyse([record]).receptive_field != 1:
        signal = signal.streamed(place)
        signal.require_first_frame(place)
    signal = laid_out(signal, module, place)
    output = run(module, signal.tensor, place)
    expected = list(signal.tensor.shape)
    assert signal.channel is not None
    expected[signal.channel] = record.channels_out
    if list(output.shape) != expected:
        place.refuse(
            f"an output of shape {list(output.shape)}",
            f"only {expected}: as many frames as the input has",
            "pad the signal within the module, as a stream does with zeros",
        )
    return signal.then(output, [record])


def _state_space(signal: Signal, module: nn.Module, space: StateSpace, place: Place) -> Signal:
    if space.supported:
        advice = "use inlay.torch.S4D, and layers behind it"
        place.refuse("this form of an S4D", space.supported, advice)
    if space.width != signal.channels:
        raise ExportError(f"{place}: takes {space.width} channels, but is given {signal.channels}")
    signal = signal.streamed(place)
    records = space.records()
    if all(record.type in _ZERO_STATES for record in records):
        signal.require_settled(place)
        signal = signal.silenced(place)
    else:
        signal.require_first_frame(place)
    signal = laid_out(signal, module, place)
    output: Any = run(module, signal.tensor, place)
    return signal.then(output[0] if space.gives_state else output, records)


def _recognised(signal: Signal, module: nn.Module, found: Recognised, place: Place) -> Signal:
    """The output signal of a layer that is known by its attributes."""
    if found.channels not in (None, signal.channels):
        takes = f"{place}: takes {found.channels} channels"
        raise ExportError(f"{takes}, but is given {signal.channels}")
    records = list(found.records(records_of, signal.channels))
    if found.channels is None:
        return signal.then(run(module, signal.tensor, place), records)
    signal = laid_out(signal.streamed(place), module, place)
    if found.block == 1:
        signal.require_first_frame(place)
    else:  # blocks begin where PyTorch's signal does
        signal.require_settled(place)
        (record,) = records
        records = [replace(record, options={**record.options, "offset": signal.start})]
    with attributes_kept(module):
        output = run(module, signal.tensor, place)
    output = output[0] if isinstance(output, tuple) else output
    return signal.then(output, records).late_by(found.block - 1, Late.by_blocks(place))


def _state(module: nn.RNNBase, tensor: Tensor, states: Sequence[Tensor]) -> list[Any]:
    """The second argument of a recurrent layer, none if it starts from zeros."""
    if not states:
        return []
    extents = (module.num_layers, -1) if tensor.dim() == 2 else (module.num_layers, 1, -1)
    shaped = tuple(state.reshape(extents) for state in states)
    return [shaped if isinstance(module, nn.LSTM) else shaped[0]]


def run(module: nn.Module, tensor: Tensor, place: Place, *others: Any) -> Tensor:
    """The module's output for a copy of the tensor, as a module may work in place.

    Weights are read afterwards: weight_norm and similar hooks update them in this call.
    """
    try:
        output: Tensor = module(tensor.clone(), *others)
    except RuntimeError as error:
        shape = tuple(tensor.shape)
        raise ExportError(f"{place}: fails in PyTorch on a tensor {shape}: {error}") from error
    return output


def laid_out(signal: Signal, module: nn.Module, place: Place) -> Signal:
    """The signal with its channel axis resolved. Raises ExportError if the module uses other axes."""
    axes = _axes(module, signal)
    if axes is None:
        return signal
    time, channel = axes
    single = signal.time is None and time is not None and signal.tensor.shape[time] == 1
    if (time in (None, signal.time) or single) and signal.channel in (None, channel):
        if channel != signal.time and signal.tensor.shape[channel] == signal.channels:
            return replace(signal, channel=channel)
    if isinstance(module, OVER_CHANNELS):
        dims = (signal.channel, (signal.channel or 0) - signal.tensor.dim())
        layout = "NLC" if signal.channel == signal.tensor.dim() - 1 else "NCL"
        place.refuse(
            f"dim={module.dim}",
            "only a softmax over the channels"
            if isinstance(module, nn.Softmax)
            else "only channels",
            f"with signals laid out as {layout} that is dim={dims[layout == 'NLC']}",
        )
    shape = tuple(signal.tensor.shape)
    if signal.time is None:
        place.refuse(
            f"a condition of shape {shape}",
            "only a layer over its channels",
            "bring the channels to the axis that the layer works along",
        )
    found = f"a tensor {shape} with its frames along axis {signal.time}"
    if isinstance(module, nn.RNNBase) and len(shape) == 3:
        _refuse_direction(signal.time, module, found, place)
    place.refuse(
        found,
        "only a layer over the channels of each frame",
        "use transpose(1, 2) before it",
    )


def _refuse_direction(frames: int, module: nn.RNNBase, found: str, place: Place) -> NoReturn:
    """Raises ExportError: the recurrent layer would run along the batch or along the channels."""
    time = 1 if module.batch_first else 0
    order = "(batch, frames, channels)" if module.batch_first else "(frames, batch, channels)"
    first, second = sorted((frames, time))
    advice = f"use transpose({first}, {second}) before it"
    if not module.batch_first and frames == 1:
        advice += (
            " and back after it; or make the layer with batch_first=True and train again, as it ran"
            " along the batch"
        )
    place.refuse(found, f"with batch_first={module.batch_first} only {order}", advice)


def _axes(module: nn.Module, signal: Signal) -> tuple[int | None, int] | None:
    """The time and channel axes that a module needs. A time axis of None may be any."""
    dims = signal.tensor.dim()
    custom = custom_of(module)
    if custom is not None:
        return (dims - 1, dims - 2) if custom.channels_first else (dims - 2, dims - 1)
    if controlled(module) is not None:
        return dims - 1, dims - 2
    found = recognised(module)
    if found is not None and found.channels_first is None:
        return None
    if found is not None:
        return (dims - 1, dims - 2) if found.channels_first else (dims - 2, dims - 1)
    space = state_space_of(module)
    if space is not None:
        return (dims - 1, dims - 2) if space.channels_first else (dims - 2, dims - 1)
    if isinstance(module, RECURRENT):
        return (1 if module.batch_first and dims == 3 else 0), dims - 1
    if isinstance(module, (nn.Linear, *NORMS)):
        return None, dims - 1
    if isinstance(module, OVER_FRAMES):
        return None, 1
    if isinstance(module, CHANNELS_FIRST):
        return dims - 1, dims - 2
    if isinstance(module, nn.BatchNorm1d) or (
        isinstance(module, nn.PReLU) and module.num_parameters > 1
    ):
        return None, 1
    if isinstance(module, OVER_CHANNELS):
        dim: Any = module.dim
        known = dim is not None and -dims <= dim < dims
        return None, dim % dims if known else signal.time or 0
    return None


def _padded(signal: Signal, module: nn.ConstantPad1d, place: Place) -> Signal:
    before, behind = module.padding
    return zeros_around(
        signal,
        run(module, signal.tensor, place),
        before,
        pads_otherwise(module, place),
        place,
    )


def zeros_around(
    signal: Signal, result: Tensor, before: int, behind: Refusal, place: Place
) -> Signal:
    """A signal after zero padding. A later operation has to crop the zeros at its end."""
    if before:
        restored = 0 < signal.start <= before and not signal.behind
        signal = signal.silent_until_start() if restored else signal.silenced(place)
    in_front = Refusal(
        place,
        "padding by itself",
        "only right before a Conv1d or a pool",
        "move it there or drop it",
    )
    padded = replace(signal, tensor=result, start=signal.start - before)
    if before:
        padded = replace(padded, in_front=in_front, silent=True)
    return replace(padded, behind=behind) if padded.tail > signal.tail else padded


def _windowed(signal: Signal, module: nn.Module, place: Place) -> Signal:
    """A window that looks ahead becomes one that looks back, late by as many frames."""
    window = window_of(module)
    reach, stride = window.reach, window.stride
    # Zeros behind the signal, of this layer and of earlier padding.
    behind = window.behind + (max(0, signal.tail - signal.latency) if signal.behind else 0)
    cropped = max(0, signal.start - signal.latency)
    if window.before:
        signal = signal.silenced(place)
    to_whole_frames = -signal.latency % stride
    signal = signal.delayed(to_whole_frames, latency=to_whole_frames)
    ahead = signal.start - window.before - signal.latency + reach - cropped
    if ahead + cropped < 0 and (window.before or signal.latency or not signal.in_front):
        _refuse_padding(signal, module, place)
    phase = (window.before - signal.start) % stride
    if phase and cropped:
        signal.refuse_late(place)
    signal = signal.delayed(phase, latency=0)
    output = run(module, signal.tensor, place)
    given = (signal.start - window.before) // stride + reach // stride
    later = given - (signal.latency + cropped) // stride
    waits = max(0, min(later, math.ceil(behind / stride)))
    last_before = reach % stride + (given - 1) * stride  # the newest input of the frame before `given`
    in_front = None
    if given < 0:
        in_front = signal.in_front
        assert in_front is not None
        if signal.silent and reach:  # the first layer that sees the zeros
            in_front = Refusal(
                in_front.place,
                f"padding={(-signal.start, 0)}",
                f"only what makes {place}, or the layers up to the output, causal",
                f"use ({reach}, 0): (kernel_size - 1) * dilation on the left, or the sum of these",
            )
    times, node = signal.times, layers(signal.node, records_of(module, signal.channels))
    clock = signal.clock
    if stride > 1:
        frame = np.arange(len(times))
        times = times[(frame - reach) % stride == 0]
        clock = node
    late = signal.late
    if late is None and waits:
        late = Late.by_centred(place, reach)
    elif late is None and given > signal.start:
        late = Late.by_unpadded(place, reach)
    unseen = signal.behind
    if window.behind and isinstance(module, nn.Conv1d):
        unseen = pads_too_much(module, place)
    made = replace(
        signal,
        tensor=output,
        node=node,
        times=times,
        start=given,
        settled=math.ceil(signal.settled_behind(reach) / stride),
        clock=clock,
        late=late,
        latency=signal.latency // stride + waits,
        silent=signal.silent
        and last_before < max(signal.start, 0)
        and getattr(module, "bias", None) is None,
        in_front=in_front,
        behind=unseen if behind > max(0, ahead) else None,
    )
    return made.silent_until_start(waits) if waits else made


def _refuse_padding(signal: Signal, module: nn.Module, place: Place) -> NoReturn:
    window = window_of(module)
    if signal.in_front and not window.before:
        signal.in_front.place.refuse(
            f"padding={(signal.latency - signal.start, 0)}",
            f"only what makes {place} causal",
            f"use ({window.reach}, 0): (kernel_size - 1) * dilation on the left",
        )
    assert isinstance(module, nn.Conv1d)
    pads_too_much(module, place).throw()


def _upsampled(signal: Signal, module: nn.Upsample, place: Place) -> Signal:
    """A linear one is late by a frame of its input, as it waits for the next frame."""
    factor, late = upsampling_of(module), int(module.mode == "linear")
    signal.require_settled(place)
    if late:
        signal.require_first_frame(place)
    node = layers(signal.node, records_of(module, signal.channels))
    return replace(
        signal,
        tensor=run(module, signal.tensor, place),
        node=node,
        times=np.repeat(signal.times, factor),
        start=signal.start * factor,
        latency=signal.latency * factor,
        clock=node if factor > 1 else signal.clock,
    ).late_by(late * factor)


def _transposed(signal: Signal, module: nn.ConvTranspose1d, place: Place) -> Signal:
    """Padding leaves out frames at both ends; those at the start are latency."""
    kernel, stride, padding = module.kernel_size[0], module.stride[0], module.padding[0]
    signal.require_settled(place)
    if kernel > stride:  # a frame also adds to the outputs of the following frames
        signal = signal.silenced(place)
    output = run(module, signal.tensor, place)
    node = layers(signal.node, records_of(module, signal.channels))
    late = signal.late
    if late is None and padding:
        late = Late(f"{place}, which leaves out frames,", "use padding=0 and crop its output at the end")
    made = replace(
        signal,
        tensor=output,
        node=node,
        times=np.repeat(signal.times, stride),
        start=signal.start * stride + padding,
        latency=signal.latency * stride + padding,
        silent=signal.silent and module.bias is None,
        clock=node if stride > 1 else signal.clock,
        late=late,
    )
    return made.silent_until_start(padding) if padding else made
