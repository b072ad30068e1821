"""SpectralNetwork: a network on the short-time spectra of a signal. docs/spectra.md shows it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..arguments import refuse
from ..custom import MODULES, CustomLayer
from ..errors import ExportError
from ..format import LayerRecord, Option
from ..format.layer_types import LAYER_TYPES
from ..format.numbers import TRANSFORM_SIZES, is_transform_size
from ..network.graph import Node
from ..network.network import network
from .arrays import array_of
from .place import place_of


class SpectralNetwork(nn.Module):
    """Runs a network on the short-time Fourier transform of a signal, (batch, 1, samples), and transforms back.

    `network` takes and returns spectra (batch, bins, frames, 2), real and imaginary parts, as
    torch.view_as_real(torch.stft(...)) gives them. Frame m has the n_fft samples that end with the last one of hop m,
    and the signal is zero before its start. So the output is what a stream gives: n_fft - 1 samples late. For a loss,
    compare y[..., n_fft - 1 :] with the target[..., : 1 - n_fft].

    Args:
        network: a module that looks at no later frames.
        n_fft: samples of a frame: a multiple of 32, at most 65536, whose prime factors are 2, 3 and 5.
        hop_length: samples from frame to frame, at most n_fft.
        window: n_fft values, which multiply frames before and after the network. Default: the square root of a Hann
            window, with which frames that are left alone come out as they were for a hop of a half.
        spread: the file's network runs in steps during the hop after a frame, for callbacks of fewer samples than a
            hop. The output is hop_length samples later.
    """

    window: Tensor

    def __init__(
        self,
        network: nn.Module,
        n_fft: int = 512,
        hop_length: int = 256,
        window: Tensor | None = None,
        spread: bool = False,
    ) -> None:
        super().__init__()
        if not is_transform_size(n_fft):
            refuse("n_fft", TRANSFORM_SIZES, n_fft)
        if not isinstance(hop_length, int) or not (2 if spread else 1) <= hop_length <= n_fft:
            refuse("hop_length", f"an integer from {2 if spread else 1} to n_fft", hop_length)
        if window is not None and window.shape != (n_fft,):
            refuse("window", f"a tensor of {n_fft} values", window)
        self.size = 1  # the channels of the signal
        self.reach = n_fft + 16 * hop_length  # samples that a check has at least
        self.network, self.n_fft, self.hop_length = network, n_fft, hop_length
        self.spread = spread
        weight = next(network.parameters(), torch.empty(0))
        default = torch.hann_window(n_fft, dtype=weight.dtype, device=weight.device).sqrt()
        self.register_buffer("window", default if window is None else window, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        signal = x.reshape(-1, x.shape[-1])
        if signal.shape[1] < self.hop_length:
            return torch.zeros_like(x)
        padded = nn.functional.pad(signal, (self.n_fft - self.hop_length, 0))
        frames = padded.unfold(1, self.n_fft, self.hop_length) * self.window
        spectra = torch.view_as_real(torch.fft.rfft(frames)).transpose(1, 2)
        made = self.network(spectra).transpose(1, 2).contiguous()
        frames = torch.fft.irfft(torch.view_as_complex(made), self.n_fft) * self.window
        count = frames.shape[1]
        extent = (count - 1) * self.hop_length + self.n_fft
        summed = nn.functional.fold(
            frames.transpose(1, 2), (1, extent), (1, self.n_fft), stride=(1, self.hop_length)
        )
        later = self.hop_length * (2 if self.spread else 1) - 1
        late = nn.functional.pad(summed.flatten(1), (later, self.hop_length))
        return late[:, : x.shape[-1]].reshape(x.shape)

    def record(self) -> LayerRecord:
        """The layer of inlay's file."""
        window = {"window": array_of(self.window)}
        transforms = [LayerRecord(name, {"samples": self.n_fft}, window) for name in ("rfft", "irfft")]
        options: dict[str, Option] = {"window": self.n_fft, "hop": self.hop_length}
        if self.spread:
            options["spread"] = True
        chain = [transforms[0], *self._network_records(), transforms[1]]
        return LayerRecord("overlap_add", options, chains={"layers": [chain]})

    def _network_records(self) -> list[LayerRecord]:
        from . import plane_layers  # noqa: F401, which registers what it handles
        from .planes import Plane, arranged, laid_out

        bins, frames = self.n_fft // 2 + 1, 24
        source = Node("input", 2 * bins)
        spectra = torch.rand(1, bins, frames, 2, dtype=self.window.dtype)
        with torch.no_grad():
            made = self.network(laid_out(spectra, 2, [1, 3], source))
        if not isinstance(made, Plane) or made.shape != spectra.shape:
            shape = tuple(made.shape) if isinstance(made, Tensor) else type(made).__name__
            raise ExportError(
                f"{place_of(self.network, 'network')}: gives {shape} for spectra {tuple(spectra.shape)}; supported are"
                " spectra of the same shape"
            )
        with torch._C.DisableTorchFunction():
            return network(source, None, arranged(made, [1, 3], 2))


MODULES[SpectralNetwork] = CustomLayer(
    "overlap_add", LAYER_TYPES["overlap_add"], len, None, 0, None, True, None, None
)
