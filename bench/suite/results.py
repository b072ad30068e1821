"""Reads the measurements of bench/run.sh."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

Json = dict[str, Any]

SAMPLE_RATE = 48000
PEERS = {"libtorch": "LibTorch", "onnxruntime": "ONNX Runtime"}
DEFAULT = "xsimd"


@dataclass(frozen=True)
class Layer:
    """A layer at one size, run by one subject. `work` is "frame" or the number of frames per block."""

    scalar: str
    name: str
    size: int
    subject: str
    work: str


def rounds(folder: Path, program: str) -> Iterable[Json]:
    for path in sorted(folder.glob(f"{program}.*.json")):
        yield read(path)


def read(path: Path) -> Json:
    """Reads a JSON file. Returns {} if it is missing or incomplete, as after a crash."""
    try:
        loaded: Json = json.loads(path.read_text(encoding="utf-8"))
        return loaded
    except (OSError, json.JSONDecodeError):
        return {}


def read_layers(
    folder: Path, programs: dict[str, str]
) -> tuple[dict[Layer, float], dict[Layer, str]]:
    """ns per frame of the fastest round, and the error messages of failed layers.

    `programs` maps programs to their scalar types. Other load on a machine only adds time, so the fastest round counts.
    """
    times: dict[Layer, float] = {}
    failed: dict[Layer, str] = {}
    for program, scalar in programs.items():
        for run in rounds(folder, program):
            for one in run.get("benchmarks", []):
                name, size, subject, work = one["name"].split("/")[:4]
                layer = Layer(scalar, name, int(size), subject, work)
                if one.get("error_occurred"):
                    failed[layer] = one["error_message"]
                else:
                    times[layer] = min(one["ns"], times.get(layer, math.inf))
    return times, failed


def fma_peak(folder: Path) -> Optional[float]:
    peaks = [run["context"]["fma_peak_gmac_per_s"] for run in rounds(folder, "layers") if run]
    return max((float(peak) for peak in peaks), default=None)


def read_compile_times(folder: Path) -> dict[str, tuple[float, int]]:
    """CPU seconds and bytes of code of each network."""
    path = folder / "compile.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = (line.split("\t") for line in lines if line.count("\t") == 2)
    return {name: (float(seconds), int(text)) for name, seconds, text in found}


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(
            line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
