"""Tests the package in a headless Chromium.

    python3 test.py PACKAGE INLAY_RENDER [PART OF A NAME]

PACKAGE is what build.sh built. INLAY_RENDER makes the goldens: the recorded guitar through the native models.
"""

import array
import shutil
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

from browser import Browser

ROOT = Path(__file__).resolve().parents[3]
GUITAR = ROOT / "examples/amp/guitar.wav"
MODELS = {
    "lstm": ROOT / "examples/amp/amp.json",
    "a1": ROOT / "tests/golden/nam/wavenet_a1_standard.json",
    "a2": ROOT / "tests/golden/nam/wavenet_a2.json",
    "sizes": ROOT / "tests/unit/nam/slimmable.nam",
    "knobs": ROOT / "tests/golden/torch/append_condition.f32.json",
}
SECONDS = 2


def read_floats(name):
    """The samples of a float32 WAV file, which Python's wave module does not read."""
    data = Path(name).read_bytes()
    at = data.index(b"data") + 8
    return array.array("f", data[at:])


def write_goldens(folder, render):
    with wave.open(str(GUITAR)) as file:
        samples = array.array("h", file.readframes(SECONDS * file.getframerate()))
        with wave.open(str(folder / "guitar.wav"), "wb") as part:
            part.setparams(file.getparams())
            part.writeframes(samples.tobytes())
    (folder / "guitar.f32").write_bytes(array.array("f", (s / 32768 for s in samples)).tobytes())
    for name, model in MODELS.items():
        (folder / f"{name}.json").write_bytes(model.read_bytes())
        if name in ("lstm", "a1", "a2"):
            command = [render, model, folder / "guitar.wav", folder / f"{name}.wav"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            (folder / f"{name}.f32").write_bytes(read_floats(folder / f"{name}.wav").tobytes())


def page_test(browser):
    """What a person does with the page."""
    with browser.page("/index.html") as page:
        text = lambda id: page.evaluate(f"document.getElementById('{id}').textContent")
        silent = "document.getElementById('peak-out').textContent.endsWith('\u221e')"  # minus infinity
        page.wait_for("document.getElementById('play')?.disabled === false")
        assert text("name") == "Two-stage 12AX7 preamplifier", text("name")
        page.wait_for(silent)  # after the first frames, in which a recurrent network settles
        page.evaluate("document.getElementById('play').click()")
        page.wait_for("!" + silent)
        assert page.evaluate("document.getElementById('line').getAttribute('d').length") > 1000, "no curve"
        page.choose_file("#model-file", ROOT / "examples/web/package.json")
        page.wait_for("!document.getElementById('error').hidden")
        assert "root: expected a model file" in text("error"), text("error")
        assert text("name") == "Two-stage 12AX7 preamplifier", "the model before is lost"
        page.choose_file("#model-file", MODELS["knobs"])
        page.wait_for("document.querySelectorAll('#knobs label').length > 2")
        assert page.evaluate("document.getElementById('error').hidden"), text("error")
        page.evaluate("document.querySelector('[value=microphone]').click()")
        page.wait_for("document.getElementById('play').textContent === 'Stop'")
        assert page.evaluate("document.getElementById('error').hidden"), text("error")
        page.evaluate("document.getElementById('play').click()")
        page.wait_for("document.getElementById('play').textContent === 'Play'")


def run(package, goldens, part):
    """Runs all tests with a package. Returns whether they passed."""
    browser = Browser({"/test/": Path(__file__).parent, "/golden/": goldens, "/": package})
    results = browser.open("/test/test.html" + (f"?test={part}" if part else ""), timeout=240)
    if not part:
        failure = None
        try:
            page_test(browser)
        except (AssertionError, RuntimeError) as error:
            failure = str(error)
        results.append({"name": "the page", "failure": failure})
    for result in results:
        print("FAILED" if result["failure"] else "passed", result["name"])
        if result["failure"]:
            print(result["failure"])
    failed = sum(result["failure"] is not None for result in results)
    print(f"{len(results) - failed} of {len(results)} passed")
    return results and not failed


def main():
    package, render = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    part = sys.argv[3] if len(sys.argv) > 3 else ""
    with tempfile.TemporaryDirectory() as folder:
        goldens, plain = Path(folder) / "goldens", Path(folder) / "package"
        goldens.mkdir()
        write_goldens(goldens, render)
        passed = run(package, goldens, part)
        if (package / "inlay-relaxed.wasm").exists():
            print("Without relaxed SIMD:")
            shutil.copytree(package, plain, ignore=shutil.ignore_patterns("inlay-relaxed.wasm"))
            passed = run(plain, goldens, part) and passed
    sys.exit(not passed)


main()
