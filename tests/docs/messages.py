"""The messages of the headers' errors: those of exceptions, and those of static_assert.

What a program puts into a message is written as an ellipsis: "at most … channels".
"""

import re

_CALLS = re.compile(
    r"(?<!\w)(?:(?P<assert>static_assert)"
    r"|throw std::(?P<std>invalid_argument|runtime_error|logic_error|out_of_range)"
    r"|(?P<fail>fail|refuse|refuse_token|load_error|require|same_channels|expect|expect_equal|check))"
    r"\s*\("
)
#: Argument with the message; the last one if a call has fewer.
_ARGUMENT = {"refuse_token": 0, "check": 1, "require": 2, "same_channels": 2, "expect_equal": 2, "expect": 2}
#: Names in front of a literal that put no text there.
_NAMES = re.compile(r"(io::)?concat\(|std::string\(|place\.message\(")
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


def _without_comments(text):
    return re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*', lambda match: match.group(1) or "", text)


def _arguments(text, at):
    """The arguments of a call; `at` is behind its opening parenthesis."""
    arguments, start, depth = [], at, 0
    while True:
        c = text[at]
        if c == '"':
            at = _LITERAL.match(text, at).end()
            continue
        if c == "'":
            at = text.index("'", at + (2 if text[at + 1] == "\\" else 1) + 1) + 1
            continue
        if c in ")]}" and depth == 0:
            return [argument.strip() for argument in [*arguments, text[start:at]]]
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            arguments.append(text[start:at])
            start = at + 1
        at += 1


def _template(argument):
    """The message of an argument: its literals, and an ellipsis for each other part."""
    argument = re.sub(r'[\w.]+ \? "([^"]*)" : " ?([^"]*)"', r'"\1 or \2"', argument)
    parts, at = "", 0
    for literal in _LITERAL.finditer(argument):
        parts += "\0" if re.search(r"\w", _NAMES.sub("", argument[at : literal.start()])) else ""
        parts += literal.group(1).replace('\\"', '"').replace("\\\\", "\\")
        at = literal.end()
    if parts and re.search(r"\w", argument[at:]):
        parts += "\0"
    return re.sub("\0+", "…", parts).strip()


def _message(call, arguments):
    if call["assert"]:
        return _template(arguments[-1]) if len(arguments) > 1 else ""
    if call["std"]:
        return _template(arguments[0])
    name = call["fail"]
    if name == "fail":
        index = 1 if len(arguments) >= 3 else 0
    else:
        index = _ARGUMENT.get(name, 1)
    text = _template(arguments[min(index, len(arguments) - 1)])
    if text and name in ("expect", "expect_equal", "same_channels"):  # these put a number before it
        return "…" + text if text.startswith(",") else "… " + text
    return text


def messages(folder):
    """Pairs of a message and the header that has it, without those of RTNeural's interface."""
    found = {}
    for path in sorted(folder.rglob("*.[hi]pp")):
        if "compat" in path.relative_to(folder).parts:
            continue
        text = _without_comments(path.read_text(encoding="utf-8"))
        named = re.findall(r'const char\* in_\w+ = "([^"]*)"', text)  # used in several calls
        for message in [*named, *(_message(call.groupdict(), _arguments(text, call.end())) for call in _CALLS.finditer(text))]:
            if re.search(r'\w|"…"', message) and not message.endswith("Session: …"):  # which another message follows
                found.setdefault(message, path.relative_to(folder).as_posix())
    return found
