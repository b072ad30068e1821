"""Of NablAFx: padding for the whole network, and FiLM, TFiLM or a state space in each block."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .tcn import causal_crop, center_crop


class _Mlp(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        activation = nn.ReLU()
        self.layers = nn.ModuleList()
        for i, o in ((inputs, 6), (6, 6), (6, outputs)):
            self.layers.append(nn.Linear(i, o))
            self.layers.append(activation)
        self.mlp = nn.Sequential(*self.layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.mlp(x)


class NablFiLM(nn.Module):
    def __init__(self, size: int, condition: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(size, affine=False)
        self.adaptor = nn.Linear(condition, 2 * size)

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        g, b = torch.chunk(self.adaptor(cond), 2, dim=-1)
        return (self.bn(x) * g.unsqueeze(-1)) + b.unsqueeze(-1)


class NablTFiLM(nn.Module):
    """A scale and a shift for each block of frames, from an LSTM of each block's maximum."""

    def __init__(self, size: int, condition: int = 0, block: int = 8) -> None:
        super().__init__()
        self.nfeatures, self.cond_dim, self.block_size = size, condition, block
        self.num_layers = 1
        self.hidden_state: Any = None
        self.pool = nn.MaxPool1d(block, stride=None)
        self.lstm = nn.LSTM(size + condition, 2 * size, batch_first=False)

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        length = x.shape[2]
        if (length % self.block_size) != 0:
            x = functional.pad(x, (0, self.block_size - length % self.block_size))
        shape = x.shape
        steps = int(shape[-1] / self.block_size)
        down = self.pool(x)
        if self.cond_dim > 0 and cond is not None:
            down = torch.cat((down, cond.unsqueeze(-1).repeat(1, 1, steps)), dim=1)
        down = down.permute(2, 0, 1)
        if self.hidden_state is None:
            h = torch.zeros(self.num_layers, x.size(0), 2 * self.nfeatures).type_as(x)
            made, self.hidden_state = self.lstm(down, (h.detach(), h.detach()))
        else:
            made, self.hidden_state = self.lstm(down, self.hidden_state)
        made = made.permute(1, 2, 0)
        blocks = torch.reshape(x, (-1, self.nfeatures, steps, self.block_size))
        g, b = torch.chunk(torch.reshape(made, (-1, 2 * self.nfeatures, steps, 1)), 2, dim=1)
        return torch.reshape((blocks * g) + b, shape)[..., :length]


class NablTinyTFiLM(NablTFiLM):
    """The same with a bottleneck before the LSTM, and a network behind it."""

    def __init__(self, size: int, condition: int = 0, block: int = 8) -> None:
        super().__init__(size, condition, block)
        self.conv = nn.Conv1d(size, 3, 1)
        self.lstm = nn.LSTM(3 + condition, 3, batch_first=False)
        self.adaptor = nn.Sequential(nn.Conv1d(3, 5, 1), nn.ReLU(), nn.Conv1d(5, 2 * size, 1), nn.ReLU())

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        length, block = x.shape[2], self.block_size
        x = functional.pad(x, (0, -length % block))
        down = self.conv(self.pool(x))
        if self.cond_dim > 0 and cond is not None:
            down = torch.cat((down, cond.unsqueeze(-1).repeat(1, 1, down.shape[-1])), dim=1)
        made, self.hidden_state = self.lstm(down.permute(2, 0, 1), self.hidden_state)
        g, b = self.adaptor(made.permute(1, 2, 0)).repeat_interleave(block, -1).chunk(2, dim=1)
        return ((x * g) + b)[..., :length]


