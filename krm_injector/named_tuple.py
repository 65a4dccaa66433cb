"""``NamedTuple`` as in typing, at a tenth of its cost.

typing.NamedTuple compiles the annotation of each field when the class is made, and
collections.namedtuple compiles a ``__new__`` and five methods for each class: 0.2 and 0.07 ms, and
one run imports sixty classes. Here classes share what does not depend on their fields: the methods
stand in one base, the getter of a position is made once, and ``__new__`` is compiled once for each
number of fields, then given the fields' names. Annotations stay as they are written. Figures:
docs/decisions.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    try:
        from _collections import _tuplegetter  # what namedtuple makes properties of
    except ImportError:
        from collections import _tuplegetter

    _new = tuple.__new__
    # Compiled with this module: most classes have no more fields.
    _WRITTEN = (
        lambda t, a: _new(t, (a,)),
        lambda t, a, b: _new(t, (a, b)),
        lambda t, a, b, c: _new(t, (a, b, c)),
        lambda t, a, b, c, d: _new(t, (a, b, c, d)),
        lambda t, a, b, c, d, e: _new(t, (a, b, c, d, e)),
        lambda t, a, b, c, d, e, f: _new(t, (a, b, c, d, e, f)),
        lambda t, a, b, c, d, e, f, g: _new(t, (a, b, c, d, e, f, g)),
        lambda t, a, b, c, d, e, f, g, h: _new(t, (a, b, c, d, e, f, g, h)),
        lambda t, a, b, c, d, e, f, g, h, i: _new(t, (a, b, c, d, e, f, g, h, i)),
        lambda t, a, b, c, d, e, f, g, h, i, j: _new(t, (a, b, c, d, e, f, g, h, i, j)),
    )
    _FUNCTION = type(_WRITTEN[0])
    _constructors = {number: each.__code__ for number, each in enumerate(_WRITTEN, 1)}
    _getters = []  # by position

    class _Tuple(tuple):
        """What all these classes share. They behave as namedtuple's do."""

        __slots__ = ()

        @classmethod
        def _make(cls, iterable):
            made = tuple.__new__(cls, iterable)
            if len(made) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
            return made

        def _replace(self, /, **changes):
            replaced = self._make(map(changes.pop, self._fields, self))
            if changes:
                raise ValueError(f"Got unexpected field names: {list(changes)!r}")
            return replaced

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            pairs = zip(self._fields, self, strict=True)
            fields = ", ".join(f"{name}={value!r}" for name, value in pairs)
            return f"{type(self).__name__}({fields})"

        def __getnewargs__(self):
            return tuple(self)

    class _Meta(type):
        def __new__(cls, name, bases, namespace):
            """The tuple class with the fields, defaults and methods of a class statement.

            Raises TypeError, as typing does, where a field without default follows one that has it.
            """
            if not bases:
                return super().__new__(cls, name, bases, namespace)

            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace[field] for field in fields if field in namespace}
            if any(field in defaults for field in fields[: len(fields) - len(defaults)]):
                raise TypeError(f"{name}: a field without default follows one that has a default")

            while len(_getters) < len(fields):
                _getters.append(_tuplegetter(len(_getters), f"Field {len(_getters)}"))

            body = {
                "__doc__": f"{name}({', '.join(fields)})",
                **namespace,
                **dict(zip(fields, _getters, strict=False)),
                "__slots__": (),
                "__match_args__": fields,
                "_fields": fields,
                "_field_defaults": defaults,
                "__new__": _constructor(name, fields, tuple(defaults.values())),
            }
            return type(name, (_Tuple,), body)

    def _constructor(name, fields, defaults):
        """``__new__`` with one parameter for each field."""
        code = _constructors.get(len(fields))
        if code is None:
            return _long_constructor(name, fields, defaults)

        named = code.replace(co_varnames=("_cls", *fields), co_name="__new__")
        made = _FUNCTION(named, globals(), "__new__", defaults)
        made.__qualname__ = f"{name}.__new__"
        return made

    def _long_constructor(name, fields, defaults):
        """``__new__`` of a class with many fields: slower, but nothing is compiled for it."""
        optional = dict(zip(fields[len(fields) - len(defaults) :], defaults, strict=True))

        def __new__(_cls, /, *values, **named):
            given = dict(zip(fields, values, strict=False))
            made = {**optional, **given, **named}
            if len(values) > len(given) or given.keys() & named or made.keys() != all_fields:
                raise TypeError(f"{name}.__new__() takes {', '.join(fields)}, each once")
            return _new(_cls, map(made.__getitem__, fields))

        all_fields = set(fields)
        return __new__

    class NamedTuple(metaclass=_Meta):
        """The base of a class statement that makes a tuple with named fields."""
