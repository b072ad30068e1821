"""Reads the declarations of a C++ header and their docstrings. Knows as much C++ as the headers of inlay need."""

import re
from dataclasses import dataclass, field

_CLASS = re.compile(r"\b(class|struct|enum class|enum)\s+(?:\[\[\w+\]\]\s*)?(\w+)")
_INITIAL = "\0"  # stands for an initial value in braces
_SKIPPED_NAMESPACES = {"detail", "internal", "formula"}


@dataclass
class Declaration:
    """A class, function, constant, alias or enumerator."""

    text: str  # without a body
    doc: str
    name: str
    kind: str  # "class", "function", "alias", "value", "enumerator"
    members: list = field(default_factory=list)  # public ones


class _Reader:
    def __init__(self, text):
        self.text, self.at = text, 0

    def declarations(self, kind):
        """The declarations up to the end of the block. Only the public ones of a class."""
        found, doc, words, last = [], [], "", None
        public = kind != "class"
        while self.at < len(self.text):
            rest = self.text[self.at :]
            if comment := re.match(r"///<? ?([^\n]*)(\n|$)", rest):
                self.at += comment.end()
                if rest.startswith("///<"):
                    if last and not words.strip():
                        last.doc = (last.doc + "\n" + comment.group(1).strip()).strip()
                    else:
                        doc.append(comment.group(1))
                elif not words.strip():
                    doc.append(comment.group(1))
                continue
            if comment := re.match(r"//[^\n]*\n", rest):
                self.at += comment.end()
                continue
            if self.is_line_start() and (line := re.match(r"#(?:[^\n]*\\\n)*[^\n]*\n", rest)):
                self.at += line.end()
                continue
            if not words.strip() and (blank := re.match(r"\n[ \t]*\n", rest)):
                self.at += 1
                doc = []
                continue
            if not words.strip() and (access := re.match(r"(public|private|protected):", rest)):
                public = access.group(1) == "public"
                self.at += access.end()
                doc = []
                continue
            c = rest[0]
            if c in "\"'":
                self.skip_text()
                words += self.text[len(self.text) - len(rest) : self.at]
                continue
            if c in "([":
                start = self.at
                self.skip_block()
                words += self.text[start : self.at]
                continue
            if c == "}":
                self.at += 1
                return found
            if c == "{":
                self.at += 1
                head = " ".join(words.split())
                if space := re.match(r"(?:inline )?namespace\b ?([\w:]*)", head):
                    inner = self.declarations("namespace")
                    if not set(space.group(1).split("::")) & _SKIPPED_NAMESPACES:
                        found += inner
                    words, doc = "", []
                    continue
                named = _CLASS.search(_without_template(head))
                if named and not re.search(r"[)=]", _without_template(head).split(":", 1)[0]):
                    whole = Declaration(head, "\n".join(doc).strip(), named.group(2), "class")
                    whole.members = self.enumerators() if "enum" in named.group(1) else self.declarations(named.group(1))
                    self.at = self.text.index(";", self.at) + 1
                    last = whole
                    if public:
                        found.append(whole)
                    words, doc = "", []
                    continue
                self.at -= 1
                start = self.at
                self.skip_block()
                block = self.text[start : self.at]
                following = re.match(r"\s*(.)", self.text[self.at :])
                if following and following.group(1) in ",;{()":
                    words += block if ";" not in block and len(block) < 40 else _INITIAL
                    continue
                c = ";"
            else:
                self.at += 1
            if c == ";":
                last = _declaration(words, "\n".join(doc).strip())
                if last and public:
                    found.append(last)
                words, doc = "", []
            else:
                words += c
        return found

    def is_line_start(self):
        return not self.text[self.text.rfind("\n", 0, self.at) + 1 : self.at].strip()

    def enumerators(self):
        start = self.at
        self.at -= 1
        self.skip_block()
        found, doc = [], []
        for line in self.text[start : self.at - 1].splitlines():
            if comment := re.match(r"\s*/// ?(?!<)(.*)", line):
                doc.append(comment.group(1))
            for name, after in re.findall(r"(\w+)(?:\s*=\s*[^,/]+)?,?\s*(?:///< ?(.*))?", line.split("///")[0] and line):
                if line.strip().startswith("///"):
                    break
                found.append(Declaration(name, " ".join([*doc, after]).strip(), name, "enumerator"))
                doc = []
                if after:
                    break
        return found

    def skip_text(self):
        quote = self.text[self.at]
        if quote == "'" and self.text[self.at - 1].isdigit():  # 1'000
            self.at += 1
            return
        self.at += 1
        while self.text[self.at] != quote:
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at += 1

    def skip_block(self):
        depth = 0
        while True:
            c = self.text[self.at]
            if c in "\"'":
                self.skip_text()
                continue
            if self.text.startswith("//", self.at):
                self.at = self.text.index("\n", self.at)
            depth += (c in "([{") - (c in ")]}")
            self.at += 1
            if depth == 0:
                return


def _without_template(text):
    """Removes a leading `template <...>` and attributes."""
    text = text.strip()
    while text.startswith("template"):
        depth, i = 0, text.index("<")
        while True:
            depth += (text[i] == "<") - (text[i] == ">" and text[i - 1] != "-")
            i += 1
            if depth == 0:
                break
        text = text[i:].strip()
    return text


def _declaration(words, doc):
    text = re.sub(rf"( =)? ?{_INITIAL}", "", " ".join(words.split()))
    if not text or re.match(r"(friend|static_assert|using namespace|extern|typedef|if|assert)\b", text):
        return None
    text = re.sub(r"\bINLAY_\w+(\([^)]*\))? ?|__attribute__\(\([^)]*\)\)\) ?", "", text)
    bare = _without_template(text)
    if concept := re.match(r"concept (\w+)", bare):
        return Declaration(text.split(" = ")[0], doc, concept.group(1), "concept")
    if alias := re.match(r"using (\w+)\s*=", bare):
        return Declaration(text, doc, alias.group(1), "alias")
    bare = re.sub(r"^requires ?(\([^()]*(\([^()]*\)[^()]*)*\)|[\w:<>, ]+) ", "", bare)
    if match := _CLASS.match(bare):
        return Declaration(text, doc, match.group(2), "class") if doc else None
    if (call := re.search(r"(operator[^\w\s(]+|operator\(\)|~?\w+)\s*\(", bare)) and "=" not in bare[: call.start()]:
        text = re.sub(r"(\)(?: noexcept)?) : \w.*$", r"\1", text)  # the list of initialised members
        return Declaration(text, doc, call.group(1), "function")
    named = re.search(r"(\w+)\s*(=|$|,)", bare)
    return Declaration(text, doc, named.group(1), "value") if named else None


def read(text):
    """The declarations of a header, without those of namespaces for internal use."""
    return _Reader(text).declarations("namespace")
