"""The paths of a graph: where they branch, and where skips are added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .graph import Graph, Node


@dataclass(frozen=True)
class Rung:
    """A residual block with a skip output.

    `inside` is computed from `start`; `residual` and `skip` are computed from `inside`. The block's
    outputs are `start + residual` and `skip`.
    """

    start: str
    inside: str
    residual: str
    skip: str


class Paths:
    """The nodes that all paths from the input of a graph go through."""

    def __init__(self, graph: Graph) -> None:
        self._nodes = graph.nodes
        self._before: dict[str, str] = {}
        self._depth: dict[str, int] = {}
        self._consumers = Counter(name for node in graph.nodes.values() for name in node.inputs)
        for name, node in graph.nodes.items():
            if node.inputs:
                self._before[name] = self.common(node.inputs)
            self._depth[name] = self._depth[self._before[name]] + 1 if node.inputs else 0

    def common(self, names: Sequence[str]) -> str:
        """The last node that all paths to all of these nodes go through."""
        first, *others = names
        for other in others:
            while first != other:
                if self._depth[first] < self._depth[other]:
                    other = self._before[other]
                else:
                    first = self._before[first]
        return first

    def between(self, start: str, end: str) -> list[str]:
        """The nodes behind `start` up to `end` that all paths between them go through."""
        path = []
        while end != start:
            path.append(end)
            end = self._before[end]
        return path[::-1]

    def ladder(self, node: Node) -> tuple[list[Rung], str, str] | None:
        """The residual blocks whose skips `node` adds up; the output of the last block, and the term of
        the sum that is computed from it. None if `node` is no such sum."""
        terms = self._terms(node)
        start = self.common(terms)
        if not self._share_nodes(start, terms):
            return None
        rungs: list[Rung] = []
        while len(terms) > 1:
            found = self._rung(start, terms)
            if found is None:
                return None
            rung, start = found
            terms.remove(rung.skip)
            rungs.append(rung)
        return rungs, start, terms[0]

    def _terms(self, node: Node) -> list[str]:
        """The terms of a sum, including those of inner sums."""
        terms: list[str] = []
        for name in node.inputs:
            inner = self._nodes[name]
            alone = inner.layer.kind == "Add" and self._consumers[name] == 1 and not inner.numbers
            terms += self._terms(inner) if alone else [name]
        return terms

    def _share_nodes(self, start: str, ends: Sequence[str]) -> bool:
        """Whether branches from `start` to these nodes have nodes in common."""
        seen: set[str] = set()
        for end in ends:
            branch: set[str] = set()
            waiting = [end]
            while waiting:
                name = waiting.pop()
                if name != start and name not in branch:
                    branch.add(name)
                    waiting += self._nodes[name].inputs
            if seen & branch:
                return True
            seen |= branch
        return False

    def _rung(self, start: str, terms: Sequence[str]) -> tuple[Rung, str] | None:
        """The block that begins at `start` and computes all terms but one, and its output."""
        for name, node in self._nodes.items():
            if node.layer.kind != "Add" or len(node.inputs) != 2 or start not in node.inputs:
                continue
            own = [term for term in terms if not self._is_before(name, term)]
            residual = node.inputs[1 - node.inputs.index(start)]
            if len(own) == 1 and residual != start:
                return (
                    Rung(start, self.common([residual, *own]), residual, own[0]),
                    name,
                )
        return None

    def _is_before(self, first: str, name: str) -> bool:
        while self._depth[name] > self._depth[first]:
            name = self._before[name]
        return name == first
