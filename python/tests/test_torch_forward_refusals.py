"""Refused forward() functions: the error names the first operation without a counterpart, its place,
and what to do."""

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
from test_torch_forward import Conditioned, Lambda


class Spectral(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.irfft(torch.fft.rfft(torch.tanh(x), dim=1), dim=1)


def linear(function: Callable[..., Any]) -> nn.Module:
    """function(a(x)) with a Linear `a` from 1 to 4 channels"""
    return Lambda(lambda s, x: function(s.a(x)), a=nn.Linear(1, 4))


def conv(function: Callable[..., Any], **options: Any) -> nn.Module:
    """function(c(x)) with a Conv1d `c` from 1 to 4 channels and 3 taps"""
    return Lambda(lambda s, x: function(s.c(x)), c=nn.Conv1d(1, 4, 3, **options))


def lstm(function: Callable[..., Any]) -> nn.Module:
    return Lambda(lambda s, x: function(s.l, x), l=nn.LSTM(1, 4, batch_first=True))


def last_in_place(y: Tensor) -> Tensor:
    y[:, 0] = 0
    return y


def frame_by_frame(y: Tensor) -> Tensor:
    return torch.stack([y[:, frame] for frame in range(y.shape[1])], 1)


def _in_part(y: Tensor) -> Tensor:
    z = torch.zeros(1, y.shape[1], 6)
    z[:, :, 1:5] = y
    return torch.relu(z)


FRAMES = "an operation that splits or selects the signal's frames"
REFUSED = {
    "1 (Spectral), line ": nn.Sequential(nn.Linear(1, 1), Spectral()),
    "`return torch.fft.irfft(torch.fft.rfft(torch.tanh(x), dim=1), dim=1)`:": (
        nn.Sequential(nn.Linear(1, 1), Spectral())
    ),
    "torch.fft.rfft is not supported, as no layer of inlay does that; for layers on": (
        nn.Sequential(nn.Linear(1, 1), Spectral())
    ),
    "a normalisation by the statistics of all frames, those of the future as well, is": linear(
        lambda y: torch.nn.functional.group_norm(y.transpose(1, 2), 1, torch.ones(4)).transpose(1, 2)
    ),
    "torch.cos is not supported": linear(torch.cos),
    "Tensor.log is not supported": linear(lambda y: y.log()),
    "Tensor.mean is not supported": linear(lambda y: y * y.mean()),
    "torch.randn_like is not supported": linear(lambda y: y + torch.randn_like(y)),
    "operator.gt is not supported": linear(lambda y: y * (y > 0)),
    "control flow or a number that depends on": linear(lambda y: y if (y > 0).all() else -y),
    "control flow": linear(lambda y: y if y else -y),
    "Tensor.__setitem__ is not supported": linear(last_in_place),
    "Tensor.to with dtype=torch.float16": linear(lambda y: y.to(torch.float16)),
    "with a signal as the divisor": linear(lambda y: 1 / y),
    "with exponent=3": linear(lambda y: y**3),
    "with alpha=2": linear(lambda y: torch.add(y, y, alpha=2)),
    "with a constant that changes from frame to frame": linear(
        lambda y: y * torch.linspace(0, 1, y.shape[1])[:, None]
    ),
    "with a constant that is NaN": linear(lambda y: y * float("nan")),
    "with a divisor of 0": linear(lambda y: y / 0),
    "torch.nn.functional.dropout with training=True": linear(functional.dropout),
    "dim=1 is not supported, only a softmax over the channels": linear(
        lambda y: functional.softmax(y, 1)
    ),
    "Tensor.clamp with these arguments": linear(lambda y: y.clamp(max=torch.ones(2))),
    FRAMES: lstm(lambda layer, x: layer(x)[0][:, -1]),
    FRAMES + " is not supported, only": linear(frame_by_frame),
    "the final state of a recurrent layer": lstm(lambda layer, x: layer(x)[1][0]),
    "the final state of a recurrent layer is": lstm(lambda layer, x: layer(x)[0] + layer(x)[1][0]),
    "whose forward() is made of these; attention needs all frames at once": Lambda(
        lambda s, x: s.a(s.c(x), s.c(x), s.c(x))[0],
        c=nn.Linear(1, 4),
        a=nn.MultiheadAttention(4, 1, batch_first=True),
    ),
    "l (LSTM): a call with more than one signal, or with a state to start from": lstm(
        lambda layer, x: layer(x, 2 * (torch.ones(1, 1, 4),))[0]
    ),
    "frames in reverse order": linear(lambda y: y.flip(1)),
    "a slice of the frames with a step is not supported, only neighbouring frames, in their order;"
    " use nn.MaxPool1d(1, stride=3)": linear(lambda y: y[:, ::3]),
    "an operation that mixes frames and channels": linear(lambda y: y.reshape(1, 4, -1)),
    "a tensor that signals are written into only in part": linear(_in_part),
    "torch.cat with frames behind frames": linear(lambda y: torch.cat([y, y], 1)),
    "torch.cat with frames that are not zero is not supported": linear(
        lambda y: torch.cat([torch.ones(1, 3, y.shape[2]), y], 1)
    ),
    "torch.cat with a constant among the channels": linear(
        lambda y: torch.cat([torch.zeros(1, y.shape[1], 1), y], -1)
    ),
    "torch.nn.functional.pad with mode='replicate'": Lambda(
        lambda s, x: s.c(functional.pad(x, (2, 0), mode="replicate")), c=nn.Conv1d(1, 1, 3)
    ),
    "c (Conv1d): padding=(2,) is not supported, only padding that adds no frames": conv(
        torch.tanh, padding=2
    ),
    "c (Conv1d): padding=(2,) is not supported, only padding that adds": conv(
        lambda y: y[:, :, 1:-1], padding=2
    ),
    "pad=(2, 2) is not supported, only zeros on the left, or zeros on the right that are": Lambda(
        lambda s, x: s.c(functional.pad(x, (2, 2))), c=nn.Conv1d(1, 1, 3)
    ),
    "padding by itself is not supported, only right before a Conv1d or a pool": Lambda(
        lambda s, x: s.a(functional.pad(x, (0, 0, 3, 0))), a=nn.Linear(1, 1)
    ),
    "l (GRU): a start delayed by the unpadded c (Conv1d)": Lambda(
        lambda s, x: s.l(s.c(x).transpose(1, 2))[0],
        c=nn.Conv1d(1, 2, 3),
        l=nn.GRU(2, 2, batch_first=True),
    ),
    "l (GRU): a start delayed by a crop": Lambda(
        lambda s, x: s.l(x[:, 3:])[0], l=nn.GRU(1, 2, batch_first=True)
    ),
    "l (LSTM): a tensor (1, 64, 2) with its frames along axis 1 is not supported, with"
    " batch_first=False only (frames, batch, channels); use transpose(0, 1)"
    " before it and back after it; or make the layer with batch_first=True and train again": Lambda(
        lambda s, x: s.l(s.c(x).transpose(1, 2))[0], c=nn.Conv1d(1, 2, 1), l=nn.LSTM(2, 2)
    ),
    "l (RNN): a tensor (1, 2, 64) with its frames along axis 2 is not supported, with"
    " batch_first=True only (batch, frames, channels); use transpose(1, 2)"
    " before it": Lambda(
        lambda s, x: s.l(s.c(x))[0], c=nn.Conv1d(1, 2, 1), l=nn.RNN(2, 2, batch_first=True)
    ),
    "signals of different rates": Lambda(
        lambda s, x: s.up(s.down(x)) + x,
        down=nn.Conv1d(1, 4, 4, stride=4),
        up=nn.ConvTranspose1d(4, 1, 4, stride=4),
    ),
    "n (BatchNorm1d): a tensor (1, 64, 66) with its frames along axis 1": Lambda(
        lambda s, x: s.n(s.a(x)), a=nn.Linear(1, 66), n=nn.BatchNorm1d(66)
    ),
    "n (CELU): this kind of module is not supported": Lambda(
        lambda s, x: s.n(s.a(x)), a=nn.Linear(1, 4), n=nn.CELU()
    ),
    "a Linear that is not a submodule": Lambda(
        lambda s, x: s.hidden[0](s.a(x)), a=nn.Linear(1, 1), hidden=[nn.Linear(1, 1)]
    ),
    "gives a dict that is not one signal": linear(lambda y: {"y": y}),
    "gives a tuple that is not one signal": linear(lambda y: (y, y)),
    "gives a Tensor that is not one signal": linear(lambda y: torch.zeros(3)),
    "the module has no layer to export": Lambda(lambda s, x: x, unused=nn.Linear(1, 1)),
    "a (Linear): weight_g with NaN or infinite values": Lambda(
        lambda s, x: s.a(x), a=nn.utils.weight_norm(nn.Linear(1, 1))
    ),
    "forward() takes 3 inputs": type(
        "Three", (nn.Linear,), {"forward": lambda self, x, y, z: x + y + z}
    )(1, 1),
    "forward() takes a condition beside its signal; pass check_condition": Conditioned(
        lambda s, x, c: x + s.a(c), a=nn.Linear(1, 1)
    ),
}
nn.init.constant_(REFUSED["a (Linear): weight_g with NaN or infinite values"].a.weight_g, np.nan)


@pytest.mark.parametrize("message", REFUSED)
def test_forward_is_refused(message: str, tmp_path: Path) -> None:
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_torch(REFUSED[message], tmp_path / "model.json")
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_fixed_state_to_start_from_is_refused(tmp_path: Path) -> None:
    module = lstm(lambda layer, x: layer(x, layer.start)[0])
    module.l.start = (torch.ones(1, 1, 4), torch.ones(1, 1, 4))
    message = r"l \(LSTM\): a start from self.start, which is not zero .* set start to None"
    with pytest.raises(inlay.ExportError, match=message):
        inlay.export_torch(module, tmp_path / "model.json")


def test_a_state_in_a_buffer_is_refused(tmp_path: Path) -> None:
    def forward(s: Any, x: Tensor) -> Tensor:
        y, s.state = s.l(x, s.state)
        return y

    module = Lambda(forward, l=nn.GRU(1, 4, batch_first=True))
    module.register_buffer("state", torch.zeros(1, 1, 4))
    message = "a state in a buffer is not supported, only one in a plain attribute; set the"
    with pytest.raises(inlay.ExportError, match=message):
        inlay.export_torch(module, tmp_path / "model.json")
    assert torch.equal(module.state, torch.zeros(1, 1, 4))


def test_a_hook_that_changes_a_layer_is_refused(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(1, 1))
    module[0].register_forward_hook(lambda layer, given, made: 2 * made)
    with pytest.raises(inlay.ExportError, match="give other numbers than the module"):
        inlay.export_torch(module, tmp_path / "model.json")


def test_a_change_of_a_view_is_refused(tmp_path: Path) -> None:
    def change(y: Tensor) -> Tensor:
        y[:, :, 0].mul_(2)
        return y

    with pytest.raises(inlay.ExportError, match="give other numbers than the module"):
        inlay.export_torch(linear(change), tmp_path / "model.json")


CONDITION = {
    "takes no second input": (nn.Linear(1, 1), np.zeros((9, 1))),
    "check_condition: expected [frames, channels], found [9]": (
        Conditioned(lambda s, x, c: x + s.a(c), a=nn.Linear(1, 1)),
        np.zeros(9),
    ),
}


def _clip(s: Any, x: Tensor, c: Tensor) -> Tensor:
    return s.a(x) + s.b(c).unsqueeze(1).expand(-1, x.shape[1], -1)


CONDITION |= {
    "check_condition: the module (Conditioned) takes one condition for the whole clip; expected"
    " [1, 2], found 50 different frames": (
        Conditioned(_clip, a=nn.Linear(1, 3), b=nn.Linear(2, 3)),
        np.random.default_rng(5).uniform(0, 1, (50, 2)),
    ),
    "l (LSTM): a condition of the whole clip is not supported, only layers without memory; expand"
    " it to the frames of the signal first": (
        Conditioned(
            lambda s, x, c: s.a(x) + s.l(c.view(1, 1, 2))[0],
            a=nn.Linear(1, 3),
            l=nn.LSTM(2, 3, batch_first=True),
        ),
        np.ones((1, 2)),
    ),
}


@pytest.mark.parametrize("message", CONDITION)
def test_condition_is_refused(message: str, tmp_path: Path) -> None:
    module, condition = CONDITION[message]
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_torch(module, tmp_path / "model.json", check_condition=condition)
    assert message in str(caught.value)


def test_a_condition_is_as_long_as_the_given_signal(tmp_path: Path) -> None:
    module = Conditioned(lambda s, x, c: x + s.a(c), a=nn.Linear(1, 1))
    signals = {"check_input": np.zeros((20, 1)), "check_condition": np.zeros((19, 1))}
    with pytest.raises(inlay.ExportError, match="19 frames, but check_input has 20"):
        inlay.export_torch(module, tmp_path / "model.json", **signals)


def test_a_module_of_frames_first_that_takes_one_clip_only_is_refused(tmp_path: Path) -> None:
    def forward(s: Any, x: Tensor) -> Tensor:
        assert x.shape[1] == 1
        return s.c(x.permute(1, 2, 0)).permute(2, 0, 1)

    with pytest.raises(inlay.ExportError):
        inlay.export_torch(Lambda(forward, c=nn.Conv1d(1, 2, 1)), tmp_path / "model.json")


@pytest.mark.parametrize(
    ("function", "advice"),
    [
        (torch.cos, "use torch.sin of the argument plus pi / 2"),
        (lambda y: torch.where(y > 0, y, 0 * y), "train an inlay.torch.TableShaper"),
        (lambda y: torch.cumsum(y, 1), "use inlay.register_module with cumulative_norm"),
        (lambda y: y * y.mean(-1, keepdim=True), "over channels use a Linear of fixed weights"),
    ],
)
def test_the_nearest_thing_is_named(
    function: Callable[..., Any], advice: str, tmp_path: Path
) -> None:
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_torch(linear(function), tmp_path / "model.json")
    assert advice in str(caught.value)