class Blocks(nn.Module):
    """What TVFiLMCond and the dynamic controllers share: an LSTM of each block's largest magnitude."""

    def __init__(self, inputs: int, knobs: int, outputs: int, block: int, layers: int = 1) -> None:
        super().__init__()
        self.block_size = block
        self.hidden_state: Any = (torch.zeros(1), torch.zeros(1))
        self.is_hidden_state_init = False
        self.pool = nn.MaxPool1d(kernel_size=block, stride=None)
        self.lstm = nn.LSTM(inputs + knobs, outputs, layers, batch_first=False)

    def sequence(self, x: Tensor, knobs: Tensor | None) -> Tensor:
        if x.shape[-1] % self.block_size != 0:
            x = functional.pad(x, [0, self.block_size - x.shape[-1] % self.block_size])
        down = self.pool(torch.abs(x))
        if knobs is not None:
            down = torch.cat((down, knobs.unsqueeze(-1).repeat(1, 1, down.shape[-1])), dim=1)
        down = down.permute(2, 0, 1)
        if self.is_hidden_state_init:
            made, self.hidden_state = self.lstm(down, self.hidden_state)
        else:
            made, self.hidden_state = self.lstm(down)
        self.is_hidden_state_init = True
        return made.permute(1, 2, 0)


class NablTVFiLMCond(Blocks):
    def __init__(self, inputs: int, outputs: int, cond_dim: int, block: int = 8) -> None:
        super().__init__(inputs, cond_dim, outputs, block)
        self.cond_dim = cond_dim

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        return self.sequence(x, cond if self.cond_dim > 0 else None)


class NablTVFiLMMod(nn.Module):
    def __init__(self, nfeatures: int, cond_dim: int, block: int = 8) -> None:
        super().__init__()
        self.nfeatures, self.cond_dim, self.block_size = nfeatures, cond_dim, block
        self.adaptor = nn.Conv1d(cond_dim, 2 * nfeatures, 1)

    def forward(self, x: Tensor, cond_seq: Tensor) -> Tensor:
        length, block = x.shape[-1], self.block_size
        x = functional.pad(x, [0, -length % block])
        steps = x.shape[-1] // block
        made = self.adaptor(cond_seq)[..., -steps:]
        assert steps == made.shape[-1]
        blocks = torch.reshape(x, (-1, self.nfeatures, steps, block))
        g, b = torch.chunk(torch.reshape(made, (-1, 2 * self.nfeatures, steps, 1)), 2, dim=1)
        return torch.reshape((blocks * g) + b, x.shape)[..., :length]


def _modulation(kind: str | None, size: int, condition: int) -> nn.Module | None:
    kinds = {"film": NablFiLM, "tfilm": NablTFiLM, "ttfilm": NablTinyTFiLM, "tvfilm": NablTVFiLMMod}
    return kinds[kind](size, condition) if kind else None


def _conditioning(net: Any, x: Tensor, p: Tensor | None) -> Tensor | None:
    if net.cond_type == "tvfilm":
        return net.cond_nn(x, p)
    return net.cond_nn(p) if net.cond_type == "film" else p


def _cropped(crop: Callable[[Tensor, int], Tensor], x: Tensor, length: int) -> Tensor:
    return crop(x, length) if x.shape[-1] > length else x


class NablTcnBlock(nn.Module):
    def __init__(self, inputs: int, size: int, dilation: int, causal: bool, **kind: Any) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, size, 3, dilation=dilation, bias=False)
        self.film = _modulation(kind["cond_type"], size, kind["cond_dim"])
        self.bn = nn.BatchNorm1d(size)
        self.act = nn.PReLU(size)
        self.res = nn.Conv1d(inputs, size, 1, groups=inputs, bias=False)
        self.crop = causal_crop if causal else center_crop

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        dry = x
        x = self.conv(x)
        x = self.act(self.bn(x) if self.film is None else self.film(x, cond))
        return x + _cropped(self.crop, self.res(dry), x.shape[-1])


class NablGcnBlock(nn.Module):
    def __init__(self, inputs: int, size: int, dilation: int, causal: bool, **kind: Any) -> None:
        super().__init__()
        self.size = size
        self.conv = nn.Conv1d(inputs, 2 * size, 3, dilation=dilation)
        self.film = _modulation(kind["cond_type"], 2 * size, kind["cond_dim"])
        self.tanh, self.sigm = nn.Tanh(), nn.Sigmoid()
        self.mix = nn.Conv1d(size, size, 1)
        self.crop = causal_crop if causal else center_crop

    def forward(self, x: Tensor, cond: Tensor | None = None) -> tuple[Tensor, Tensor]:
        y = self.conv(x)
        y = y if self.film is None else self.film(y, cond)
        z = self.tanh(y[:, : self.size, :]) * self.sigm(y[:, self.size :, :])
        return self.mix(z) + _cropped(self.crop, x, z.shape[-1]), z


