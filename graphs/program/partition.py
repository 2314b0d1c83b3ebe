"""What a document compiles to: which nodes are data, network, losses and optimizers, and who owns
which weights.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphs.document.document import End, Wire
from graphs.document.edits import Disconnect, RemoveNodes
from graphs.document.problems import Fix, Problem
from graphs.nodetypes.node_type import Data, Metric, NodeType, Optimizer, Role, node_types
from graphs.nodetypes.probe_type import Probe
from graphs.program.optimizer_options import (
    asks_epoch,
    counts_batches,
    misfits,
    moves_rate,
    needs_length,
)

if TYPE_CHECKING:
    from graphs.check.results import CheckedGraph


@dataclass(frozen=True)
class Statement:
    """What an optimizer node says: minimise this scalar over the weights of these nodes."""

    optimizer: str
    loss: End
    owned: tuple[str, ...]
    options: Optimizer = field(default_factory=Optimizer, compare=False)
    """The optimizer itself; the usual options where its parameters are not sound."""
    common: tuple[object, ...] = field(init=False)
    """Its values of the options that all optimizers have. In these a program is told from another;
    a learning rate may differ and is none of them.
    """

    def __post_init__(self) -> None:
        values = tuple(getattr(self.options, name) for name in Optimizer.model_fields)
        object.__setattr__(self, "common", values)


@dataclass(frozen=True)
class Program:
    """The nodes that training needs, each in its part and in order. What none of them needs is left
    out.
    """

    data: tuple[str, ...]
    """Data nodes of whose samples batches are made."""
    network: tuple[str, ...]
    """Layers before any loss or metric: one class of the exported file."""
    judging: tuple[str, ...]
    """Losses, metrics and what is computed from them."""
    statements: tuple[Statement, ...]
    logged: tuple[str, ...]
    """Nodes whose value is logged: what optimizers minimise, other losses, metrics."""
    origins: tuple[str, ...] = ()
    """Data nodes that other data is made from, before there are batches."""
    probes: tuple[str, ...] = ()
    """Nodes that show something of one batch, outside any step."""
    tallies: tuple[str, ...] = ()
    """Probes whose counts add up over many batches."""
    probing: tuple[str, ...] = ()
    """Layers that only probes read: no step computes them."""

    @property
    def loaded(self) -> tuple[str, ...]:
        """All data nodes, those first that others are made from."""
        return (*self.origins, *self.data)

    @property
    def watching(self) -> tuple[str, ...]:
        """All that is computed for the monitor alone."""
        return (*self.probing, *self.probes, *self.tallies)

    @property
    def layers(self) -> tuple[str, ...]:
        """All that is computed of a batch."""
        return (*self.network, *self.judging)

    @property
    def asks_epoch(self) -> bool:
        """Whether it matters in a step which epoch it is."""
        return any(asks_epoch(statement.options) for statement in self.statements)

    @property
    def counts_batches(self) -> bool:
        """Whether it matters in a step how many batches there were."""
        return any(counts_batches(statement.options) for statement in self.statements)

    @property
    def needs_length(self) -> bool:
        """Whether the program must know how long the training is."""
        return any(needs_length(statement.options) for statement in self.statements)

    @property
    def ends_epochs(self) -> bool:
        """Whether something happens at an epoch's end."""
        return any(moves_rate(statement.options) == "epoch" for statement in self.statements)

    @property
    def accumulates(self) -> bool:
        """Whether gradients last from one batch to the next."""
        return any(statement.options.accumulate > 1 for statement in self.statements)


def program_of(checked: CheckedGraph) -> Program:
    """The program of a graph without problems."""
    role = _roles(checked)
    statements = _statements(checked)
    minimised = [statement.loss.node for statement in statements]
    judges = [node for node in checked.wiring.order if role[node] in ("loss", "metric")]
    judges.sort(key=lambda node: role[node] == "metric")
    logged = tuple(dict.fromkeys([*minimised, *judges]))
    needed = checked.wiring.upstream(logged)
    judging = checked.wiring.downstream(judges)
    order = [node for node in checked.wiring.order if node in needed]
    layers = [node for node in order if role[node] == "layer"]
    data = [node for node in order if role[node] == "data"]
    batched = _batched(checked, order, role)
    probes = tuple(node for node in checked.wiring.order if role[node] == "probe")
    seen = checked.wiring.upstream(probes) - needed - set(probes)
    counting = [id for id in probes if _adds_up(checked, id)]
    return Program(
        data=tuple(node for node in data if node in batched),
        origins=tuple(node for node in data if node not in batched),
        network=tuple(node for node in layers if node not in judging),
        judging=tuple(
            node for node in order if node in judging or role[node] in ("loss", "metric")
        ),
        statements=statements,
        logged=logged,
        probes=tuple(id for id in probes if id not in counting),
        tallies=tuple(counting),
        probing=tuple(node for node in checked.wiring.order if node in seen),
    )


