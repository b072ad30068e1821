"""Modules with a forward() of their own: the exported layers, which agree with PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import inlay
from inlay.check import reference


def shape_of(chain: list[reference.Json]) -> str:
    """The structure of a network as text, such as "residual(lstm dense)"."""
    return " ".join(map(_shape_of_layer, chain))


def _shape_of_layer(layer: reference.Json) -> str:
    inner = [value for value in layer.values() if isinstance(value, list)]
    if "branches" in layer:
        inner = layer["branches"]
    held = " | ".join(map(shape_of, inner))
    return layer["type"] + (f"({held})" if held else "")


def exported(module: nn.Module, tmp_path: Path, **options: Any) -> reference.Json:
    """The JSON of an export with random weights, whose check passes."""
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -0.5, 0.5)
    inlay.export_torch(module, tmp_path / "model.json", **options)
    root = reference.load(tmp_path / "model.json")
    error, limit = reference.check_error(root)
    assert error <= limit
    return root


class Lambda(nn.Module):
    """A module with these children and this forward()."""

    def __init__(self, function: Callable[..., Any], **children: Any) -> None:
        super().__init__()
        self.function = function
        for name, child in children.items():
            setattr(self, name, child)

    def forward(self, x: Tensor) -> Any:
        return self.function(self, x)


class Amp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 8, batch_first=True)
        self.dense = nn.Linear(8, 1)

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        states, state = self.lstm(x, state)
        return self.dense(states) + x, state


class CausalConv1d(nn.Conv1d):
    def forward(self, x: Tensor) -> Tensor:
        past = (self.kernel_size[0] - 1) * self.dilation[0]
        return super().forward(functional.pad(x, (past, 0)))


class Chomp(nn.Module):
    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, : -self.frames].contiguous()


class TemporalBlock(nn.Module):
    """The block of Bai, Kolter and Koltun."""

    def __init__(self, inputs: int, outputs: int, taps: int, dilation: int) -> None:
        super().__init__()
        past = (taps - 1) * dilation

        def conv(count: int) -> nn.Module:
            layer = nn.Conv1d(count, outputs, taps, padding=past, dilation=dilation)
            return nn.utils.weight_norm(layer)

        self.net = nn.Sequential(
            *(conv(inputs), Chomp(past), nn.ReLU(), nn.Dropout(0.2)),
            *(conv(outputs), Chomp(past), nn.ReLU(), nn.Dropout(0.2)),
        )
        self.downsample = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else None
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        out = self.net(x)
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class Tcn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(TemporalBlock(1, 4, 3, 1), TemporalBlock(4, 4, 3, 2))
        self.dense = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.blocks(x.transpose(1, 2)).transpose(1, 2))


class CroppedBlock(nn.Module):
    """A block without padding: the shortcut is cropped to the length of the convolution."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, 3, dilation=dilation)
        self.norm, self.slope = nn.BatchNorm1d(outputs), nn.PReLU(outputs)
        self.shortcut = nn.Conv1d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.slope(self.norm(self.conv(x)))
        return y + self.shortcut(x)[..., -y.shape[-1] :]


