"""Nanoseconds a sample, share of a core, and bytes, from an architecture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..errors import ExportError
from ..format import Chain
from ..inspect.analysis import analyse
from .features import priced, work
from .inner_calls import INNER_CALLS
from .machines import Machine, machine
from .networks import parse, wavenet


@dataclass(frozen=True)
class Prediction:
    """What a network costs on a machine."""

    machine: Machine
    engine: str
    nanoseconds: float
    """Per frame of the input."""
    error: float | None
    """Nine of ten networks are predicted within this relative error. None: it was not tested, as no
    measured network of the machine has such layers."""

    def share(self, sample_rate: float) -> float:
        """The share of one core at a sample rate in Hz."""
        return self.nanoseconds * 1e-9 * sample_rate


def predict(layers: Chain, on: Machine, *, engine: str = "ModelT", block: int = 64) -> Prediction:
    """Predicts the time of a network.

    Args:
        on: the machine, from `machine(name)`.
        engine: "ModelT", a type, or "Model", loaded at run time. Where the machine has no tables of
            types, those of "Model" are used, which types should not exceed.
        block: frames of a call of `process`; 1 means frame by frame.
    """
    buffers, table = block > 1, on.table(engine, block)
    analysed = analyse(layers).layers
    of_network = work(analysed, on.lanes, buffers)
    units = of_network.called
    if buffers:  # what a call costs is spread over its frames; tables are of calls of 64
        units["call"] = 64 / block
    time = table.time(of_network)
    time += on.table(engine, 1).time_within(of_network.frames)
    of_types = on.table("ModelT", 1)
    time += priced(of_network.streams, of_types.instructions or of_types.coefficients)
    time += priced(of_network.tiles, on.table(engine, 64).coefficients)
    scaled = any(count and name.split()[0] in table.scaled for name, count in units.items())
    tested = not scaled and not any(layer.record.type in INNER_CALLS for layer in analysed)
    return Prediction(on, on.engine(engine), time, table.error if tested else None)


@dataclass(frozen=True)
class Budget:
    """A share of a core of a machine at a sample rate."""

    share: float
    machine: Machine
    sample_rate: float


_BUDGET = r"\s*(\d+(?:\.\d+)?) ?% of (?:an? )?(.+?)(?: core)?(?: at (\d+(?:\.\d+)?) ?(k?)Hz)?\s*"


def parse_budget(text: str) -> Budget:
    """Reads a budget such as "20% of a Pi 5 core at 48 kHz"."""
    found = re.fullmatch(_BUDGET, text, re.IGNORECASE)
    if found is None:
        raise ExportError(f'budget: {text!r} is not like "20% of a Pi 5 core at 48 kHz"')
    percent, name, rate, thousands = found.groups()
    hz = float(rate) * (1000 if thousands else 1) if rate else 48_000
    return Budget(float(percent) / 100, machine(name), hz)


#: The kinds of networks that a budget is spent on, by the number that grows.
KINDS: Mapping[str, Callable[[int], Chain]] = {
    "lstm N, dense 1": lambda n: parse(f"lstm {n}, dense 1"),
    "gru N, dense 1": lambda n: parse(f"gru {n}, dense 1"),
    "lstm N, lstm N, dense 1": lambda n: parse(f"lstm {n}, lstm {n}, dense 1"),
    "dense N, tanh, dense N, tanh, dense 1": lambda n: parse(
        f"dense {n}, tanh, dense {n}, tanh, dense 1"
    ),
    "6 x (conv1d N k3, tanh), dense 1": lambda n: parse(
        ", ".join(f"conv1d {n} k3 d{2**i}, tanh" for i in range(6)) + ", dense 1"
    ),
    "wavenet N": lambda n: wavenet(n),
}
_LARGEST = 256


def largest(
    budget: Budget, *, engine: str = "ModelT", block: int = 64
) -> Iterator[tuple[str, int, Prediction | None]]:
    """The largest network of each kind that fits, by its number; 0 if none does."""
    for kind, network in KINDS.items():
        size, chosen, step = 0, None, _LARGEST
        while step:
            if size + step <= _LARGEST:
                prediction = predict(
                    network(size + step), budget.machine, engine=engine, block=block
                )
                if prediction.share(budget.sample_rate) <= budget.share:
                    size, chosen = size + step, prediction
            step //= 2
        yield kind, size, chosen