def _adds_up(checked: CheckedGraph, id: str) -> bool:
    type_ = checked.types[id]
    return isinstance(type_, Probe) and type_.adds_up


def program_problems(checked: CheckedGraph) -> list[Problem]:
    """What keeps a graph from being a training program, once its nodes are sound."""
    statements = _statements(checked)
    there = {*_roles(checked).values(), *(["loss"] if statements else [])}  # it may be in a block
    found = [
        Problem(graph=checked.name, text=f"there is no {what}: {advice}, such as {_examples(what)}")
        for what, advice in _NEEDED.items()
        if what not in there
    ]
    found += [
        Problem(
            graph=checked.name,
            node=statement.optimizer,
            text="it has nothing to move: no node upstream of its loss has weights",
        )
        for statement in statements
        if not statement.owned
        and _is_known(checked, statement.loss.node)
        and not any(checked.graph.into(statement.optimizer, "weights"))
    ]
    return [
        *found,
        *_turns(checked, statements),
        *_refused(checked, statements),
        *_wired_weights(checked, statements),
        *_shared(checked, statements),
        *_unreached(checked, statements),
        *_batch_sizes(checked),
        *_probed_data(checked),
        *_metrics_read(checked),
    ]


_NEEDED: dict[Role, str] = {
    "data": "drag a data node onto the canvas",
    "loss": "add a loss",
    "optimizer": "add one and wire a loss to it",
}


def _examples(role: Role) -> str:
    names = [name for name, type_ in node_types().items() if type_.role == role]
    return " or ".join(sorted(names)[:2])


def _roles(checked: CheckedGraph) -> dict[str, str]:
    """The role of every node; an unknown type has none."""
    types = node_types()
    return {
        id: types[node.type].role if node.type in types else ""
        for id, node in checked.graph.nodes.items()
    }


def _statements(checked: CheckedGraph) -> tuple[Statement, ...]:
    """What the optimizers say, in their order; one that has no loss yet says nothing."""
    role = _roles(checked)
    losses = {
        id: wire.source
        for id in checked.wiring.order
        if role[id] == "optimizer"
        for wire in list(checked.graph.into(id, "loss"))[:1]
        if wire.source.node in checked.graph.nodes
    }
    named = {
        id: _keys(checked, [w.source.node for w in checked.graph.into(id, "weights")])
        for id in losses
    }
    taken = {key for keys in named.values() for key in keys}
    return tuple(
        Statement(
            id,
            loss,
            tuple(_owned(checked, loss.node, named[id], taken)),
            _options(checked.types.get(id)),
        )
        for id, loss in losses.items()
    )


def _options(type_: NodeType | None) -> Optimizer:
    return type_ if isinstance(type_, Optimizer) else Optimizer()


def _owned(checked: CheckedGraph, loss: str, named: set[str], taken: set[str]) -> list[str]:
    """What an optimizer moves: the weights wired to it; without any, all that no other names."""
    nodes = _weighted(checked, checked.learning_from(loss))
    if named:
        return [node for node in nodes if checked.weights_key(node) in named]
    return [node for node in nodes if checked.weights_key(node) not in taken]


def _keys(checked: CheckedGraph, nodes: Iterable[str]) -> set[str]:
    return {checked.weights_key(node) for node in nodes}


def _weighted(checked: CheckedGraph, nodes: set[str]) -> list[str]:
    """The nodes that stand for all weights in a part of the graph that may be moved."""
    first: dict[str, str] = {}
    for id in checked.wiring.order:
        if id in nodes and checked.weights.get(id) and checked.types[id].learns:
            first.setdefault(checked.weights_key(id), id)
    return list(first.values())


def _is_known(checked: CheckedGraph, node: str) -> bool:
    """Whether everything that a node depends on is sound."""
    return all(id in checked.weights for id in checked.wiring.upstream([node]))


def _turns(checked: CheckedGraph, statements: tuple[Statement, ...]) -> list[Problem]:
    """Optimizers whose turn never comes, or which cannot be meant."""
    epochs = checked.library.document.settings.epochs
    return [
        Problem(graph=checked.name, node=statement.optimizer, parameter=parameter, text=text)
        for statement in statements
        for parameter, text in misfits(statement.options, epochs)
    ]


def _refused(checked: CheckedGraph, statements: tuple[Statement, ...]) -> list[Problem]:
    """Optimizers that cannot move the weights that they own."""
    found = []
    for statement in statements:
        type_ = checked.types.get(statement.optimizer)
        shapes = [shape for id in statement.owned for shape in checked.weights[id]]
        if isinstance(type_, Optimizer) and shapes and (text := type_.complaint(shapes)):
            found.append(Problem(graph=checked.name, node=statement.optimizer, text=text))
    return found


