"""Copies the documentation into a folder that mkdocs builds the site from.

    python3 docs/site/stage.py FOLDER

The folder has the layout of the repository: README.md, docs/, and each file outside of docs/ that a page links to. A
source file becomes a page that shows it. So the links of the pages work on the site as they do in the repository. The
reference is made from the headers, see reference.py. The page that plays a model works on the site, if it was built.
"""

import posixpath
import re
import sys
from pathlib import Path

import reference
from markdown_text import FENCE, replace_links, title_of

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
LANGUAGES = {
    ".hpp": "cpp", ".ipp": "cpp", ".cpp": "cpp", ".h": "cpp", ".py": "python", ".sh": "bash", ".json": "json",
    ".cmake": "cmake", ".txt": "text",
}  # fmt: skip
PLAYER, PACKAGE = "examples/web/page/index.html", ROOT / "build" / "web"
IMAGES = {".svg", ".png", ".jpg"}


class Site:
    """The files of the site, by their path in it."""

    def __init__(self, folder):
        self.folder = folder
        self.staged = set()
        self.reference = reference.Reference(ROOT)

    def add(self, path):
        """Adds a file or a folder of the repository, and what it links to. Returns the path of its page."""
        source = ROOT / path
        if path == PLAYER and (PACKAGE / "inlay.wasm").exists():
            return self.add_player()
        if source.is_dir():
            readme = posixpath.join(path, "README.md")
            return self.add(readme) if (ROOT / readme).exists() else self.add_folder(path)
        if source.suffix == ".md":
            return self.add_page(path)
        if source.suffix in IMAGES:
            return self.write(path, source.read_bytes())
        page = self.reference.page_of_header(path)
        return page or self.add_source(path)

    def add_player(self):
        """Adds the page that plays a model, as examples/web/build.sh built it."""
        for file in PACKAGE.iterdir():
            if file.suffix not in (".md", ".ts"):
                self.write(f"play/{file.name}", file.read_bytes())
        return "play/index.html"

    def add_source(self, path):
        language = LANGUAGES.get(Path(path).suffix, "text")
        text = (ROOT / path).read_text(encoding="utf-8")
        return self.write(path.removeprefix(".") + ".md", f"# {Path(path).name}\n\n`{path}`\n\n````{language}\n{text}\n````\n".encode())

    def add_folder(self, path):
        page = posixpath.join(path.removeprefix("."), "index.md")  # mkdocs leaves hidden files out
        if page in self.staged:
            return page
        self.staged.add(page)
        lines = [f"# {path}", ""]
        for file in sorted((ROOT / path).iterdir()):
            if file.is_file() and file.suffix in LANGUAGES:
                self.add_source(posixpath.join(path, file.name))
                lines.append(f"- [{file.name}]({file.name}.md)")
        return self.write(page, "\n".join(lines).encode())

    def add_page(self, path):
        if path in self.staged:
            return path
        self.staged.add(path)
        text = (ROOT / path).read_text(encoding="utf-8")
        return self.write_page(path, text)

    def write_page(self, path, text):
        folder = posixpath.dirname(path)

        def moved(target):
            if re.match(r"[a-z]+:|#|/", target):
                return target
            target, _, anchor = target.partition("#")
            page = self.add(posixpath.normpath(posixpath.join(folder, target)))
            return posixpath.relpath(page, folder or ".") + ("#" + anchor if anchor else "")

        return self.write(path, as_python_markdown(replace_links(text, moved)).encode())

    def write(self, path, data):
        self.staged.add(path)
        to = self.folder / path
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(data)
        return path


def as_python_markdown(text):
    """Indents what is inside of lists by four columns, which Python's Markdown needs."""
    lines, offsets, fenced = [], [], None
    for line in text.splitlines():
        bare = line.lstrip(" ")
        indent = len(line) - len(bare)
        if bare and not fenced:
            while offsets and indent < offsets[-1]:
                offsets.pop()
        levels = sum(offset <= indent for offset in offsets)
        if bare and offsets:
            line = " " * (4 * levels + indent - (offsets[levels - 1] if levels else 0)) + bare
        lines.append(line)
        if FENCE.match(bare):
            fence = FENCE.match(bare).group(1)
            fenced = fence if not fenced else (None if fence == fenced else fenced)
        elif not fenced and (item := re.match(r"([-*]|\d+\.) +", bare)):
            offsets.append(indent + item.end())
    return "\n".join(lines) + "\n"


def groups():
    """The groups of pages.txt: pairs of a name and a list of (page, title or None)."""
    found = []
    for block in re.sub(r"^#.*\n", "", (HERE / "pages.txt").read_text(), flags=re.M).strip().split("\n\n"):
        name, *pages = block.splitlines()
        found.append((name, [(page.split(" ", 1) + [None])[:2] for page in pages]))
    return found


def navigation(site):
    """The navigation of mkdocs, as YAML."""
    lines = ["nav:"]
    for name, pages in groups():
        lines.append(f"  - {name}:")
        for page, title in pages:
            if page == "@reference":
                lines += site.reference.navigation("    ")
                continue
            path = page if page == "README.md" else "docs/" + page
            site.add(path)
            title = title or title_of((ROOT / path).read_text(encoding="utf-8"))
            lines.append(f'    - "{title}": {path}')
    return "\n".join(lines) + "\n"


def main():
    folder = Path(sys.argv[1]).resolve()
    site = Site(folder / "pages")
    for path, text in site.reference.pages():
        site.write_page(path, text)
    site.write("extra.css", (HERE / "extra.css").read_bytes())
    settings = (HERE / "mkdocs.yml").read_text() + f"docs_dir: {site.folder}\n" + navigation(site)
    listed = {page for _, pages in groups() for page, _ in pages}
    missing = sorted({page.name for page in (ROOT / "docs").glob("*.md")} - listed)
    if missing:
        sys.exit(f"docs/site/pages.txt has no line for {', '.join(missing)}")
    (folder / "mkdocs.yml").write_text(settings)


if __name__ == "__main__":
    main()
