"""How a graph is wired: order, cycles and reach, by networkx."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import networkx as nx

from graphs.document.document import Graph


class Wiring:
    """A graph's nodes and wires, for questions of order. Wires without both ends are left out."""

    def __init__(self, graph: Graph) -> None:
        self._net: nx.DiGraph[str] = nx.DiGraph()
        self._net.add_nodes_from(graph.nodes)
        self._net.add_edges_from(
            (wire.source.node, wire.target.node)
            for wire in graph.wires
            if wire.source.node in graph.nodes and wire.target.node in graph.nodes
        )
        self.cyclic: frozenset[str] = frozenset()
        """Nodes on cycles."""
        place = {node: number for number, node in enumerate(graph.nodes)}
        try:
            self.order = self._sorted(self._net, place)
        except nx.NetworkXUnfeasible:
            self.cyclic = self._on_cycles()
            sound = set(graph.nodes) - self.downstream(self.cyclic)
            self.order = self._sorted(self._net.subgraph(sound), place)

    def upstream(self, nodes: Iterable[str], without: Iterable[str] = ()) -> set[str]:
        """The nodes and everything that they depend on, were some nodes not there."""
        return self._reach(nodes, self._net.predecessors, set(without))

    def downstream(self, nodes: Iterable[str], without: Iterable[str] = ()) -> set[str]:
        """The nodes and everything that depends on them, were some nodes not there."""
        return self._reach(nodes, self._net.successors, set(without))

    def closes_cycle(self, source: str, target: str) -> bool:
        """Whether a new wire from source to target would close a cycle."""
        return source == target or source in self.downstream([target])

    def _on_cycles(self) -> frozenset[str]:
        rings = (ring for ring in nx.strongly_connected_components(self._net) if len(ring) > 1)
        loops = (node for node, _ in nx.selfloop_edges(self._net))
        return frozenset().union(*rings, loops)

    @staticmethod
    def _sorted(net: nx.DiGraph[str], place: dict[str, int]) -> tuple[str, ...]:
        """Sources first; where the wires leave a choice, as the document lists them."""
        return tuple(nx.lexicographical_topological_sort(net, key=place.__getitem__))

    @staticmethod
    def _reach(
        nodes: Iterable[str], neighbours: Callable[[str], Iterable[str]], without: set[str]
    ) -> set[str]:
        reached: set[str] = set()
        waiting = list(nodes)
        while waiting:
            node = waiting.pop()
            if node not in reached and node not in without:
                reached.add(node)
                waiting.extend(neighbours(node))
        return reached
