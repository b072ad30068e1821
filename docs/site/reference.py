"""Makes the pages of the reference from the headers' docstrings.

A page for each layer and combinator, and one for each class of `CLASSES`. What PyTorch and Keras call a layer is in the
tables of docs/layers.md, what it costs in the results of the benchmarks.
"""

import json
import posixpath
import re
from functools import cached_property

import headers

RESULTS = "bench/results/amd-epyc-zen4-avx512"
SIZES = (8, 20, 64)
#: The column of docs/layers.md with the module of PyTorch that becomes a layer.
MODULE = "written by PyTorch's"
#: Groups of pages, each with its headers. The first header of a page gives it its name.
CLASSES = {
    "Models": [
        ["model/model_t.hpp", "model/model_interface.hpp"],
        ["model/constant_model.hpp"],
        ["predict.hpp", "predict/machine.hpp"],
        ["run_time/model.hpp"],
        ["dispatch.hpp"],
        ["model/voices.hpp"],
        ["core/condition.hpp"],
        ["io/model_file.hpp"],
        ["io/error.hpp"],
    ],
    "Parts around a model": [
        ["plugin/model_slot.hpp", "plugin/slot_options.hpp", "plugin/gains.hpp"],
        ["plugin/guarded.hpp"],
        ["plugin/smoothed_values.hpp"],
        ["plugin/levels.hpp"],
        ["plugin/resampled.hpp", "plugin/resampling.hpp"],
        ["plugin/oversampled.hpp"],
        ["plugin/interleaved.hpp"],
    ],
    "Off the audio thread": [
        ["host/session.hpp", "host/session_options.hpp", "host/miss.hpp", "host/stats.hpp"],
        ["host/pool.hpp", "host/pool_options.hpp"],
        ["host/plan.hpp"],
        ["host/ports.hpp"],
    ],
}
#: Not for users of these headers.
HIDDEN = {"TextPart", "concat", "refuse", "Runnable", "RealTimeRunnable", "Sizes"}


class Reference:
    def __init__(self, root):
        self.root = root
        self.include = root / "include" / "inlay"

    # --- which pages there are ----------------------------------------------------------------------------

    @cached_property
    def layers(self):
        """The headers of layers and of combinators, each a page."""
        return {folder: [[f"{folder}/{path.name}"] for path in sorted((self.include / folder).glob("*.hpp"))
                         if self._has_layer(path)] for folder in ("layers", "combinators")}  # fmt: skip

    def _has_layer(self, path):
        text = path.read_text(encoding="utf-8")
        return bool(re.search(r'string_view type\b|: Combinator<"', text)) and bool(headers.read(text))

    @cached_property
    def groups(self):
        return {"Layers": self.layers["layers"], "Combinators": self.layers["combinators"], **CLASSES}

    def navigation(self, indent):
        lines = []
        for group, pages in self.groups.items():
            lines.append(f"{indent}- {group}:")
            lines += [f'{indent}    - "{self.title(page)}": {self.path(page)}' for page in pages]
        return lines

    def title(self, page):
        """The names that the header's first line gives: those before the colon."""
        return self._text(page[0]).split("\n", 1)[0].removeprefix("/// ").split(":", 1)[0]

    def path(self, page):
        return "docs/reference/" + posixpath.basename(page[0]).replace(".hpp", ".md")

    def page_of_header(self, path):
        """The page of a header, such as include/inlay/layers/lstm.hpp; None if it has none."""
        for pages in self.groups.values():
            for page in pages:
                if path in [f"include/inlay/{header}" for header in page]:
                    return self.path(page)
        return None

    def _text(self, header):
        return (self.include / header).read_text(encoding="utf-8")

    # --- the pages ------------------------------------------------------------------------------------------

    def pages(self):
        """Pairs of path and text."""
        for group, pages in self.groups.items():
            for page in pages:
                yield self.path(page), self._page(page, group in ("Layers", "Combinators"))

    def _page(self, page, is_layer):
        first_line = self._text(page[0]).split("\n", 1)[0].removeprefix("/// ")
        parts = [f"# {self.title(page)}", _sentence(first_line.split(":", 1)[1])]
        parts.append("Header: " + ", ".join(f"`<inlay/{header}>`" for header in page) + ".")
        found = [entry for header in page for entry in headers.read(self._text(header)) if entry.name not in HIDDEN]
        if is_layer:
            parts += self._facts(page[0], found)
        for entry in _with_overloads(found):
            parts += self._entry(entry, is_layer)
        if is_layer:
            parts += self._cost(found)
        return "\n\n".join(parts) + "\n"

    def _entry(self, entries, is_layer):
        first = entries[0]
        parts = [f"## {first.name}", _code([entry.text for entry in entries]), *(_prose(entry.doc) for entry in entries)]
        members = [member for member in first.members if _is_shown(member, is_layer)]
        if first.text.startswith("enum"):
            parts.append("\n".join(f"- `{member.name}`" + (f": {member.doc}" if member.doc else "") for member in members))
            return [part for part in parts if part]
        if members and all(member.kind == "value" for member in members) and not is_layer:
            return [parts[0], _listing(first, members), *parts[2:]]
        for overloads in _with_overloads(members):
            parts.append(f"### {first.name}::{overloads[0].name}")
            parts.append(_code([member.text for member in overloads]))
            parts += [_prose(member.doc) for member in overloads if member.doc]
            if overloads[0].members:
                parts.append("\n".join(f"- `{inner.text}`: {inner.doc}" for inner in overloads[0].members))
        return [part for part in parts if part]

    @cached_property
    def _tables(self):
        """The rows of the tables of docs/layers.md, as dictionaries by column."""
        rows = []
        for table in re.findall(r"(?:^\|.*\n)+", (self.root / "docs" / "layers.md").read_text(), re.M):
            head, _, *body = [[cell.strip() for cell in line.strip("|\n ").split(" | ")] for line in table.splitlines()]
            rows += [dict(zip(head, cells)) for cells in body]
        return rows

    def _facts(self, header, found):
        names = {entry.name for entry in found}
        types = re.findall(r'(?:string_view type = |Combinator<)"(\w+)"', self._text(header))
        lines = []
        for row in self._tables:
            title = row.get("layer") or row.get("combinator") or ""
            if names & set(re.findall(r"`(\w+)", title + row.get("variants", ""))):
                lines += [f"| {key} | {value} |" for key, value in row.items() if value]
            elif (module := row.get(MODULE)) and row["type in files"].strip("`") in types:
                lines.append(f'| exported by | `inlay.export_torch(nn.Sequential({module.strip("`")}), "model.json")` |')
        if any(line.startswith("| Keras |") for line in lines):
            lines.append('| | `inlay.export_keras(model, "model.json")` |')
        if not lines:
            return []
        lines = [line.replace("](", "](../") for line in lines]  # from docs/ to docs/reference/
        lines.append("| backends | all of [them](../layers.md#backends), in `float` and `double` |")
        return ["| | |\n|---|---|\n" + "\n".join(lines)]

    @cached_property
    def _measured(self):
        return json.loads((self.root / RESULTS / "results.json").read_text())["layers"]

    def _cost(self, found):
        names = {entry.name for entry in found}
        rows = []
        for name in dict.fromkeys(row["name"] for row in self._measured):
            if name.split("-")[0] not in names:
                continue
            for size in SIZES:
                cells = [self._time(name, size, work) for work in ("frame", "64")]
                if all(cells):
                    rows.append(f"| {_case(name)}, {size} channels | {cells[0]} | {cells[1]} |")
        if not rows:
            return ["## Cost", "This layer is not in the measurements of single layers. `macs` of its type counts its "
                    "multiply-accumulates per frame."]  # fmt: skip
        table = "| | frame by frame | buffers of 64 |\n|---|---|---|\n" + "\n".join(rows)
        text = (f"ns per frame, float, `AutoBackend`, AVX-512, on the machine of [these results](../../{RESULTS}/README.md), "
                "which has the other backends, sizes and libraries:")  # fmt: skip
        return ["## Cost", text, table]

    def _time(self, name, size, work):
        times = [row["ns"] for row in self._measured
                 if (row["name"], row["size"], row["work"], row["scalar"], row["subject"])
                 == (name, size, work, "float", "auto")]  # fmt: skip
        return f"{times[0]:.3g}" if times else None


