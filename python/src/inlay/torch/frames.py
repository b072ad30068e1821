"""The lines of the user's own code that are running, for error messages."""

from __future__ import annotations

import linecache
import sys
import traceback
from pathlib import Path
from types import FrameType

import torch
from torch import nn

_LIBRARIES = (str(Path(__file__).parents[1]), str(Path(torch.__file__).parent), "<frozen")


def user_frame() -> FrameType | None:
    """The innermost frame of the module's own code, which the exporter has called."""
    frame: FrameType | None = sys._getframe(1)
    while frame and is_library(frame.f_code.co_filename):
        frame = None if frame.f_code.co_name == "export_torch" else frame.f_back
    return frame


def frame_of(error: BaseException) -> FrameType | None:
    """The frame of the module's own code in which an error was raised."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [frame for frame in frames if not is_library(frame.f_code.co_filename)]
    return own[-1] if own else None


def is_library(file: str) -> bool:
    return file.startswith(_LIBRARIES)


def shown(frame: FrameType) -> str:
    """Such as "line 12 of amp.py: `x = self.conv(x)`"."""
    # Code that was typed in has no file.
    return shown_line(frame.f_code.co_filename, frame.f_lineno) or f"in {frame.f_code.co_name}()"


def shown_line(file: str, line: int) -> str:
    code = linecache.getline(file, line).strip()
    return f"line {line} of {Path(file).name}: `{code}`" if code else ""


def module_of(frame: FrameType) -> nn.Module | None:
    """The module whose method a frame runs."""
    found = frame.f_locals.get("self")
    return found if isinstance(found, nn.Module) else None