class NablConvolutions(nn.Module):
    """Its TCN, and with `gated` its GCN."""

    def __init__(
        self,
        gated: bool = False,
        causal: bool = True,
        cond_type: str | None = None,
        num_controls: int = 0,
        direct_path: bool = True,
    ) -> None:
        super().__init__()
        self.num_controls, self.cond_type, self.causal = num_controls, cond_type, causal
        self.gated = gated
        size, dilations = 4, (1, 2, 4)
        self.cond_dim = {"film": 6, "tvfilm": 6}.get(cond_type or "", num_controls)
        if cond_type == "film":
            self.cond_nn = _Mlp(num_controls, 6)
        if cond_type == "tvfilm":
            self.cond_nn = NablTVFiLMCond(1, 6, num_controls)
        self.direct_gain = nn.Conv1d(1, 1, 1, bias=False) if direct_path else None
        kind = {"cond_type": cond_type, "cond_dim": self.cond_dim}
        block = NablGcnBlock if gated else NablTcnBlock
        self.blocks = nn.ModuleList(
            block(1 if n == 0 else size, size, dilation, causal, **kind)
            for n, dilation in enumerate(dilations)
        )
        self.output = nn.Conv1d(size * (3 if gated else 1), 1, 1, bias=False)
        self.rf = 1 + 2 * sum(dilations)

    def forward(self, x: Tensor, p: Tensor | None = None) -> Tensor:
        past = self.rf - 1
        x = functional.pad(x, (past, 0) if self.causal else (past // 2, past // 2))
        cond = _conditioning(self, x, p)
        crop = causal_crop if self.causal else center_crop
        direct = None if self.direct_gain is None else self.direct_gain(x)
        made, z = x, []
        for block in self.blocks:
            if self.gated:
                made, zn = block(made, cond)
                z.append(zn)
            else:
                made = block(made, cond)
        if self.gated:
            for index, zn in enumerate(z):
                z[index] = _cropped(crop, zn, z[-1].shape[-1])
            made = torch.cat(z, dim=1)
        made = self.output(made)
        if direct is not None:
            made = _cropped(crop, direct, made.shape[-1]) + made
        return torch.tanh(made)

    def reset_states(self) -> None:
        for layer in self.modules():
            if isinstance(layer, NablTFiLM):
                layer.hidden_state = None


class NablLstm(nn.Module):
    """Knobs for the clip beside the signal, and a flag for whether there is a state."""

    def __init__(
        self, num_controls: int = 0, direct_path: bool = True, time_varying: bool = False
    ) -> None:
        super().__init__()
        self.num_controls = num_controls
        self.cond_nn = NablTVFiLMCond(1, 4, num_controls) if time_varying else None
        self.hidden_state = (torch.zeros(1), torch.zeros(1))
        self.is_hidden_state_init = False
        if direct_path:
            self.direct_gain = nn.Conv1d(1, 1, 1, bias=False)
        self.direct_path = direct_path
        self.lstm = nn.LSTM(1 + (4 if time_varying else num_controls), 5, batch_first=False)
        self.lin = nn.Linear(5, 1)

    def forward(self, x: Tensor, p: Tensor | None = None) -> Tensor:
        if self.direct_path:
            direct = torch.tanh(self.direct_gain(x)).permute(2, 0, 1)
        frames = x.size(-1)
        if self.cond_nn is not None:
            cond = self.cond_nn(x, p).repeat_interleave(self.cond_nn.block_size, dim=-1)
            x = torch.cat((x, cond[:, :, :frames]), dim=1)
        elif self.num_controls > 0 and p is not None:
            x = torch.cat((x, p.unsqueeze(-1).repeat(1, 1, frames)), dim=1)
        x = x.permute(2, 0, 1)
        if self.is_hidden_state_init:
            made, state = self.lstm(x, self.hidden_state)
        else:
            made, state = self.lstm(x)
        made = self.lin(made) + x[:, :, :1]
        out = torch.tanh(direct + made) if self.direct_path else torch.tanh(made)
        self.hidden_state = state
        self.is_hidden_state_init = True
        return out.permute(1, 2, 0)


class Dssm(nn.Module):
    """A diagonal state space, computed as a long convolution by FFT."""

    def __init__(self, size: int, states: int = 3) -> None:
        super().__init__()
        self.H, self.N = size, states
        self.log_dt = nn.Parameter(math.log(1e-2) * torch.ones(size))
        self.C = nn.Parameter(torch.view_as_real(torch.randn(size, states, dtype=torch.cfloat)))
        self.log_A_real = nn.Parameter(torch.log(0.5 * torch.ones(size, states)))
        self.A_imag = nn.Parameter(math.pi * torch.arange(states).repeat(size, 1).float())
        self.D = nn.Parameter(torch.randn(size))

    def get_kernel(self, length: int) -> Tensor:
        dt = torch.exp(self.log_dt)
        a = -torch.exp(self.log_A_real) + 1j * self.A_imag
        step = a * dt.unsqueeze(-1)
        powers = torch.exp(step.unsqueeze(-1) * torch.arange(length))
        c = torch.view_as_complex(self.C) * (torch.exp(step) - 1.0) / a
        return 2 * torch.einsum("hn, hnl -> hl", c, powers).real

    def forward(self, u: Tensor, length: Tensor | None = None) -> Tensor:
        assert u.dim() == 3
        batch, size, frames = u.size()
        assert size == self.H
        if length is None:
            length = torch.empty(batch).fill_(frames)
        assert torch.all(length <= frames)
        kernel = self.get_kernel(frames)
        out = torch.zeros_like(u)
        for i in range(batch):
            n = int(length[i])
            spectrum = torch.fft.rfft(kernel[:, :n], n=2 * n) * torch.fft.rfft(u[[i], :, :n], n=2 * n)
            y = torch.fft.irfft(spectrum, n=2 * n)[..., :n]
            out[[i], :, :n] = y + u[[i], :, :n] * self.D.unsqueeze(-1)
        return out


class NablS4Block(nn.Module):
    def __init__(self, size: int, cond_type: str | None, condition: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, size)
        self.s4 = Dssm(size)
        self.film = _modulation(cond_type, size, condition)
        self.bn = nn.BatchNorm1d(size)
        self.act1, self.act2 = nn.Tanh(), nn.PReLU(size)
        self.res = nn.Conv1d(size, size, 1, groups=size, bias=False)

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        dry = x
        x = self.linear(x.permute(0, 2, 1)).permute(0, 2, 1)
        x = self.s4(self.act1(x))
        x = self.bn(x) if self.film is None else self.film(x, cond)
        return self.act2(x) + self.res(dry)


class NablS4(nn.Module):
    def __init__(self, cond_type: str | None = None, num_controls: int = 0) -> None:
        super().__init__()
        self.cond_type = cond_type
        if cond_type == "film":
            self.cond_nn = _Mlp(num_controls, 6)
        if cond_type == "tvfilm":
            self.cond_nn = NablTVFiLMCond(1, 6, num_controls)
        self.direct_gain = nn.Conv1d(1, 1, 1, bias=False)
        self.expand = nn.Linear(1, 4)
        condition = {"film": 6, "tvfilm": 6}.get(cond_type or "", num_controls)
        self.blocks = nn.ModuleList(NablS4Block(4, cond_type, condition) for _ in range(2))
        self.contract = nn.Linear(4, 1)

    def forward(self, x: Tensor, p: Tensor | None = None) -> Tensor:
        batch, channels, frames = x.size()
        assert channels == 1
        cond = _conditioning(self, x, p)
        direct = self.direct_gain(x)
        y = self.expand(x.view(batch, frames).unsqueeze(-1)).permute(0, 2, 1)
        for block in self.blocks:
            y = block(y, cond)
        y = self.contract(y.permute(0, 2, 1)).squeeze(-1)
        return torch.tanh(direct + y.view(batch, 1, frames))
