"""Finding node types by what a person types, for the palette, the quick search and the terminal.

A name, a keyword, a family or the help may answer. A query is compared as it is written together
(`batch norm` is `batchnorm`) and word by word, whatever its case, hyphens and plurals.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from graphs.nodetypes.field_help import help_of
from nodes.families import family_of, place_of

if TYPE_CHECKING:
    from graphs.nodetypes.node_type import NodeType

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+[a-z]*")
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.\w+)+")


class _Phrase(NamedTuple):
    """A name or a keyword: written together, and its words."""

    joined: str
    words: tuple[str, ...]


class _Entry(NamedTuple):
    """What is known of a node type, ready to be compared."""

    name: _Phrase
    keywords: tuple[_Phrase, ...]
    words: tuple[str, ...]
    """Those of its name, its keywords and its family."""
    help: tuple[str, ...]
    """Those, and all that its help and its parameters' helps say."""


def by_family(
    library: Mapping[str, type[NodeType]], query: str = ""
) -> dict[str, list[type[NodeType]]]:
    """The types that a query finds, by family in the palette's order."""
    found: dict[str, list[type[NodeType]]] = {}
    for known in sorted(ranked(library, query), key=place_of):
        found.setdefault(family_of(known).name, []).append(known)
    return found


def ranked(library: Mapping[str, type[NodeType]], query: str) -> list[type[NodeType]]:
    """The types that a query finds, the best first; equally good ones as they lie in the palette.

    Where no place has it, the letters of the query may lie scattered in a name: `mp2` is MaxPool2d.
    """
    asked = _phrase(_last_name(query))
    types = sorted(library.values(), key=place_of)
    if not asked.joined:
        return types
    places = {known: _place(_entry(known), asked) for known in types}
    found = [known for known in types if places[known] < len(PLACES)]
    found.sort(key=places.__getitem__)
    return found or [known for known in types if _scattered(asked, known)]


def make_table(types: Iterable[type[NodeType]]) -> None:
    """Read the words of all types now, once, so that the first search need not."""
    for known in types:
        _entry(known)


def found_in(known: type[NodeType], query: str) -> str:
    """The best place where a type has what a query asks for: one of PLACES, or its letters."""
    place = _place(_entry(known), _phrase(_last_name(query)))
    return next(itertools.islice(PLACES, place, None), "letters of the name")


def _last_name(query: str) -> str:
    """`torch.nn.Conv2d` asks for Conv2d."""
    query = query.strip()
    return query.rpartition(".")[2] if _DOTTED.fullmatch(query) else query


def _words(text: str) -> tuple[str, ...]:
    """The words of a text; British and American spellings are one."""
    return tuple(word.lower().replace("z", "s") for word in _WORD.findall(text))


@functools.lru_cache
def _phrase(text: str) -> _Phrase:
    words = _words(text)
    return _Phrase("".join(words), words)


@functools.cache
def _entry(known: type[NodeType]) -> _Entry:
    """Made once for each type."""
    name = _phrase(known.type_name())
    keywords = tuple(_phrase(_last_name(keyword)) for keyword in known.keywords)
    family = family_of(known)
    own = [*name.words, *_words(" ".join(known.keywords)), *_words(family.name)]
    fields = (f"{field} {help_of(known, field)}" for field in known.model_fields)
    said = [*own, *_words(" ".join([known.help(), *fields]))]
    return _Entry(name, keywords, tuple(dict.fromkeys(own)), tuple(dict.fromkeys(said)))


def _place(entry: _Entry, asked: _Phrase) -> int:
    """The number of the first of PLACES that answers; their number where none does."""
    answers = (place for place, test in enumerate(PLACES.values()) if test(entry, asked))
    return next(answers, len(PLACES))


def _same(phrase: _Phrase, asked: _Phrase) -> bool:
    """Equal, but for a plural."""
    return phrase.joined in (asked.joined, asked.joined.removesuffix("s"))


def _begin(words: Iterable[str], asked: _Phrase, whole: int = 0) -> bool:
    """Each word that is asked for is the beginning of one of these, but for a plural; one with
    fewer letters than `whole` is one of them.
    """
    return all(
        any(
            (word.startswith(wanted) and len(wanted) >= whole)
            or word in (wanted, wanted.removesuffix("s"))
            for word in words
        )
        for wanted in asked.words
    )


def _inside(phrases: Iterable[_Phrase], asked: _Phrase) -> bool:
    """What is asked for stands somewhere in one of these; a letter or two would be anywhere."""
    return len(asked.joined) > 2 and any(asked.joined in phrase.joined for phrase in phrases)


def _scattered(asked: _Phrase, known: type[NodeType]) -> bool:
    """The letters come in this order, the first one first: `mp2` finds maxpool2d."""
    name = _entry(known).name.joined
    rest = iter(name)
    return name.startswith(asked.joined[0]) and all(letter in rest for letter in asked.joined)


PLACES: dict[str, Callable[[_Entry, _Phrase], bool]] = {
    "name": lambda entry, asked: _same(entry.name, asked),
    "keyword": lambda entry, asked: any(_same(word, asked) for word in entry.keywords),
    "start of the name": lambda entry, asked: entry.name.joined.startswith(asked.joined),
    "start of a keyword": lambda entry, asked: any(
        keyword.joined.startswith(asked.joined) for keyword in entry.keywords
    ),
    "words of the name": lambda entry, asked: _begin(entry.name.words, asked),
    "words of a keyword": lambda entry, asked: any(
        _begin(keyword.words, asked) for keyword in entry.keywords
    ),
    "part of the name": lambda entry, asked: _inside([entry.name], asked),
    "part of a keyword": lambda entry, asked: _inside(entry.keywords, asked),
    "name, keywords and family": lambda entry, asked: _begin(entry.words, asked),
    "help": lambda entry, asked: _begin(entry.help, asked, whole=3),
}
"""Where a query may be found, the best place first."""
