"""A headless Chromium and the server of its pages, for tests and benchmarks.

The pages come from a plain static server, without headers of its own. A page reports by POST to /result.
"""

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

    def screenshot(self, path, picture, width, height, milliseconds):
        """Makes a picture of a page, so many milliseconds after it was opened."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            command = [*self.arguments(profile), f"--screenshot={Path(picture).resolve()}", f"--window-size={width},{height}",
                       f"--timeout={milliseconds}", "--hide-scrollbars", self.address + path]  # fmt: skip
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=True)