def _case(name):
    return re.sub(r"-k(\d+)", r", kernel \1", re.sub(r"-d(\d+)", r", dilation \1", name))


def _sentence(text):
    text = text.strip()
    return text if re.match(r"\w+ = ", text) else text[:1].upper() + text[1:]


def _is_shown(member, is_layer):
    """Layers have many members for models; only the documented ones are for users."""
    if member.kind == "enumerator":
        return True
    if member.name in ("visit", "visit_options", "operator="):
        return False
    if member.name.startswith("~") or member.text.endswith(("= delete", "= default")) or "(...)" in member.text:
        return False
    if member.kind == "alias" and not member.doc:
        return False
    return bool(member.doc) and member.name not in ("State", "apply", "forward", "step") if is_layer else True


def _with_overloads(entries):
    """Groups neighbours of one name; those without a docstring of their own belong to the one before."""
    groups = []
    for entry in entries:
        if groups and groups[-1][0].name == entry.name and entry.kind == "function":
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return groups


def _code(texts):
    return "```cpp\n" + "\n".join(_broken(text) for text in texts) + "\n```"


def _listing(entry, members):
    """A struct of values, with their docstrings as comments."""
    lines = [_broken(entry.text).removesuffix(";") + " {"]
    for member in members:
        lines += [f"  // {line}" for line in member.doc.splitlines()] + [f"  {member.text};"]
    return "```cpp\n" + "\n".join([*lines, "};"]) + "\n```"


def _broken(text):
    """Breaks a declaration after its template parameters. Leaves bases for internal use out."""
    text = re.sub(r" : (public )?detail::.*$", "", text)
    if not text.startswith("template"):
        return _wrapped(text + ";")
    depth, i = 0, text.index("<")
    while True:
        depth += (text[i] == "<") - (text[i] == ">")
        i += 1
        if depth == 0:
            return _wrapped(text[:i]) + "\n" + _wrapped(text[i:].strip() + ";")


def _wrapped(line):
    """Breaks a long line after commas."""
    lines = [""]
    for part in re.findall(r".*?(?:, |$)", line):
        if len(lines[-1] + part) > 92 and lines[-1].strip():
            lines.append("    ")
        lines[-1] += part
    return "\n".join(text.rstrip() for text in lines)


def _prose(doc):
    """A docstring as Markdown: indented lines are code."""
    lines = []
    for line in doc.splitlines():
        if line.startswith("    ") and not (lines and lines[-1].startswith("- ")):
            if not (lines and (lines[-1].startswith("    ") or not lines[-1])):
                lines.append("")
            lines.append(line)
        else:
            if line.startswith("- ") and lines and lines[-1] and not lines[-1].startswith(("- ", "  ")):
                lines.append("")
            lines.append(_escaped(line))
    return "\n".join(lines)


def _escaped(line):
    """Escapes what Markdown would take for markup, outside of `code`."""
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(part if part.startswith("`") else re.sub(r"([<*_\[\]])", r"\\\1", part) for part in parts)
