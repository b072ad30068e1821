"""Measures in a headless Chromium; see page.mjs.

    python3 chromium.py PACKAGE speed [MODULE]        nanoseconds a sample: LSTM 20, A1 standard, A2; default: inlay.wasm
    python3 chromium.py PACKAGE start                 milliseconds until a model plays
    python3 chromium.py PACKAGE real-time [SECONDS]   share of the deadline, underruns
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples/web/test"))
from browser import Browser  # noqa: E402

MODELS = {
    "lstm": ROOT / "examples/amp/amp.json",
    "a1": ROOT / "tests/golden/nam/wavenet_a1_standard.json",
    "a2": ROOT / "tests/golden/nam/wavenet_a2.json",
}


def main():
    package, what = Path(sys.argv[1]).resolve(), sys.argv[2]
    more = sys.argv[3] if len(sys.argv) > 3 else None
    seconds, module = float(more or 10) if what == "real-time" else 10, more or "inlay.wasm"
    with tempfile.TemporaryDirectory() as folder:
        for name, model in MODELS.items():
            (Path(folder) / f"{name}.json").write_bytes(model.read_bytes())
        browser = Browser({"/bench/": Path(__file__).parent, "/models/": folder, "/": package})
        result = browser.open(f"/bench/page.html?what={what}&seconds={seconds}&module={module}", timeout=120 + 10 * seconds)
    if what == "speed":
        print(" ".join(f"{time:.1f}" for time in result))
    elif what == "start":
        print(f"compile {result['compile']:.1f} ms, instance {result['instance']:.1f} ms")
        for name, times in result["nodes"].items():
            print(f"{name}: InlayNode.create {times['create']:.0f} ms, load {times['load']:.0f} ms")
    else:
        for row in result:
            late = "unknown" if row["late"] is None else row["late"]
            exchanges = f", {row['exchanges']} exchanges" if row["exchanges"] else ""
            print(f"{row['what']}: cost {100 * row['cost']:.1f}%, {100 * row['share']:.1f}% of the deadline over {row['seconds']:.0f} s{exchanges}, underruns: {late}")


main()
