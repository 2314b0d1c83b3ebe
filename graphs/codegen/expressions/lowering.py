"""Descriptions of nodes as statements: their modules in attributes, their values in variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from graphs.codegen.expressions.expression_printer import differing
from graphs.codegen.expressions.merge_uses import Argument
from graphs.codegen.expressions.printing import Described, Scope, leaves
from graphs.codegen.expressions.statements import (
    Assign,
    Construct,
    Kept,
    Pattern,
    Variable,
)
from graphs.document.document import End
from graphs.document.identifiers import identifier
from graphs.nodetypes.expressions import (
    Apply,
    Attribute,
    Call,
    Expression,
    Index,
    Item,
    modules_of,
    walk,
)
from graphs.nodetypes.tensor_kinds import Tensor

LONGEST_INLINE = 56
"""Characters of the longest expression that is put into another."""
DEEPEST_INLINE = 3
"""How many nodes one expression may hold."""

Found = dict[tuple[Index, ...], tuple[str, list[Item]]]
"""Parts of a tuple that are used, by where they lie: a name for each, and where it is read."""


def lower_nodes(
    scope: Scope, nodes: list[Described], shapes: Mapping[End, str], results: list[End]
) -> None:
    """Put nodes into statements in their order; `results` are used once more after them."""
    uses = Counter(results)
    wanted = [port for node in nodes if len(node.outputs) > 1 for port in node.outputs]
    modules = {(node.type.module_name, node.weights_key or node.id) for node in nodes}
    names = Counter([*wanted, *(name for name, _ in modules)])
    scope.repeated.update(name for name, count in names.items() if count > 1)
    for node in nodes:
        used = [leaf.end for leaf in leaves(node.outputs.values())]
        uses.update(used)
        if node.applies_module:
            scope.before_module.update(used)
    for node in nodes:
        _Lowering(scope, node, uses, shapes).run()


class _Lowering:
    """Puts the statements of one node into a scope."""

    def __init__(
        self, scope: Scope, node: Described, uses: Counter[End], shapes: Mapping[End, str]
    ) -> None:
        self.scope = scope
        self.node = node
        self.uses = uses
        self.shapes = shapes
        self.stem = identifier(node.title)
        self.printer = scope.printer
        self.keeps_defaults = node.type.role in ("loss", "data")
        self.replaced: dict[int, Expression] = {}
        """What stands in an attribute or a variable already."""

    def run(self) -> None:
        """Lower what is used of the node."""
        needed = {
            End(self.node.id, port): value
            for port, value in self.node.outputs.items()
            if self.uses[End(self.node.id, port)]
        }
        self._modules(needed.values())
        self._unpackings(needed)
        for end, expression in needed.items():
            self._value(end, expression)

    def _lowered(self, value: Any, constructing: bool = False) -> Any:
        """An expression with variables and attributes in the places of leaves and modules, and
        without arguments that are the usual ones.
        """
        if id(value) in self.replaced:
            return self.replaced[id(value)]
        match value:
            case list() | tuple():
                return type(value)(self._lowered(part, constructing) for part in value)
            case Tensor():
                return self.scope.values[value.end]
            case Argument():
                return value if constructing else Argument(self.scope.keep(value.text))
            case Call(target=target):
                return Call(target, *self._arguments(value, target, constructing))
            case Apply(module=module):
                arguments = self._arguments(value, module.target, constructing)
                return Apply(self._lowered(module, constructing), *arguments)
            case Item(value=whole, index=index):
                return Item(self._lowered(whole, constructing), index)
            case Attribute(value=owner, name=name):
                return Attribute(self._lowered(owner, constructing), name)
        return value

    def _arguments(self, value: Call | Apply, target: Any, constructing: bool) -> tuple[Any, Any]:
        kwargs = value.kwargs if self.keeps_defaults else differing(target, value.kwargs)
        lowered = {name: self._lowered(part, constructing) for name, part in kwargs.items()}
        return self._lowered(value.args, constructing), lowered

    def _modules(self, values: Iterable[Expression]) -> None:
        key = self.node.weights_key or self.node.id
        given = iter(self.scope.modules.get(key, ()))
        for expression in walk(list(values)):
            for module in modules_of(expression):
                if id(module) not in self.replaced:
                    attribute = next(given, None) or self._new_module(module)
                    self.replaced[id(module)] = Kept(f"self.{attribute}", module.target)

    def _new_module(self, module: Call) -> str:
        """Construct a module once; nodes that share weights find it there again."""
        name = self.node.type.module_name
        hint = self.stem if name in self.scope.repeated else name or self.stem
        attribute = self.scope.attributes.unique(hint)
        self.scope.constructs.append(Construct(attribute, self._lowered(module, constructing=True)))
        key = self.node.weights_key or self.node.id
        self.scope.modules.setdefault(key, []).append(attribute)
        if self.node.type.frozen:
            self.scope.frozen.append(attribute)
        return attribute

    def _unpackings(self, needed: dict[End, Expression]) -> None:
        """Name the parts of a tuple that are used: `sequence, (last, _) = self.lstm(x)`."""
        if not any(isinstance(expression, Item) for expression in walk(list(needed.values()))):
            return
        structures = self.node.structures()
        parts: dict[int, Found] = {}
        roots: dict[int, Expression] = {}
        for end, expression in needed.items():
            for item in (e for e in walk(expression) if isinstance(e, Item)):
                root, path = _root(item)
                if (
                    _at(structures[id(root)], path) is None
                    and structures[id(item.value)] is not None
                ):
                    roots[id(root)] = root
                    found = parts.setdefault(id(root), {})
                    found.setdefault(path, (self._hint(end), []))[1].append(item)
        for key, found in parts.items():
            first, whole = next(iter(found)), self._lowered(roots[key])
            long = len(self.printer.text(whole)) > LONGEST_INLINE
            if len(found) > 1 or len(first) > 1 or (long and structures[key]):
                self._unpack(whole, structures[key], found)

    def _hint(self, end: End) -> str:
        """What a value is called: after its node, after its port, or after both."""
        if len(self.node.outputs) == 1:
            return self.stem
        return f"{self.stem}_{end.port}" if end.port in self.scope.repeated else end.port

    def _unpack(self, whole: Expression, structure: Any, found: Found) -> None:
        names = {p: Variable(self.scope.names.unique(hint)) for p, (hint, _) in found.items()}
        self.scope.statements.append(Assign(_pattern(structure, names), whole))
        for path, (_, items) in found.items():
            self.replaced.update({id(item): names[path] for item in items})

    def _value(self, end: End, expression: Expression) -> None:
        """Put the value of a port into the scope: inside the one expression that uses it, or in a
        variable.
        """
        lowered = self._lowered(expression)
        if isinstance(lowered, Variable) and lowered.inlined is None:
            self.scope.values[end] = lowered
            return
        variable = Variable("")
        self.scope.values[end] = variable
        nodes = 1 + sum(self.scope.values[leaf.end].nodes for leaf in leaves([expression]))
        if self._fits_inside(end, lowered, nodes):
            variable.inlined, variable.nodes = lowered, nodes
            return
        variable.name = self.scope.given.get(end) or self.scope.names.unique(self._hint(end))
        self.scope.given[end] = variable.name
        shape = "" if self.shapes[end] == "()" else self.shapes[end]
        self.scope.statements.append(Assign(variable, lowered, shape))

    def _fits_inside(self, end: End, lowered: Expression, nodes: int) -> bool:
        text = self.printer.text(lowered)
        crowded = "self." in text and end in self.scope.before_module
        return (
            self.uses[end] == 1
            and len(text) <= LONGEST_INLINE
            and nodes <= DEEPEST_INLINE
            and not crowded
        )


def _root(item: Item) -> tuple[Expression, tuple[Index, ...]]:
    path: tuple[Index, ...] = ()
    value: Expression = item
    while isinstance(value, Item):
        path = (value.index, *path)
        value = value.value
    return value, path


def _at(structure: Any, path: tuple[Index, ...]) -> Any:
    for index in path:
        if structure is None:
            return "inside a tensor"
        structure = structure[index]
    return structure


def _pattern(
    structure: list[Any],
    names: dict[tuple[Index, ...], Variable],
    path: tuple[Index, ...] = (),
) -> Pattern:
    """What an assignment calls the parts of a tuple."""
    parts: list[Pattern] = []
    for index, part in enumerate(structure):
        here = (*path, index)
        used = any(name[: len(here)] == here for name in names)
        parts.append(names.get(here) if part is None or not used else _pattern(part, names, here))
    return parts