class WaveNet(nn.Module):
    def __init__(self, size: int, skips: int, layers: int, shows_input: bool = False) -> None:
        super().__init__()

        def each(make: Callable[[int], nn.Module]) -> nn.ModuleList:
            return nn.ModuleList(map(make, range(layers)))

        self.shows_input = shows_input
        self.first = nn.Conv1d(1, size, 1)
        self.convs = each(lambda i: CausalConv1d(size, 2 * size, 3, dilation=2**i))
        self.mixes = each(lambda i: nn.Conv1d(1, 2 * size, 1, bias=False))
        self.residuals = each(lambda i: nn.Conv1d(size, size, 1))
        self.skips = each(lambda i: nn.Conv1d(size, skips, 1))
        self.last = nn.Conv1d(skips, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        h, head = self.first(x), 0
        for conv, mix, residual, skip in zip(self.convs, self.mixes, self.residuals, self.skips):
            made = conv(h) + mix(x) if self.shows_input else conv(h)
            a, b = torch.chunk(made, 2, dim=1)
            z = torch.tanh(a) * torch.sigmoid(b)
            head = head + skip(z)
            h = h + residual(z)
        return self.last(torch.relu(head))


def _written(s: Any, x: Tensor) -> Tensor:
    z = torch.empty(x.shape[0], x.shape[1], 4).type_as(x)
    z[..., 1:] = s.a(x)
    z[..., :1] = s.a(x)[..., :1]
    return s.b(z)


GATE = "gate(tanh | sigmoid)"
MODULES = {
    "amp": (Amp, "residual(lstm dense)"),
    "amp, channels first": (
        lambda: Lambda(
            lambda s, x: s.last(s.gru(s.first(x).permute(0, 2, 1))[0]).permute(0, 2, 1) + x,
            first=nn.Sequential(CausalConv1d(1, 4, 3), nn.Tanh()),
            gru=nn.GRU(4, 4, num_layers=2, batch_first=True),
            last=nn.Linear(4, 1),
        ),
        "residual(conv1d tanh gru gru dense)",
    ),
    "frames second": (
        lambda: Lambda(
            lambda s, x: s.last(s.rnn(x.permute(1, 0, 2))[0]).permute(1, 0, 2),
            rnn=nn.RNN(2, 3),
            last=nn.Linear(3, 1),
        ),
        "rnn dense",
    ),
    "tcn": (
        Tcn,
        "parallel(conv1d relu conv1d relu | conv1d) relu"
        " residual(conv1d relu conv1d relu) relu dense",
    ),
    "tcn without padding": (
        lambda: nn.Sequential(CroppedBlock(1, 4, 1), CroppedBlock(4, 4, 3), nn.Conv1d(4, 1, 1)),
        2 * "parallel(conv1d batchnorm1d prelu | conv1d) " + "conv1d",
    ),
    "wavenet": (
        lambda: WaveNet(4, 5, 3),
        "conv1d pad"
        + 2 * f" residual_skip(conv1d {GATE} | conv1d | conv1d)"
        + f" parallel(slice | slice conv1d {GATE} conv1d) relu conv1d",
    ),
    "wavenet that shows its input": (
        lambda: WaveNet(4, 5, 3, shows_input=True),
        "conditioned_by(identity | conv1d pad"
        + 2 * f" residual_skip(conv1d mixin(conv1d) {GATE} | conv1d | conv1d)"
        + f" parallel(slice | slice conv1d mixin(conv1d) {GATE} conv1d) relu conv1d)",
    ),
    "wavenet of one layer": (
        lambda: WaveNet(4, 5, 1),
        f"conv1d conv1d {GATE} conv1d relu conv1d",
    ),
    "gate of two layers": (
        lambda: Lambda(
            lambda s, x: torch.tanh(s.a(x)) * torch.sigmoid(s.b(x)),
            a=nn.Linear(2, 3),
            b=nn.Linear(2, 3),
        ),
        f"concat(dense | dense) {GATE}",
    ),
    "gate the other way round": (
        lambda: Lambda(
            lambda s, x: torch.sigmoid(s.a(x)[..., 3:]) * s.a(x)[..., :3], a=nn.Linear(2, 6)
        ),
        "concat(dense slice | dense slice) gate(sigmoid | identity)",
    ),
    "glu": (
        lambda: Lambda(lambda s, x: functional.glu(s.a(x), -1), a=nn.Linear(2, 6)),
        "dense gate(identity | sigmoid)",
    ),
    "dense net": (
        lambda: Lambda(
            lambda s, x: s.b(torch.cat([s.a(x), x], -1)), a=nn.Linear(2, 3), b=nn.Linear(5, 1)
        ),
        "concat(dense | identity) dense",
    ),
    "three branches, nested": (
        lambda: Lambda(
            lambda s, x: s.a(x) + (torch.relu(s.b(x)) + torch.tanh(s.c(x) + x)),
            **{name: nn.Linear(2, 2) for name in "abc"},
        ),
        "parallel(dense | parallel(dense relu | residual(dense) tanh))",
    ),
    "one channel onto many": (
        lambda: Lambda(lambda s, x: s.a(x) + x, a=nn.Linear(1, 3)),
        "parallel(dense | dense)",
    ),
    "softsign, written out": (
        lambda: Lambda(lambda s, x: (lambda y: y / (1.0 + y.abs()))(s.a(x)), a=nn.Linear(2, 3)),
        "dense softsign",
    ),
    "written into a tensor": (
        lambda: Lambda(_written, a=nn.Linear(2, 3), b=nn.Linear(4, 1)),
        "concat(dense slice | dense) dense",
    ),
    "numbers": (
        lambda: Lambda(
            lambda s, x: (2 * s.a(x) - s.gain * x + s.shift) / 4,
            a=nn.Linear(3, 3),
            gain=nn.Parameter(torch.ones(3)),
            shift=nn.Parameter(torch.ones(1)),
        ),
        "parallel(dense scale | affine scale) affine scale",
    ),
    "gain and offset of each channel": (
        lambda: Lambda(
            lambda s, x: torch.tanh(s.a(x) * s.gain + s.bias),
            a=nn.Conv1d(1, 3, 1),
            gain=nn.Parameter(torch.ones(3, 1)),
            bias=nn.Parameter(torch.ones(3, 1)),
        ),
        "conv1d affine tanh",
    ),
    "offset behind one gain": (
        lambda: Lambda(
            lambda s, x: s.a(x) * 0.5 + s.bias, a=nn.Linear(1, 3), bias=nn.Parameter(torch.ones(3))
        ),
        "dense affine",
    ),
    "gain behind an offset": (
        lambda: Lambda(
            lambda s, x: (s.a(x) + s.bias) * s.gain,
            a=nn.Linear(1, 3),
            gain=nn.Parameter(torch.ones(3)),
            bias=nn.Parameter(torch.ones(3)),
        ),
        "dense affine affine",
    ),
    "a gain that is used twice": (
        lambda: Lambda(
            lambda s, x: torch.cat([(y := s.a(x) * s.gain), y + s.bias], -1),
            a=nn.Linear(1, 3),
            gain=nn.Parameter(torch.ones(3)),
            bias=nn.Parameter(torch.ones(3)),
        ),
        "dense concat(affine | affine)",
    ),
    "matrix": (
        lambda: Lambda(
            lambda s, x: s.first(x) @ (s.weight / s.weight.norm()),
            first=nn.Linear(3, 4),
            weight=nn.Parameter(torch.ones(4, 2)),
        ),
        "dense dense",
    ),
    "difference of frames": (
        lambda: Lambda(lambda s, x: s.a(x[..., 1:] - 0.85 * x[..., :-1]), a=nn.Conv1d(1, 2, 1)),
        "residual(scale conv1d scale) conv1d",
    ),
    "square": (
        lambda: Lambda(lambda s, x: s.a(x) ** 2, a=nn.Linear(1, 2)),
        "dense square",
    ),
    "elementary functions": (
        lambda: Lambda(
            lambda s, x: torch.exp(-((y := s.a(x)) * y)) + torch.sqrt(y.abs() + 1) ** 2 - y.sin(),
            a=nn.Linear(1, 2),
        ),
        "dense parallel(parallel(square scale exp | abs affine sqrt square) | sine scale)",
    ),
    "clamps": (
        lambda: Lambda(
            lambda s, x: s.a(x).clamp(max=0.5).clamp_min(-0.25).mul(3).clip(-1, 1),
            a=nn.Linear(1, 2),
        ),
        "dense hardtanh hardtanh scale hardtanh",
    ),
    "numbers on the left": (
        lambda: Lambda(lambda s, x: 2 - (1 - s.a(x) / 3) * 0.5, a=nn.Linear(1, 2)),
        "dense scale affine scale affine",
    ),
    "glu over channels": (
        lambda: nn.Sequential(nn.Conv1d(1, 6, 1), nn.GLU(dim=1), nn.Mish(), nn.SELU()),
        "conv1d gate(identity | sigmoid) mish selu",
    ),
    "gate of mish": (
        lambda: Lambda(lambda s, x: functional.mish(s.a(x)) * torch.sin(s.a(x)), a=nn.Linear(1, 2)),
        "concat(dense | dense) gate(mish | sine)",
    ),
    "snake": (lambda: nn.Sequential(nn.Conv1d(1, 3, 1), Snake()), "conv1d snake"),
    "snake with beta": (lambda: nn.Sequential(nn.Conv1d(1, 3, 1), SnakeBeta()), "conv1d snake"),
    "layer norm of channels first": (
        lambda: Lambda(
            lambda s, x: s.norm(s.a(x).transpose(1, 2)).transpose(1, 2),
            a=nn.Conv1d(1, 3, 1),
            norm=nn.LayerNorm(3),
        ),
        "conv1d layer_norm",
    ),
    "layer norm as a function": (
        lambda: Lambda(
            lambda s, x: functional.layer_norm(s.a(x), (3,), s.gain, eps=0.01)
            + functional.layer_norm(x, x.shape[-1:]),
            a=nn.Linear(3, 3),
            gain=nn.Parameter(torch.ones(3)),
        ),
        "parallel(dense layer_norm | layer_norm)",
    ),
    "group norm of frames as a batch": (
        lambda: Lambda(
            lambda s, x: s.norm((y := s.a(x)).transpose(1, 2).reshape(-1, 4))
            .reshape(1, -1, 4)
            .transpose(1, 2),
            a=nn.Conv1d(1, 4, 1),
            norm=nn.GroupNorm(2, 4),
        ),
        "conv1d group_norm",
    ),
    "zero state": (
        lambda: Lambda(
            lambda s, x: s.lstm(x, 2 * (torch.zeros(1, x.size(0), 3, dtype=x.dtype),))[0],
            lstm=nn.LSTM(1, 3, batch_first=True),
        ),
        "lstm",
    ),
    "no channel axis": (
        lambda: Lambda(
            lambda s, x: s.last(s.gru(x.unsqueeze(-1))[0]).squeeze(-1),
            gru=nn.GRU(1, 3, batch_first=True),
            last=nn.Linear(3, 1),
        ),
        "gru dense",
    ),
    "frames as a batch": (
        lambda: Lambda(
            lambda s, x: s.a(x.reshape(-1, x.shape[-1])).view(*x.shape[:2], -1), a=nn.Linear(3, 2)
        ),
        "dense",
    ),
    "flattened": (
        lambda: nn.Sequential(
            nn.Flatten(0, 1), nn.Linear(3, 2), nn.BatchNorm1d(2), Lambda(lambda s, x: x.tanh())
        ),
        "dense batchnorm1d tanh",
    ),
    "control flow by shape": (
        lambda: Lambda(
            lambda s, x: s.a(x) if x.dim() == 3 and len(x) == 1 else 1 / x, a=nn.Linear(2, 2)
        ),
        "dense",
    ),
    "a layer twice": (
        lambda: Lambda(lambda s, x: s.a(torch.tanh(s.a(x))), a=nn.Linear(2, 2)),
        "dense tanh dense",
    ),
    "a layer with more": (
        lambda: type("Louder", (nn.Linear,), {"forward": _louder})(2, 3),
        "dense scale",
    ),
    "a sequential with more": (
        lambda: type("Residual", (nn.Sequential,), {"forward": _residual})(nn.Linear(2, 2)),
        "residual(dense)",
    ),
    "functions": (
        lambda: Lambda(
            lambda s, x: functional.softmax(
                functional.leaky_relu(
                    functional.hardtanh(s.a(x).clamp(-1, 1).relu(), -2, 0.5), 0.2
                ),
                dim=-1,
            ),
            a=nn.Linear(2, 3),
        ),
        "dense hardtanh relu hardtanh leaky_relu softmax",
    ),
}


class Snake(nn.Module):
    """With the logarithm of alpha, as BigVGAN trains it."""

    def __init__(self) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor([0.0, 0.5, -0.25]))

    def forward(self, x: Tensor) -> Tensor:
        alpha = torch.exp(self.alpha.unsqueeze(0).unsqueeze(-1))
        return x + (1.0 / (alpha + 1e-9)) * torch.pow(torch.sin(x * alpha), 2)


