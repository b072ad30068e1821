"""Reads the measurements of bench/run.sh."""

from __future__ import annotations

import json
import math
import platform
import re
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


def cpu_info() -> dict[str, str]:
    """The first processor of /proc/cpuinfo."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return {}
    fields = (line.split(":", 1) for line in text.split("\n\n")[0].splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in fields}


def cpu_name() -> str:
    return cpu_info().get("model name") or platform.processor() or platform.machine()


# Microarchitectures by vendor and family, and the models of each, first and last. From Linux's tables.
GENERATIONS: dict[tuple[str, int], dict[str, list[tuple[int, int]]]] = {
    ("AuthenticAMD", 0x17): {
        "Zen": [(0x00, 0x2F), (0x50, 0x5F)],
        "Zen 2": [(0x30, 0x4F), (0x60, 0x7F), (0x90, 0x91), (0xA0, 0xAF)],
    },
    ("AuthenticAMD", 0x19): {
        "Zen 3": [(0x00, 0x0F), (0x20, 0x5F)],
        "Zen 4": [(0x10, 0x1F), (0x60, 0xAF)],
    },
    ("AuthenticAMD", 0x1A): {"Zen 5": [(0x00, 0x2F), (0x40, 0x4F), (0x60, 0x7F)]},
    ("GenuineIntel", 6): {
        "Haswell": [(0x3C, 0x3C), (0x3F, 0x3F), (0x45, 0x46)],
        "Broadwell": [(0x3D, 0x3D), (0x47, 0x47), (0x4F, 0x4F), (0x56, 0x56)],
        "Skylake": [(0x4E, 0x4E), (0x55, 0x55), (0x5E, 0x5E)],
        "Ice Lake": [(0x6A, 0x6A), (0x6C, 0x6C), (0x7D, 0x7E)],
        "Tiger Lake": [(0x8C, 0x8D)],
        "Alder Lake": [(0x97, 0x97), (0x9A, 0x9A)],
        "Raptor Lake": [(0xB7, 0xB7), (0xBA, 0xBA), (0xBF, 0xBF)],
        "Sapphire Rapids": [(0x8F, 0x8F)],
        "Emerald Rapids": [(0xCF, 0xCF)],
        "Granite Rapids": [(0xAD, 0xAE)],
    },
}


def cpu_generation(info: Optional[dict[str, str]] = None) -> str:
    """The microarchitecture where it is known, else the numbers that tell processors of one name apart."""
    info = cpu_info() if info is None else info
    if "cpu family" in info:
        family, model = int(info["cpu family"]), int(info["model"])
        for name, models in GENERATIONS.get((info.get("vendor_id", ""), family), {}).items():
            if any(first <= model <= last for first, last in models):
                return name
        return f"family {family} model {model}"
    if "CPU part" in info:  # ARM
        return f"implementer {info.get('CPU implementer', '')} part {info['CPU part']}"
    return ""


def machine_name(cpu: str, generation: str, isa: str) -> str:
    """The folder of a machine's results: model, generation, instruction set."""
    cpu = re.sub(r"\((R|TM|r|tm)\)|\bCPU\b|@.*|\b\d+-Core Processor\b", " ", cpu)
    parts = [cpu, re.sub(r"^Zen (\d)", r"Zen\1", generation), isa.replace("-", "")]
    return "-".join(re.sub(r"[^a-z0-9.]+", "-", part.lower()).strip("-") for part in parts if part)