def _wired_weights(checked: CheckedGraph, statements: tuple[Statement, ...]) -> list[Problem]:
    """Weights wires that give an optimizer nothing."""
    found = []
    for statement in statements:
        reached = _keys(checked, checked.learning_from(statement.loss.node))
        for wire in checked.graph.into(statement.optimizer, "weights"):
            if text := _useless(checked, wire.source.node, reached):
                fix = Fix(
                    title="Remove the wire", edits=(Disconnect(graph=checked.name, wires=(wire,)),)
                )
                place = {"node": statement.optimizer, "port": "weights", "fixes": (fix,)}
                found.append(Problem(graph=checked.name, **place, text=text))
    return found


def _useless(checked: CheckedGraph, node: str, reached: set[str]) -> str:
    """Why an optimizer cannot move the weights of a node; nothing where it can."""
    if node not in checked.weights:
        return ""
    if not checked.weights[node]:
        return f"{node} has no weights to move: wire a node that has some, or remove the wire"
    if not checked.types[node].learns:
        return f"{node} is frozen: train it, or remove the wire"
    if checked.weights_key(node) not in reached:
        return f"no gradient of its loss reaches {node}: wire weights that the loss needs"
    return ""


def _shared(checked: CheckedGraph, statements: tuple[Statement, ...]) -> list[Problem]:
    owner: dict[str, str] = {}
    found: dict[str, str] = {}
    for statement in statements:
        for node in statement.owned:
            first = owner.setdefault(checked.weights_key(node), statement.optimizer)
            if first != statement.optimizer:
                text = f"{first} moves the weights of {node} too: wire to each the weights it moves"
                found.setdefault(statement.optimizer, text)
    return [Problem(graph=checked.name, node=node, text=text) for node, text in found.items()]


def _unreached(checked: CheckedGraph, statements: tuple[Statement, ...]) -> list[Problem]:
    """Weights that nothing trains. Without an optimizer that is said once, for the whole graph."""
    owned = {checked.weights_key(node) for statement in statements for node in statement.owned}
    weighted = _weighted(checked, set(checked.wiring.order))
    idle = [id for id in weighted if checked.weights_key(id) not in owned]
    text = "its weights reach no loss that an optimizer minimises: wire its output on, or remove it"
    return [
        Problem(
            graph=checked.name,
            node=id,
            text=text,
            fixes=(
                Fix(title="Remove the node", edits=(RemoveNodes(graph=checked.name, ids=(id,)),)),
            ),
        )
        for id in idle
        if statements
    ]


def _is_origin(checked: CheckedGraph, id: str) -> bool:
    """Whether nothing but other data is made from a data node."""
    read = [checked.types.get(wire.target.node) for wire in checked.graph.out_of(id)]
    return bool(read) and all(isinstance(type_, Data) for type_ in read)


def _batch_sizes(checked: CheckedGraph) -> list[Problem]:
    data = {id: type_ for id, type_ in checked.types.items() if isinstance(type_, Data)}
    sizes = {id: t.batch_size for id, t in data.items() if not _is_origin(checked, id)}
    first = next(iter(sizes.values()), 0)
    return [
        Problem(
            graph=checked.name,
            node=id,
            parameter="batch_size",
            text=f"batch_size is {size}, and the first data node's is {first}: make them equal",
        )
        for id, size in sizes.items()
        if size != first
    ]


def _probed_data(checked: CheckedGraph) -> list[Problem]:
    """Probes that read data of their own: loading it would change what an epoch is."""
    role = _roles(checked)
    judged = [id for id in checked.wiring.order if role[id] in ("loss", "metric", "optimizer")]
    batched = _batched(checked, checked.wiring.upstream(judged), role)
    text = "no loss or metric reads the data of {}: show what the training reads, or use it there"
    probes = [id for id in checked.wiring.order if role[id] == "probe" and judged]
    return [
        Problem(graph=checked.name, node=probe, text=text.format(source))
        for probe in probes
        for source in sorted(_batched(checked, checked.wiring.upstream([probe]), role) - batched)
    ]


def _batched(checked: CheckedGraph, nodes: Iterable[str], role: dict[str, str]) -> set[str]:
    """The data nodes that some nodes, which are none, read a batch of."""
    read = (wire for id in nodes if role[id] != "data" for wire in checked.graph.into(id))
    return {wire.source.node for wire in read if role.get(wire.source.node) == "data"}


def _metrics_read(checked: CheckedGraph) -> list[Problem]:
    """Wires out of metrics that have no value before a split is over."""
    text = "{} is measured over a whole split, and a batch has no value of it: remove the wire"
    return [
        Problem(
            graph=checked.name,
            node=wire.target.node,
            port=wire.target.port,
            text=text.format(id),
            fixes=(Fix(title="Remove the wire", edits=(_cut(checked, wire),)),),
        )
        for id, type_ in checked.types.items()
        if isinstance(type_, Metric) and type_.over_split
        for wire in checked.graph.out_of(id)
    ]


def _cut(checked: CheckedGraph, wire: Wire) -> Disconnect:
    return Disconnect(graph=checked.name, wires=(wire,))
