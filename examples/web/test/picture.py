"""Makes the picture of the page, while it plays the example.

    python3 picture.py PACKAGE PICTURE.png
"""

import sys
import time
from pathlib import Path

from browser import Browser

browser = Browser({"/": Path(sys.argv[1]).resolve()})
with browser.page("/index.html", 1040, 860) as page:
    page.wait_for("document.getElementById('play')?.disabled === false")
    page.evaluate("document.getElementById('play').click()")
    time.sleep(3)
    page.screenshot(sys.argv[2])
