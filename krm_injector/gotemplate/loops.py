"""range: the closures that run a body over the elements of a list, a map or a count."""

from __future__ import annotations

from krm_injector.gotemplate.format import sort_keys, to_text
from krm_injector.gotemplate.runtime import BREAK, CONTINUE, Body, Closure, Frame, Run, Site
from krm_injector.gotemplate.values import INVALID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

LARGE_MAP = 64  # maps with more keys cost steps before the first turn

Loop: TypeAlias = "Callable[[Any, Frame], None]"  # over pairs of index and element


def range_closure(
    evaluate: Closure,
    slots: list[int],
    loop: Loop,
    otherwise: Body,
    site: Site,
) -> Closure:
    has_index = len(slots) > 1

    def run_range(dot: Any, frame: Frame) -> Any:
        value = evaluate(dot, frame)
        # Outside of the body, the variables stand for the value itself.
        for slot in slots:
            frame[slot] = INVALID if value is None else value

        if value:
            if isinstance(value, dict) and len(value) > LARGE_MAP:  # sorting it is work of its own
                frame[1].charge_large(len(value) << 4, site)
            pairs = _pairs(value, has_index, site)
            if pairs is not None:
                return loop(pairs, frame)
        else:
            _check_rangeable(value, has_index, site)

        for statement in otherwise.statements:
            signal = statement(dot, frame)
            if signal:
                # A break here leaves this range; a continue is one of the range around it.
                return signal if signal == CONTINUE else None

        return None

    return run_range


def _pairs(value: Any, has_index: bool, site: Site) -> Any:
    """Index and element of each iteration over something that is not empty; None where a count is
    negative.
    """
    if isinstance(value, list):
        return enumerate(value)
    if isinstance(value, dict):
        return [(key, value[key]) for key in sort_keys(value)]
    return _check_rangeable(value, has_index, site)


def _check_rangeable(value: Any, has_index: bool, site: Site) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        if has_index:
            site.fail(f"can't use {to_text(value)} to iterate over more than one variable")
        return ((INVALID, each) for each in range(value)) if value > 0 else None

    if isinstance(value, bytes):
        return enumerate(value)
    if isinstance(value, (list, dict)) or value is None or value is INVALID:
        return None

    site.fail(f"range can't iterate over {to_text(value)}")


def plain_loop(body: Body, index_slot: int, element_slot: int, cost: int, site: Site) -> Loop:
    def run_loop(pairs: Any, frame: Frame) -> None:
        run: Run = frame[1]
        for index, element in pairs:
            run.steps -= cost
            if run.steps < 0:
                site.exceed(f"more than {run.limits.steps} steps")

            if element_slot >= 0:
                frame[element_slot] = element
                if index_slot >= 0:
                    frame[index_slot] = index

            for item in body.statements:
                item(element, frame)

    return run_loop


def jumping_loop(body: Body, index_slot: int, element_slot: int, cost: int, site: Site) -> Loop:
    """A loop with a break or continue in its body: these end a round early."""

    def run_loop(pairs: Any, frame: Frame) -> None:
        run: Run = frame[1]
        for index, element in pairs:
            run.steps -= cost
            if run.steps < 0:
                site.exceed(f"more than {run.limits.steps} steps")

            if element_slot >= 0:
                frame[element_slot] = element
                if index_slot >= 0:
                    frame[index_slot] = index

            signal = None
            for item in body.statements:
                signal = item(element, frame)
                if signal:
                    break

            if signal == BREAK:
                break

    return run_loop
