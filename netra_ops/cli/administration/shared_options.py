"""Options that many commands have in common, declared once."""

import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

Taken = TypeVar("Taken")
Rest = ParamSpec("Rest")


def taking(
    options: Callable[..., Taken],
) -> Callable[[Callable[Concatenate[Taken, Rest], None]], Callable[Rest, None]]:
    """Give a command the options that a function declares, as its first argument.

    On the command line they are the command's own; the command gets what the function makes of
    them.
    """
    shared = inspect.signature(options, eval_str=True).parameters

    def wrap(command: Callable[Concatenate[Taken, Rest], None]) -> Callable[Rest, None]:
        signature = inspect.signature(command, eval_str=True)
        (first, *own) = signature.parameters.values()
        named: Callable[..., None] = command

        def run(**given: Any) -> None:
            taken = options(**{name: given.pop(name) for name in shared})
            named(**{first.name: taken}, **given)

        every = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in (*own, *shared.values())
        ]
        # What reads a command's options reads these.
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in every}
        vars(run)["__signature__"] = signature.replace(parameters=every)
        return cast("Callable[Rest, None]", run)

    return wrap
