"""The command line tool `inlay`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import runpy
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import numpy as np

from .cpp.codegen import generate
from .errors import ExportError
from .export import export
from .inspect.diff import differences
from .inspect.info import info, table
from .inspect.opened import Opened, open_model
from .predict.machines import machine
from .predict.machines import names as machine_names
from .predict.plots import plot_kinds
from .predict.predict import parse_budget
from .predict.report import budget_table, prediction_table
from .predict.sources import layers_of

_USER_ERROR = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status: 0 for yes, 1 for no, 2 for an error."""
    try:
        arguments = _parser().parse_args(argv)
        for layers in arguments.layers:
            _load_layers(layers)
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader closed the pipe. Python would report that again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ExportError as error:
        return _fail(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}")
    except MemoryError:
        return _fail("not enough memory for this model")
    except KeyboardInterrupt:
        return 130


def _fail(message: str) -> int:
    print("inlay:", " ".join(message.split()), file=sys.stderr)
    return _USER_ERROR


class _Parser(argparse.ArgumentParser):
    """Reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(_fail(f"{message} (try {self.prog} --help)"))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="inlay", description="Model files of the C++20 library inlay.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (
        _add_export,
        _add_info,
        _add_verify,
        _add_diff,
        _add_codegen,
        _add_plot,
        _add_predict,
    ):
        add(commands)
    return parser


# In quotes: only type checkers can subscript this class.
_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


def _add(
    commands: _Commands, name: str, run: Callable[[argparse.Namespace], int], help: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help, description=help)
    parser.set_defaults(run=run)
    parser.add_argument(
        "--layers",
        metavar="MODULE",
        action="append",
        default=[],
        help="a Python module or file that registers layers of your own; may be repeated",
    )
    return parser


def _add_export(commands: _Commands) -> None:
    parser = _add(commands, "export", _export, "Write a model of another kind as a model file.")
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a Keras file (.keras, .h5, or a configuration in JSON), a TorchScript file,"
        " an .onnx file,"
        " package.module:factory, or JSON of RTNeural, AIDA-X, Proteus or NeuralPi",
    )
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the file to write")
    parser.add_argument("--sample-rate", metavar="HZ", type=_hertz, help="the rate of the training")
    parser.add_argument("--name", metavar="TEXT", help="kept in the file as metadata")
    parser.add_argument(
        "--weights", metavar="FILE", help="Keras: the .weights.h5 of a configuration"
    )
    parser.add_argument("--state-dict", metavar="FILE", help="PyTorch: the weights of the factory")
    parser.add_argument(
        "--state",
        metavar="IN=OUT",
        action="append",
        type=_state,
        help="ONNX: an input that is a state, and the output that is its next value; may be repeated",
    )
    parser.add_argument("--layout", metavar="AXES", help="ONNX: the input's axes, such as NCT")
    parser.add_argument(
        "--hop",
        metavar="FRAMES",
        type=_count,
        help="ONNX: the frames from one window to the next, of a graph with one output for a window",
    )
    parser.add_argument(
        "--initial",
        metavar="INPUT=FILE",
        action="append",
        type=_initial,
        help="ONNX: the first values of a state, of a .npy file or the first array of an .npz; may be repeated",
    )
    parser.add_argument(
        "--stft",
        metavar="n_fft=SAMPLES,hop=SAMPLES,window=NAME",
        type=_stft,
        help="ONNX: the transforms around a graph of spectra; windows: sqrt_hann, hann, vorbis, ones",
    )


def _state(text: str) -> tuple[str, str]:
    name, equals, new = text.partition("=")
    if not (name and equals and new):
        raise argparse.ArgumentTypeError(f"{text} is not INPUT=OUTPUT")
    return name, new


def _initial(text: str) -> tuple[str, Any]:
    name, _, path = text.partition("=")
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text} is not INPUT=FILE with a .npy or an .npz file: {error}") from error
    return name, found if isinstance(found, np.ndarray) else found[found.files[0]]


def _stft(text: str) -> dict[str, int | str]:
    found: dict[str, int | str] = {}
    for pair in text.split(","):
        name, equals, value = pair.partition("=")
        if name not in ("n_fft", "hop", "window") or not value or (name != "window" and not value.isdigit()):
            raise argparse.ArgumentTypeError(f"{text} is not n_fft=SAMPLES,hop=SAMPLES,window=NAME")
        found[name] = value if name == "window" else int(value)
    return found


def _hertz(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e12:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number of Hz")
    return int(value) if value.is_integer() else value


def _count(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 1 << 20:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to {1 << 20}")
    return int(text)


def _export(arguments: argparse.Namespace) -> int:
    with _naming(arguments.source):
        export(
            arguments.source,
            arguments.output,
            sample_rate=arguments.sample_rate,
            metadata=None if arguments.name is None else {"name": arguments.name},
            weights=arguments.weights,
            state_dict=arguments.state_dict,
            states=dict(arguments.state) if arguments.state else None,
            layout=arguments.layout,
            hop=arguments.hop,
            stft=arguments.stft,
            initial=dict(arguments.initial) if arguments.initial else None,
        )
    opened = _open(arguments.output)
    parameters, check = opened.analysis.parameters, opened.model.check
    print(f"{arguments.output}: {parameters} parameters, check by {check.source}")
    return 0


def _add_info(commands: _Commands) -> None:
    parser = _add(commands, "info", _info, "Show layers, sizes and costs of a model file.")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--json", action="store_true", help="for machines")


def _info(arguments: argparse.Namespace) -> int:
    opened = _open(arguments.model)
    print(json.dumps(info(opened), indent=2) if arguments.json else table(opened))
    return 0


def _add_verify(commands: _Commands) -> None:
    help = "Run a model file's check with NumPy; the exit status is 1 where it fails."
    _add(commands, "verify", _verify, help).add_argument("model", metavar="MODEL")


def _verify(arguments: argparse.Namespace) -> int:
    with _naming(arguments.model):
        error, limit = open_model(arguments.model).error()
    passed = error <= limit
    verdict = "passed" if passed else "FAILED"
    print(f"{arguments.model}: largest error {error:.3g}, limit {limit:.3g}: {verdict}")
    return 0 if passed else 1


def _add_diff(commands: _Commands) -> None:
    help = "Show how two model files differ; the exit status is 1 where they do."
    parser = _add(commands, "diff", _diff, help)
    parser.add_argument("first", metavar="A")
    parser.add_argument("second", metavar="B")


def _diff(arguments: argparse.Namespace) -> int:
    first, second = _open(arguments.first), _open(arguments.second)
    lines = list(differences(first.model, second.model))
    for line in lines:
        print(line)
    return 1 if lines else 0


def _add_codegen(commands: _Commands) -> None:
    help = "Write a C++ header with the type of a model file's network, and its weights."
    parser = _add(commands, "codegen", _codegen, help)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("-o", "--output", metavar="FILE", help="default: the standard output")
    parser.add_argument("--name", help="what the type is called; default: Amp for amp.json")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--weights", action="store_true", help="add the weights and set_weights()")
    kinds.add_argument("--constant", action="store_true", help="a type with constant weights")
    parser.add_argument("--check", action="store_true", help="add the signals of the check")
    parser.add_argument("--namespace", metavar="NAME", help="where to put the type: a::b")
    parser.add_argument("--backend", metavar="NAME", help="of all layers: LoopBackend<double>, 'StlBackend<float, int8>'")


def _codegen(arguments: argparse.Namespace) -> int:
    with _naming(arguments.model):
        model = open_model(arguments.model).model
    text = generate(
        model,
        arguments.name or _type_name(arguments.model),
        weights=arguments.weights,
        constant=arguments.constant,
        check=arguments.check,
        namespace=arguments.namespace,
        backend=arguments.backend,
        source=Path(arguments.model).name,
    )
    if arguments.output is None:
        print(text, end="")
    else:
        Path(arguments.output).write_text(text, encoding="utf-8")
    return 0


def _type_name(file: str) -> str:
    """The name of a file in camel case: my-amp.json is MyAmp."""
    words = re.findall("[A-Za-z0-9]+", Path(file).stem)
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"Model{name}"


def _add_predict(commands: _Commands) -> None:
    help = "Predict what a network will cost on a machine, before it is trained."
    parser = _add(commands, "predict", _predict, help)
    parser.add_argument(
        "network",
        metavar="NETWORK",
        nargs="?",
        help='a model file, package.module:factory of PyTorch, or a line such as "lstm 20, dense 1"',
    )
    parser.add_argument(
        "--machine", metavar="NAME", action="append", help="default: all; may be repeated"
    )
    parser.add_argument(
        "--budget",
        metavar="TEXT",
        help='list the largest networks that fit, such as "20%% of a pi5 core at 48 kHz"',
    )
    parser.add_argument("--rate", metavar="HZ", type=_hertz, help="default: the file's, or 48000")
    parser.add_argument(
        "--block", metavar="N", type=_count, default=64, help="1: frame by frame; default: 64"
    )
    parser.add_argument(
        "--engine", choices=("ModelT", "Model"), default="ModelT", help="default: ModelT, a type"
    )
    parser.add_argument("--plot", metavar="FILE", help="draw the cost of each kind of network")


def _predict(arguments: argparse.Namespace) -> int:
    chosen = [machine(name) for name in arguments.machine or machine_names()]
    if not arguments.machine:
        chosen = [on for on in chosen if on.runs(arguments.engine)]
    options = {"engine": arguments.engine, "block": arguments.block}
    if arguments.budget is not None:
        print(budget_table(parse_budget(arguments.budget), **options))
    elif arguments.network is not None:
        with _naming(arguments.network):
            layers, rate = layers_of(arguments.network)
        rate = arguments.rate or rate or 48_000
        print(prediction_table(layers, chosen, sample_rate=rate, **options))
    elif arguments.plot is None:
        raise ExportError("nothing to predict: give a network, --budget or --plot")
    if arguments.plot is not None:
        plot_kinds(chosen, arguments.plot, sample_rate=arguments.rate or 48_000, **options)
    return 0


def _add_plot(commands: _Commands) -> None:
    parser = _add(commands, "plot", _plot, "Draw what a model does to a sine, a step and a sweep.")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help=".png, .svg or .pdf")


def _plot(arguments: argparse.Namespace) -> int:
    from .inspect.plots import plot_model

    plot_model(_open(arguments.model), arguments.output, title=Path(arguments.model).name)
    return 0


def _load_layers(source: str) -> None:
    """Imports a module, or a file, which calls register_layer()."""
    try:
        if source.endswith(".py"):
            runpy.run_path(source, run_name=Path(source).stem)
        else:
            if os.getcwd() not in sys.path:
                sys.path.append(os.getcwd())  # `python -m` does the same
            importlib.import_module(source)
    except ExportError:
        raise
    except Exception as error:
        raise ExportError(f"{source}: cannot be imported: {error!r}") from error


def _open(path: str) -> Opened:
    with _naming(path):
        return open_model(path)


@contextmanager
def _naming(source: str) -> Iterator[None]:
    """Puts the file's name in front of error messages."""
    try:
        yield
    except ExportError as error:
        if str(error).startswith(f"{source}: "):
            raise
        raise ExportError(f"{source}: {error}") from error