class SnakeBeta(Snake):
    def __init__(self) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.tensor([0.25, -0.5, 1.0]))

    def forward(self, x: Tensor) -> Tensor:
        alpha = torch.exp(self.alpha)[None, :, None]
        return x + torch.sin(alpha * x).square() / torch.exp(self.beta)[None, :, None]


def _louder(self: Any, x: Tensor) -> Tensor:
    return 2 * nn.Linear.forward(self, x)


def _residual(self: Any, x: Tensor) -> Tensor:
    return x + nn.Sequential.forward(self, x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", MODULES)
def test_forward_is_followed(name: str, dtype: torch.dtype, tmp_path: Path) -> None:
    make, shape = MODULES[name]
    root = exported(make().to(dtype), tmp_path)
    assert shape_of(root["layers"]) == shape


def test_rates_go_down_and_up(tmp_path: Path) -> None:
    module = Lambda(
        lambda s, x: s.up(s.body(s.down(x)))[..., :-4],
        down=nn.Conv1d(1, 4, 4, stride=4),
        body=nn.Sequential(CausalConv1d(4, 4, 3), nn.Tanh()),
        up=nn.ConvTranspose1d(4, 1, 8, stride=4),
    )
    root = exported(module, tmp_path)
    assert shape_of(root["layers"]) == "conv1d conv1d tanh conv_transpose1d"
    assert (root["layers"][0]["stride"], root["check"]["skip"], root["check"]["stride"]) == (
        4,
        3,
        1,
    )


def test_skip_of_a_cropped_network(tmp_path: Path) -> None:
    make, _ = MODULES["tcn without padding"]
    check = exported(make(), tmp_path)["check"]
    assert check["skip"] == 2 + 6
    assert check["output"]["shape"][0] == check["input"]["shape"][0] - 8


def test_wavenet_counts_like_the_module(tmp_path: Path) -> None:
    module = WaveNet(4, 5, 3)
    root = exported(module, tmp_path)
    unused = module.residuals[-1], module.mixes
    parameters = sum(p.numel() for p in module.parameters())
    parameters -= sum(p.numel() for child in unused for p in child.parameters())

    def numbers(value: Any) -> int:
        if isinstance(value, dict):
            if "data" in value:
                return len(value["data"])
            return sum(map(numbers, value.values()))
        return sum(map(numbers, value)) if isinstance(value, list) else 0

    assert numbers(root["layers"]) == parameters


class Conditioned(nn.Module):
    def __init__(self, function: Callable[..., Tensor], **children: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, child in children.items():
            setattr(self, name, child)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        return self.function(self, x, condition)


def _film(s: Any, x: Tensor, c: Tensor) -> Tensor:
    scale, shift = s.made(c).chunk(2, -1)
    return s.last(torch.tanh(s.first(x) * scale + shift))


def _shared_knobs(s: Any, x: Tensor, c: Tensor) -> Tensor:
    """What two layers use of the knobs is computed once."""
    knobs = torch.tanh(s.made(c))
    return s.last(torch.tanh(s.first(x) + s.a(knobs)) * s.b(knobs))


CONDITIONED = {
    "appended": (
        lambda: Conditioned(
            lambda s, x, c: s.last(s.lstm(torch.cat([x, c], -1))[0]) + x,
            lstm=nn.LSTM(3, 4, batch_first=True),
            last=nn.Linear(4, 1),
        ),
        "residual(append_condition lstm dense)",
    ),
    "appended in front": (
        lambda: Conditioned(
            lambda s, x, c: s.last(torch.cat([torch.relu(s.made(c)), s.first(x)], -1)),
            first=nn.Linear(1, 3),
            made=nn.Linear(2, 2),
            last=nn.Linear(5, 1),
        ),
        "dense concat(append_condition slice dense relu | identity) dense",
    ),
    "mixed in": (
        lambda: Conditioned(
            lambda s, x, c: s.last(torch.tanh(s.first(x) + s.made(c))),
            first=nn.Linear(1, 3),
            made=nn.Linear(2, 3),
            last=nn.Linear(3, 1),
        ),
        "dense mixin(dense) tanh dense",
    ),
    "film": (
        lambda: Conditioned(
            _film, first=nn.Linear(1, 3), made=nn.Linear(2, 6), last=nn.Linear(3, 1)
        ),
        "dense film(dense) tanh dense",
    ),
    "scaled": (
        lambda: Conditioned(
            lambda s, x, c: s.first(x) * torch.sigmoid(s.made(c)),
            first=nn.Linear(1, 3),
            made=nn.Linear(2, 3),
        ),
        "dense film(dense sigmoid)",
    ),
    "shared": (
        lambda: Conditioned(
            _shared_knobs,
            first=nn.Linear(1, 3),
            made=nn.Linear(2, 4),
            a=nn.Linear(4, 3),
            b=nn.Linear(4, 3),
            last=nn.Linear(3, 1),
        ),
        "append_condition conditioned_by(slice dense tanh | "
        "slice dense mixin(dense) tanh film(dense) dense)",
    ),
    "of the condition alone": (
        lambda: Conditioned(lambda s, x, c: s.made(c), made=nn.Linear(2, 3)),
        "append_condition slice dense",
    ),
    "channels first": (
        lambda: Conditioned(
            lambda s, x, c: s.first(x) + s.made(c),
            first=nn.Conv1d(1, 3, 1),
            made=nn.Conv1d(2, 3, 1),
        ),
        "conv1d mixin(conv1d)",
    ),
}


@pytest.mark.parametrize("name", CONDITIONED)
def test_condition(name: str, tmp_path: Path) -> None:
    make, shape = CONDITIONED[name]
    knobs = np.random.default_rng(5).uniform(0, 1, (50, 2))
    root = exported(make(), tmp_path, check_condition=knobs)
    assert shape_of(root["layers"]) == shape
    frames = root["check"]["input"]["shape"][0]
    assert root["check"]["condition"]["shape"] == [frames, 2]


def _expanded(s: Any, x: Tensor, c: Tensor) -> Tensor:
    knobs = c.unsqueeze(1).expand(-1, x.shape[1], -1)
    return s.last(s.lstm(torch.cat([x, knobs], dim=-1))[0]) + x


def _repeated(s: Any, x: Tensor, c: Tensor) -> Tensor:
    knobs = torch.relu(s.made(c))[:, :, None].repeat(1, 1, x.size(2))
    return s.last(torch.tanh(s.first(torch.cat([knobs, x], dim=1))))


def _ones(s: Any, x: Tensor, c: Tensor) -> Tensor:
    knobs = c.view(-1, 1, 2) * torch.ones(1, x.shape[1], 1)
    return s.last(torch.cat([x, knobs], dim=-1))


def _film_channels_first(s: Any, x: Tensor, c: Tensor) -> Tensor:
    scale, shift = s.made(c).chunk(2, dim=-1)
    past = nn.functional.pad(x, (4, 0))
    return s.last(torch.tanh(s.first(past) * scale.unsqueeze(-1) + shift.unsqueeze(-1)))


def _film_per_block(s: Any, x: Tensor, c: Tensor) -> Tensor:
    """micro-TCN: knobs of (batch, 1, 2), unpadded convolutions, the input cropped for each residual."""
    knobs = torch.relu(s.made(c))
    for conv, norm, film, past in ((s.a, s.an, s.af, 2), (s.b, s.bn, s.bf, 4)):
        scale, shift = torch.chunk(film(knobs), 2, dim=-1)
        y = norm(conv(x)) * scale.permute(0, 2, 1) + shift.permute(0, 2, 1)
        x = torch.relu(y) + x[..., past:]
    return s.last(x)


def _one_knob(s: Any, x: Tensor, c: Tensor) -> Tensor:
    return s.last(s.first(x) * c[:, 0].view(-1, 1, 1)) + c[:, 1:].unsqueeze(1)


def _late_knobs(s: Any, x: Tensor, c: Tensor) -> Tensor:
    y = s.first(x)
    return s.last(torch.cat([y, c.unsqueeze(-1).expand(-1, -1, y.shape[-1])], dim=1))


def _looking_back(s: Any, x: Tensor, c: Tensor) -> Tensor:
    knobs = s.lstm(c.unsqueeze(1).expand(-1, x.shape[1], -1))[0]
    return s.last(torch.cat([x, knobs], dim=-1))


def _one_plus_gamma(s: Any, x: Tensor, c: Tensor) -> Tensor:
    gamma, beta = s.made(c)[:, :, None].chunk(2, dim=1)
    return s.last(torch.tanh(s.first(x) * (1 + gamma) + beta))


def _gated(s: Any, x: Tensor, c: Tensor) -> Tensor:
    a, b = (s.first(x) + s.made(c).unsqueeze(-1)).chunk(2, dim=1)
    return s.last(torch.tanh(a) * torch.sigmoid(b))


def _mlp(s: Any, x: Tensor, c: Tensor) -> Tensor:
    return s.last(torch.cat([x, s.mlp(c)[:, None, :].expand(-1, x.shape[1], -1)], dim=-1))


def _knobs_frames_first(s: Any, x: Tensor, c: Tensor) -> Tensor:
    knobs = c.unsqueeze(0).expand(x.shape[0], -1, -1)
    return s.last(s.lstm(torch.cat([x, knobs], dim=-1))[0])


PER_CLIP = {
    "film around 1": (
        lambda: Conditioned(
            _one_plus_gamma,
            first=nn.Conv1d(1, 3, 1),
            made=nn.Linear(2, 6),
            last=nn.Conv1d(3, 1, 1),
        ),
        "conv1d film(dense concat(slice affine | slice)) tanh conv1d",
    ),
    "before a gate": (
        lambda: Conditioned(
            _gated, first=nn.Conv1d(1, 6, 1), made=nn.Linear(2, 6), last=nn.Conv1d(3, 1, 1)
        ),
        "conv1d mixin(dense) gate(tanh | sigmoid) conv1d",
    ),
    "through layers": (
        lambda: Conditioned(
            _mlp,
            mlp=nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2), nn.Tanh()),
            last=nn.Linear(3, 1),
        ),
        "concat(identity | append_condition slice dense relu dense tanh) dense",
    ),
    "alone with a mono signal": (
        lambda: Conditioned(
            lambda s, x, c: s.last((x * c[:, :1] + c[:, 1:]).unsqueeze(-1)).squeeze(-1),
            last=nn.Linear(1, 1),
        ),
        "film(identity) dense",
    ),
    "frames first": (
        lambda: Conditioned(_knobs_frames_first, lstm=nn.LSTM(3, 4), last=nn.Linear(4, 1)),
        "append_condition lstm dense",
    ),
    "expanded": (
        lambda: Conditioned(_expanded, lstm=nn.LSTM(3, 4, batch_first=True), last=nn.Linear(4, 1)),
        "residual(append_condition lstm dense)",
    ),
    "repeated": (
        lambda: Conditioned(
            _repeated, made=nn.Linear(2, 2), first=nn.Conv1d(3, 4, 1), last=nn.Conv1d(4, 1, 1)
        ),
        "concat(append_condition slice dense relu | identity) conv1d tanh conv1d",
    ),
    "times ones": (
        lambda: Conditioned(_ones, last=nn.Linear(3, 1)),
        "append_condition dense",
    ),
    "film": (
        lambda: Conditioned(
            _film_channels_first,
            first=nn.Conv1d(1, 3, 3, dilation=2),
            made=nn.Linear(2, 6),
            last=nn.Conv1d(3, 1, 1),
        ),
        "conv1d film(dense) tanh conv1d",
    ),
    "film of each block": (
        lambda: Conditioned(
            _film_per_block,
            made=nn.Linear(2, 4),
            a=nn.Conv1d(1, 3, 3),
            an=nn.BatchNorm1d(3, affine=False),
            af=nn.Linear(4, 6),
            b=nn.Conv1d(3, 3, 3, dilation=2),
            bn=nn.BatchNorm1d(3, affine=False),
            bf=nn.Linear(4, 6),
            last=nn.Conv1d(3, 1, 1),
        ),
        None,
    ),
    "one knob": (
        lambda: Conditioned(_one_knob, first=nn.Linear(1, 3), last=nn.Linear(3, 1)),
        None,
    ),
    "behind an unpadded convolution": (
        lambda: Conditioned(_late_knobs, first=nn.Conv1d(1, 3, 3), last=nn.Conv1d(5, 1, 1)),
        "conv1d append_condition conv1d",
    ),
    "with memory": (
        lambda: Conditioned(
            _looking_back, lstm=nn.LSTM(2, 3, batch_first=True), last=nn.Linear(4, 1)
        ),
        None,
    ),
}


