"""A headless Chromium and the server of its pages, for tests and benchmarks.

The pages come from a plain static server, without headers of its own. A page reports by POST to /result.
"""

import base64
import contextlib
import functools
import http.server
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path


def find_chromium():
    """Path of the browser, or exit with status 77."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    print("skipped: please install: chromium (name of Debian's package)")
    sys.exit(77)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves several folders, each below a path of its own; "/" is the one of the package."""

    def __init__(self, *arguments, folders, results, **rest):
        self.folders, self.results = folders, results
        super().__init__(*arguments, **rest)

    def translate_path(self, path):
        for prefix, folder in self.folders.items():
            if path.startswith(prefix):
                self.directory = str(folder)
                return super().translate_path(path[len(prefix) - 1 :])
        return super().translate_path(path)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.results.put(json.loads(body))

    def log_message(self, *_):
        pass


class Browser:
    """Opens pages of the folders: {"/test/": folder, "/": folder}, the longer paths first."""

    def __init__(self, folders):
        self.results = queue.Queue()
        handler = functools.partial(Handler, folders=folders, results=self.results)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.chromium = find_chromium()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def arguments(self, profile):
        return [
            self.chromium, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--no-first-run",
            "--autoplay-policy=no-user-gesture-required", "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream", "--disable-background-networking", "--enable-logging=stderr", "--v=0",
        ]  # fmt: skip

    def open(self, path, timeout):
        """Opens a page and returns what it reports. Ends with what the browser printed if it reports nothing."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, open(os.path.join(profile, "log"), "w+") as log:
            command = [*self.arguments(profile), self.address + path]
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            try:
                return self.results.get(timeout=timeout)
            except queue.Empty:
                log.seek(0)
                sys.exit(f"FAILED: {path} reported nothing for {timeout} s\n" + log.read()[-4000:])
            finally:
                process.terminate()
                process.wait()

    @contextlib.contextmanager
    def page(self, path, width=1100, height=860):
        """Opens a page that is driven from here: a Page."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            reads, their_writes = os.pipe()
            their_reads, writes = os.pipe()
            process = subprocess.Popen(
                ["sh", "-c", f'exec "$0" "$@" 3<&{their_reads} 4>&{their_writes}', *self.arguments(profile),
                 f"--window-size={width},{height}", "--remote-debugging-pipe"],
                pass_fds=(their_reads, their_writes), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
            os.close(their_reads), os.close(their_writes)
            try:
                yield Page(os.fdopen(reads, "rb"), os.fdopen(writes, "wb"), self.address + path, width, height)
            finally:
                process.terminate()
                process.wait()


class Page:
    """A page that is driven through the browser's debugging pipe: messages in JSON, each ended by a zero."""

    def __init__(self, reads, writes, address, width, height):
        self.reads, self.writes, self.count, self.session = reads, writes, 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=address)

    def call(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.writes.write(json.dumps(message).encode() + b"\0")
        self.writes.flush()
        while True:
            answer = json.loads(self._read())
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def _read(self):
        text = bytearray()
        while (byte := self.reads.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("the browser has ended")
            text += byte
        return text

    def evaluate(self, expression):
        """The value of an expression in JavaScript; of a promise, what it gives."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", expression))
        return answer["result"].get("value")

    def wait_for(self, expression, seconds=20):
        """Waits until an expression is true."""
        end = time.monotonic() + seconds
        while not self.evaluate(expression):
            if time.monotonic() > end:
                raise RuntimeError(f"not true after {seconds} s: {expression}")
            time.sleep(0.05)

    def choose_file(self, selector, path):
        """Gives a file to an input."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        found = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=found, files=[str(Path(path).resolve())])

    def screenshot(self, picture, dark=False):
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        Path(picture).write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
