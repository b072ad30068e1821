"""The C interface from Python: ctypes_test.py LIBRARY GOLDEN_FOLDER"""

import ctypes
import json
import sys
from pathlib import Path

FloatPointer = ctypes.POINTER(ctypes.c_float)


class Error(ctypes.Structure):
    _fields_ = [("message", ctypes.c_char * 768), ("place", ctypes.c_char * 256)]


class Info(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_size_t) for name in ("in_channels", "out_channels", "knobs", "in_frames", "out_frames")),
        *((name, ctypes.c_size_t) for name in ("latency", "receptive_field", "parameters", "macs", "voice_bytes")),
        ("sample_rate", ctypes.c_double),
        ("check_error", ctypes.c_double),
    ]


def opened(path):
    library = ctypes.CDLL(path)
    library.inlay_load.restype = library.inlay_voice_new.restype = ctypes.c_void_p
    library.inlay_load.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.POINTER(Error)]
    library.inlay_info_of.restype = Info
    library.inlay_process_signals.restype = ctypes.c_size_t
    for name in ("inlay_voice_new", "inlay_free", "inlay_voice_free", "inlay_info_of"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    planar = ctypes.POINTER(FloatPointer)
    library.inlay_process_signals.argtypes = [ctypes.c_void_p, planar, planar, ctypes.c_size_t, planar]
    return library


def channels(tensor):
    """The channels of a tensor [frames, channels] as C arrays."""
    frames, count = tensor["shape"]
    return [(ctypes.c_float * frames)(*tensor["data"][c::count]) for c in range(count)]


def pointers(arrays):
    return (FloatPointer * len(arrays))(*(ctypes.cast(each, FloatPointer) for each in arrays))


def largest_error(library, path):
    """Loads a file and compares the library's output with that of its check."""
    text = path.read_bytes()
    check = json.loads(text)["check"]
    error = Error()
    model = library.inlay_load(text, len(text), None, ctypes.byref(error))
    assert model, error.message.decode()
    info = library.inlay_info_of(model)
    x, expected = channels(check["input"]), channels(check["output"])
    knobs = channels(check["condition"]) if "condition" in check else []
    y = [(ctypes.c_float * len(each))() for each in expected]
    assert (info.in_channels, info.out_channels, info.knobs) == (len(x), len(y), len(knobs))
    voice = library.inlay_voice_new(model)
    frames = len(x[0])
    assert library.inlay_process_signals(voice, pointers(x), pointers(y), frames, pointers(knobs) if knobs else None) == frames
    library.inlay_voice_free(voice)
    library.inlay_free(model)
    return max(abs(a - b) for got, want in zip(y, expected) for a, b in zip(got, want))


def main():
    library, golden = opened(sys.argv[1]), Path(sys.argv[2])
    for name in ("lstm20_dense", "film", "wavenet_small"):
        error = largest_error(library, golden / "torch" / f"{name}.f32.json")
        print(f"{name}: largest error {error:.2g}")
        assert error < 1e-5, name


if __name__ == "__main__":
    main()