@pytest.mark.parametrize("name", PER_CLIP)
def test_condition_of_a_clip(name: str, tmp_path: Path) -> None:
    make, shape = PER_CLIP[name]
    module = make()
    root = exported(module, tmp_path, check_condition=[[0.25, 0.75]])
    if shape is not None:
        assert shape_of(root["layers"]) == shape
    check = root["check"]
    condition = reference.tensor(check["condition"])
    assert condition.shape == (check["input"]["shape"][0], 2)
    assert (condition == [0.25, 0.75]).all()


@pytest.mark.parametrize("name", ["expanded", "film", "film of each block"])
def test_a_batch_with_knobs_for_each_clip(name: str, tmp_path: Path) -> None:
    """The exported network agrees with the module on a batch of clips with different knobs."""
    module = PER_CLIP[name][0]()
    root = exported(module, tmp_path, check_condition=[[0.5, 0.5]])
    last = name == "expanded"
    clips, knobs = torch.rand(3, 100, 1) - 0.5, torch.rand(3, 2)
    given = knobs.unsqueeze(1) if name == "film of each block" else knobs
    with torch.no_grad():
        made = module.eval()(clips if last else clips.transpose(1, 2), given)
    for clip, knob, expected in zip(clips, knobs, made if last else made.transpose(1, 2)):
        condition = np.tile(knob.numpy().astype(float), (100, 1))
        found = reference.evaluate(root["layers"], clip.numpy().astype(float), condition)
        assert np.abs(found[100 - len(expected) :] - expected.numpy()).max() < 1e-5


