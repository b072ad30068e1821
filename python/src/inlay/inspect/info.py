"""The output of `inlay info`, for people and as JSON."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .analysis import LayerAnalysis
from .opened import Opened

_INDENT = "  "


def info(opened: Opened) -> dict[str, Any]:
    """The values for JSON. A receptive field of null is unbounded."""
    model, analysis = opened.model, opened.analysis
    channels_in, channels_out = opened.channels
    return {
        "sample_rate": model.sample_rate,
        "metadata": model.metadata,
        "prewarm": model.prewarm,
        "in": channels_in,
        "out": channels_out,
        "condition_size": analysis.condition_size,
        "parameters": analysis.parameters,
        "weight_bytes": analysis.weight_bytes,
        "macs": analysis.macs,
        "receptive_field": analysis.receptive_field,
        "warmup_frames": analysis.warmup_frames,
        "latency": analysis.latency,
        "rate": {"in": analysis.rate.denominator, "out": analysis.rate.numerator},
        "one_to_one": analysis.one_to_one,
        "check": _check(opened),
        "layers": [_layer(layer) for layer in analysis.layers],
    }


def _check(opened: Opened) -> dict[str, Any]:
    check = opened.model.check
    return {
        "source": check.source,
        "dtype": check.dtype,
        "frames": len(check.input),
        "skip": check.skip,
        "stride": check.stride,
        "tolerance": check.tolerance,
    }


def _layer(layer: LayerAnalysis) -> dict[str, Any]:
    record = layer.record
    return {
        "place": layer.place,
        "type": record.type,
        "in": record.channels_in,
        "out": record.channels_out,
        "options": dict(record.options),
        "tensors": {name: list(tensor.shape) for name, tensor in record.tensors.items()},
        "parameters": layer.traits.parameters,
        "weight_bytes": layer.traits.weight_bytes,
        "macs": layer.macs,
        "receptive_field": layer.traits.receptive_field,
    }


def table(opened: Opened) -> str:
    """The text for people: the model's properties, then a line for each layer."""
    facts = _facts(opened)
    width = max(map(len, facts))
    lines = [f"{name.ljust(width)}  {value}" for name, value in facts.items()]
    return "\n".join([*lines, "", *_columns(_rows(opened))])


def _facts(opened: Opened) -> dict[str, str]:
    model, analysis, check = opened.model, opened.analysis, opened.model.check
    facts = {}
    if model.metadata and isinstance(model.metadata.get("name"), str):
        facts["name"] = model.metadata["name"]
    facts["sample rate"] = "not given" if model.sample_rate is None else f"{model.sample_rate:g} Hz"
    facts["channels"] = "{} -> {}".format(*opened.channels)
    if analysis.condition_size:
        facts["side channels"] = str(analysis.condition_size)
    facts["rate"] = _rate(analysis.rate)
    facts["receptive field"] = _reach(analysis.receptive_field, model.sample_rate)
    facts["latency"] = _frames(analysis.latency, model.sample_rate)
    if model.prewarm:
        facts["prewarm"] = _frames(model.prewarm, model.sample_rate)
    facts["check"] = f"{len(check.input)} frames, {check.dtype}, by {check.source}"
    return facts


def _rate(rate: Fraction) -> str:
    return "one frame for each" if rate == 1 else f"{rate.numerator} out for {rate.denominator} in"


def _reach(frames: int | None, sample_rate: float | None) -> str:
    return "unbounded (recurrent)" if frames is None else _frames(frames, sample_rate)


def _frames(frames: int, sample_rate: float | None) -> str:
    text = "1 frame" if frames == 1 else f"{frames} frames"
    return (
        text
        if sample_rate is None or not frames
        else f"{text}, {1000 * frames / sample_rate:.3g} ms"
    )


def _rows(opened: Opened) -> list[list[str]]:
    rows = [["layer", "channels", "options", "parameters", "MACs/frame", "bytes"]]
    for layer in opened.analysis.layers:
        record, traits = layer.record, layer.traits
        index = (
            layer.place.rpartition(".")[2] if layer.depth else layer.place.removeprefix("layers")
        )
        rows.append(
            [
                f"{_INDENT * layer.depth}{index} {record.type}",
                f"{record.channels_in} -> {record.channels_out}",
                _options(layer),
                *map(str, (traits.parameters, layer.macs, traits.weight_bytes)),
            ]
        )
    total = opened.analysis
    sums = map(str, (total.parameters, total.macs, total.weight_bytes))
    return [*rows, ["total", "", "", *sums]]


def _options(layer: LayerAnalysis) -> str:
    sizes = ("in", "out", "size")
    options = layer.record.options.items()
    return ", ".join(f"{name} {_plain(value)}" for name, value in options if name not in sizes)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _columns(rows: list[list[str]]) -> list[str]:
    """Aligns the columns. The last three are numbers, flush right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if index < 3 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
