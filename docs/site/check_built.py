"""Checks that every link of the built site leads to a file and an anchor of it, and that nothing is loaded from elsewhere.

    python3 docs/site/check_built.py FOLDER
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse


class Page(HTMLParser):
    """The anchors of a page, its links, and what it loads."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loaded = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors.update(value for key in ("id", "name") if (value := values.get(key)))
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag in ("img", "script") and "src" in values:
            self.loaded.append(values["src"])
        elif tag == "link" and "canonical" not in values.get("rel", "") and "href" in values:
            self.loaded.append(values["href"])


def main():
    folder = Path(sys.argv[1]).resolve()
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html") if path.name != "404.html"}
    problems = []
    for path, page in pages.items():
        for link in page.links + page.loaded:
            where = f"{path.relative_to(folder)}: {link}"
            if urlparse(link).scheme or link.startswith("//"):
                if link in page.loaded:
                    problems.append(f"{where}: is loaded from elsewhere")
                continue
            target, anchor = urldefrag(link)
            to = (path.parent / unquote(target)).resolve() if target else path
            to = to / "index.html" if to.is_dir() else to
            if not to.exists():
                problems.append(f"{where}: no such file")
            elif anchor and to in pages and unquote(anchor) not in pages[to].anchors:
                problems.append(f"{where}: no such anchor")
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