def test_condition_of_a_clip_in_torchscript(tmp_path: Path) -> None:
    class Amp(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(3, 1)

        def forward(self, x: Tensor, knobs: Tensor) -> Tensor:
            along = knobs.unsqueeze(1).expand(-1, x.shape[1], -1)
            return self.last(torch.cat([x, along], dim=-1))

    root = exported(torch.jit.script(Amp()), tmp_path, check_condition=[[0.25, 0.75]])
    assert shape_of(root["layers"]) == "append_condition dense"


def _around_a_layer(s: Any, x: Tensor) -> Tensor:
    return s.last(s.layer(x)[0]) + x


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_frames_first(kind: Any, tmp_path: Path) -> None:
    module = Lambda(_around_a_layer, layer=kind(1, 4), last=nn.Linear(4, 1))
    with pytest.warns(
        UserWarning, match=r"layer \(\w+\) has batch_first=False.*ran along the batch"
    ):
        root = exported(module, tmp_path)
    assert shape_of(root["layers"]) == f"residual({kind.__name__.lower()} dense)"


@pytest.mark.filterwarnings("error")
def test_frames_first_within_a_module(tmp_path: Path) -> None:
    module = Lambda(
        lambda s, x: s.last(s.lstm(s.first(x).permute(2, 0, 1))[0]).permute(1, 2, 0),
        first=nn.Conv1d(1, 3, 1),
        lstm=nn.LSTM(3, 4),
        last=nn.Linear(4, 1),
    )
    assert shape_of(exported(module, tmp_path)["layers"]) == "conv1d lstm dense"


def test_operations_in_place_are_followed(tmp_path: Path) -> None:
    def forward(s: Any, x: Tensor) -> Tensor:
        same = y = s.a(x)
        same += x
        functional.relu_(y)
        y.mul_(0.5)
        s.act(y)
        return y + same

    module = Lambda(forward, a=nn.Linear(2, 2), act=nn.ELU(inplace=True))
    root = exported(module, tmp_path)
    assert shape_of(root["layers"]) == "residual(dense) relu scale elu residual(identity)"


def test_a_state_in_the_module_is_left_as_it_was(tmp_path: Path) -> None:
    def forward(s: Any, x: Tensor) -> Tensor:
        y, s.state = s.lstm(x, s.state)
        return y

    module = Lambda(forward, lstm=nn.LSTM(1, 2, batch_first=True))
    module.state = None
    exported(module, tmp_path)
    assert module.state is None


def _keeps_a_state(s: Any, x: Tensor) -> Tensor:
    y, s.hidden = s.layer(x, s.hidden)
    return s.last(y)


def _keeps_a_detached_state(s: Any, x: Tensor) -> Tensor:
    start = None if s.hidden is None else tuple(part.detach() for part in s.hidden)
    y, hidden = s.layer(x, start)
    s.hidden = tuple(part.detach().clone() for part in hidden)
    return s.last(y)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("kind", "forward"),
    [
        (nn.LSTM, _keeps_a_state),
        (nn.LSTM, _keeps_a_detached_state),
        (nn.GRU, _keeps_a_state),
        (nn.RNN, _keeps_a_state),
    ],
)
def test_a_module_that_keeps_its_state(
    kind: Any, forward: Callable[..., Any], batch: int, tmp_path: Path
) -> None:
    layer = kind(1, 3, num_layers=2, batch_first=True)
    module = Lambda(forward, layer=layer, last=nn.Linear(3, 1))
    module.hidden = None
    module(torch.ones(batch, 20, 1))
    kept = module.hidden
    root = exported(module, tmp_path)
    assert module.hidden is kept
    module.hidden = None
    x = torch.rand(1, 50, 1) - 0.5
    expected = module(x).detach()[0].numpy()
    found = reference.evaluate(root["layers"], x[0].numpy().astype(float))
    assert np.abs(found - expected).max() < 1e-5


