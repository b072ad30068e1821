"""What a network will cost on a machine, before it is trained.

    from inlay.predict import layers_of, machine, predict

    layers, _ = layers_of(module)  # a torch.nn.Module, a model file, or "lstm 20, dense 1"
    predict(layers, machine("zen3-avx2")).share(48_000)
"""

from .machines import Machine, machine, machines
from .memory import memory
from .predict import Budget, Prediction, largest, parse_budget, predict
from .sources import layers_of

__all__ = [
    "Budget",
    "Machine",
    "Prediction",
    "largest",
    "layers_of",
    "machine",
    "machines",
    "memory",
    "parse_budget",
    "predict",
]
