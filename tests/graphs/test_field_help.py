"""The strings under fields are their helps: inherited, restated, indented, in whatever scope."""

from graphs.nodetypes.field_help import help_of


class Base:
    first: int = 1
    """What stands first.

    And more of it.
    """
    second: int
    third = 3
    """Not a field: it has no type."""


class Derived(Base):
    second: int = 2
    """Said again."""
    fourth: int = 4
    first_of_others: int = 5

    def method(self) -> None:
        """Not a field's."""


class Restated(Base):
    first: int = 2


def test_a_help_is_of_the_class_that_states_the_field_last() -> None:
    assert help_of(Base, "first") == "What stands first.\n\nAnd more of it."
    assert help_of(Derived, "first") == help_of(Base, "first")
    assert (help_of(Base, "second"), help_of(Derived, "second")) == ("", "Said again.")
    assert help_of(Restated, "first") == ""


def test_what_has_no_help_has_an_empty_one() -> None:
    for field in ("third", "fourth", "first_of_others", "method", "unknown"):
        assert help_of(Derived, field) == ""


def test_classes_in_functions_and_in_memory() -> None:
    class Inner:
        field: int = 1
        """Of a class in a function."""

        class Deeper:
            field: int = 2
            """Of a class in a class."""

    made = type("Made", (), {"__annotations__": {"field": int}, "__module__": "builtins"})
    assert help_of(Inner, "field") == "Of a class in a function."
    assert help_of(Inner.Deeper, "field") == "Of a class in a class."
    assert help_of(made, "field") == ""