def test_weights_of_a_convolution_with_more_are_read_after_its_hooks(tmp_path: Path) -> None:
    module = nn.utils.weight_norm(CausalConv1d(2, 3, 3))
    root = exported(module, tmp_path)
    assert shape_of(root["layers"]) == "conv1d"


class TrainedStart(nn.Module):
    """Recurrent layers that start from parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 3, num_layers=2, batch_first=True)
        self.gru = nn.GRU(3, 2, batch_first=True)
        self.hidden, self.cell = (nn.Parameter(torch.empty(2, 1, 3)) for _ in range(2))
        self.start = nn.Parameter(torch.empty(1, 1, 2))

    def forward(self, x: Tensor) -> Any:
        batch = x.shape[0]
        states = self.hidden.repeat(1, batch, 1), self.cell.expand(-1, batch, -1).contiguous()
        y, _ = self.lstm(x, states)
        return self.gru(y, self.start.expand(-1, batch, -1))


def test_a_trained_start(tmp_path: Path) -> None:
    module = TrainedStart()
    layers = exported(module, tmp_path)["layers"]
    assert [layer["type"] for layer in layers] == ["lstm", "lstm", "gru"]
    written = [layer["initial_hidden"]["data"] for layer in layers]
    assert written[1] == pytest.approx(module.hidden[1, 0].tolist())
    assert written[2] == pytest.approx(module.start[0, 0].tolist())
    assert layers[0]["initial_cell"]["data"] == pytest.approx(module.cell[0, 0].tolist())


class MinGRU(nn.Module):
    """minGRU with the names of minGRU-pytorch."""

    def __init__(self, size: int, inner: int) -> None:
        super().__init__()
        self.to_hidden_and_gate = nn.Linear(size, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, size, bias=False) if inner != size else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        hidden, gate = self.to_hidden_and_gate(x).chunk(2, dim=-1)
        values = torch.where(hidden >= 0, hidden + 0.5, hidden.sigmoid())
        return self.to_out(scan(values, gate.sigmoid()))


class PaperMinGRU(nn.Module):
    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.linear_z, self.linear_h = nn.Linear(inputs, units), nn.Linear(inputs, units)

    def forward(self, x: Tensor) -> Tensor:
        return scan(self.linear_h(x), torch.sigmoid(self.linear_z(x)))


def scan(values: Tensor, gates: Tensor) -> Tensor:
    state, states = torch.zeros_like(values[:, 0]), []
    for value, gate in zip(values.unbind(1), gates.unbind(1)):
        state = torch.lerp(state, value, gate)
        states.append(state)
    return torch.stack(states, 1)


def test_min_gru(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(1, 3), MinGRU(3, 3), MinGRU(3, 5), PaperMinGRU(3, 2))
    layers = exported(module, tmp_path)["layers"]
    assert [layer["type"] for layer in layers] == ["dense", "min_gru", "min_gru", "dense", "min_gru"]
    assert [layer["candidate"] for layer in layers if "candidate" in layer] == ["positive"] * 2 + ["linear"]


def test_a_module_that_only_looks_like_a_min_gru(tmp_path: Path) -> None:
    module = PaperMinGRU(2, 2)
    module.forward = lambda x: scan(module.linear_h(x), module.linear_z(x))  # type: ignore[method-assign]
    with pytest.raises(inlay.ExportError, match="other numbers than the module"):
        inlay.export_torch(module, tmp_path / "no.json", check_input=np.ones((9, 2), np.float32))


def test_interpolate(tmp_path: Path) -> None:
    module = Lambda(
        lambda s, x: functional.interpolate(torch.tanh(s.c(x)), scale_factor=3, mode="linear"),
        c=nn.Conv1d(1, 2, 1),
    )
    assert shape_of(exported(module, tmp_path)["layers"]) == "conv1d tanh upsample_linear"


class InChunks(nn.Module):
    """Truncated processing: a network on chunks of frames, with its state in between."""

    def __init__(self, keeps: bool = True, chunk: int | None = 24) -> None:
        super().__init__()
        self.lstm, self.dense = nn.LSTM(1, 5, batch_first=True), nn.Linear(5, 1)
        self.hidden_size, self.chunk_size, self.keeps = 5, chunk, keeps

    def forward(self, x: Tensor) -> Tensor:
        parts, state, chunk = [], None, self.chunk_size or 24
        for i in range(0, x.shape[1], chunk):
            made, kept = self.lstm(x[:, i : i + chunk], state)
            state = kept if self.keeps else None
            parts.append(self.dense(made))
        return torch.cat(parts, dim=1)


def test_a_network_in_chunks(tmp_path: Path) -> None:
    module = InChunks()
    assert shape_of(exported(module, tmp_path)["layers"]) == "lstm dense"
    assert module.chunk_size == 24
    with pytest.raises(inlay.ExportError, match="a start delayed by a crop"):
        exported(InChunks(keeps=False), tmp_path)
    with pytest.raises(inlay.ExportError, match="a state to start from|frames behind frames"):
        exported(InChunks(chunk=None), tmp_path)


class TFiLM(nn.Module):
    """The layer of NablAFx, with its names and its stored state."""

    def __init__(self, nfeatures: int, block_size: int, num_layers: int = 1) -> None:
        super().__init__()
        self.block_size, self.cond_dim, self.hidden_state = block_size, 0, None
        self.pool = nn.MaxPool1d(block_size)
        self.lstm = nn.LSTM(nfeatures, 2 * nfeatures, num_layers)

    def forward(self, x: Tensor, cond: Any = None) -> Tensor:
        padded = functional.pad(x, (0, -x.shape[2] % self.block_size))
        made, self.hidden_state = self.lstm(self.pool(padded).permute(2, 0, 1), self.hidden_state)
        made = made.permute(1, 2, 0).repeat_interleave(self.block_size, 2)
        scale, shift = made.chunk(2, 1)
        return (padded * scale + shift)[..., : x.shape[2]]


class ModulatedBlock(nn.Module):
    def __init__(self, inputs: int, size: int, dilation: int, film: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, size, 3, dilation=dilation)
        self.film, self.shortcut = film, nn.Conv1d(inputs, size, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        past = 2 * self.conv.dilation[0]
        y = self.film(self.conv(functional.pad(x, (past, 0))), None)
        return torch.tanh(y) + self.shortcut(x)


def test_tfilm(tmp_path: Path) -> None:
    """Each block waits for its last frame, and the blocks of the next layer begin where its signal does."""
    module = nn.Sequential(
        ModulatedBlock(1, 3, 1, TFiLM(3, 16)), ModulatedBlock(3, 3, 4, TFiLM(3, 10, 2)), nn.Conv1d(3, 1, 1)
    )
    first, second, _ = exported(module, tmp_path)["layers"]
    assert shape_of([first]) == "parallel(conv1d tfilm(lstm) tanh | conv1d delay)"
    assert [first["branches"][0][1]["offset"], second["branches"][0][1]["offset"]] == [0, 15]
    assert second["branches"][1][1]["frames"] == 9
