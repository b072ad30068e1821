"""What the scripts of this folder read from Markdown."""

import re

FENCE = re.compile(r"(`{3,})")
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)(\))")


def replace_links(text, change):
    """Replaces the target of each link and picture. Code inside a link's text is part of it."""
    held = []

    def hold(match):
        held.append(match.group(0))
        return f"\0{len(held) - 1}\0"

    text = re.sub(r"^ *(`{3,})[^\n]*\n.*?^ *\1 *$|`+[^`\n]+`+", hold, text, flags=re.M | re.S)
    text = _LINK.sub(lambda link: link.group(1) + change(link.group(2)) + link.group(3), text)
    return re.sub("\0(\\d+)\0", lambda number: held[int(number.group(1))], text)


def links_of(text):
    """The targets of all links and pictures."""
    found = []
    replace_links(text, lambda target: found.append(target) or target)
    return found


def title_of(text):
    """The text of the first heading."""
    return re.search(r"^# (.+)$", text, re.M).group(1).replace("`", "")


def anchors_of(text):
    """The anchors of all headings, as GitHub makes them."""
    text = re.sub(r"^ *(`{3,})[^\n]*\n.*?^ *\1 *$", "", text, flags=re.M | re.S)
    found = []
    for heading in re.findall(r"^#+ (.+?)\s*$", text, re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        repeated = found.count(anchor)
        found.append(anchor + (f"-{repeated}" if repeated else ""))
    return set(found)
