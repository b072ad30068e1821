"""For operations and modules that have no counterpart: the nearest thing that can be exported."""

from __future__ import annotations

_USE_OTHERS = "use layers and functions that have a counterpart: docs/from-pytorch.md lists them"

_PARTS = "for a function of each sample use clamp, relu or leaky_relu, or train an inlay.torch.TableShaper"
_SPECTRA = "for layers on spectra use inlay.torch.SpectralNetwork, for long filters a Conv1d"
_OVER_FRAMES = (
    "over frames use AvgPool1d or MaxPool1d; for a sum or a mean over channels use a Linear of fixed"
    " weights"
)
_SO_FAR = "for statistics of all frames so far use inlay.register_module with cumulative_norm"
_LEVELS = "for levels use inlay.torch.AmplitudeToDB and DBToAmplitude"

_ADVICE: dict[str, str] = {
    "cos": "use torch.sin of the argument plus pi / 2",
    **dict.fromkeys(("gt", "ge", "lt", "le", "eq", "ne", "where", "sign", "heaviside"), _PARTS),
    **dict.fromkeys(("maximum", "minimum", "round", "floor", "ceil", "fmod", "remainder"), _PARTS),
    **dict.fromkeys(("atan", "arctan", "asinh", "erf", "cosh", "sinh", "tan", "asin"), _PARTS),
    **dict.fromkeys(("fft_rfft", "fft_irfft", "fft_fft", "fft_ifft", "stft", "istft"), _SPECTRA),
    **dict.fromkeys(("mean", "sum", "max", "min", "amax", "amin", "std", "var", "norm"), _OVER_FRAMES),
    **dict.fromkeys(("cumsum", "cumprod", "cummax"), _SO_FAR),
    **dict.fromkeys(("log", "log10", "log2", "log1p"), _LEVELS),
    "copy": "make a tensor by torch.cat in place of writing into one",
    "randn_like": "leave noise out in evaluation mode, as Dropout does",
    "rand_like": "leave noise out in evaluation mode, as Dropout does",
    "stack": "use torch.cat, and all frames at once",
    "einsum": "use nn.Linear, a Conv1d or x @ weight",
    "bmm": "use nn.Linear, a Conv1d or x @ weight",
}


_ATTENTION = (
    "attention needs all frames at once, which a stream does not have; use a recurrent layer, a Conv1d, or"
    " inlay.torch.Mamba"
)
_ONE_STEP = "use nn.LSTM, nn.GRU or nn.RNN on all frames"
_OF_MODULES: dict[str, str] = {
    **dict.fromkeys(("MultiheadAttention", "Transformer", "TransformerEncoder", "TransformerDecoder"), _ATTENTION),
    **dict.fromkeys(("TransformerEncoderLayer", "TransformerDecoderLayer"), _ATTENTION),
    **dict.fromkeys(("Conv2d", "ConvTranspose2d", "BatchNorm2d"), _SPECTRA),
    **dict.fromkeys(("LSTMCell", "GRUCell", "RNNCell"), _ONE_STEP),
    **dict.fromkeys(("CELU", "Threshold", "Hardshrink", "Softshrink", "Tanhshrink", "LogSigmoid"), _PARTS),
}


def nearest_module(name: str) -> str:
    """What to use in place of a module, by the name of its class."""
    return _OF_MODULES.get(name, "replace it")


def nearest(name: str) -> str:
    """What to use in place of a function, by its name without underscores around it."""
    return _ADVICE.get(name, _USE_OTHERS)
