"""What both forms of a Cloud Run service have in common: containers, and rules of the platform."""

from collections.abc import Callable, Iterable
from typing import Final

from netra.secret import Secret
from netra_ops.candidates.candidate import Fault, Place, Reference, Setting
from netra_ops.candidates.forms.env_file import with_value_files
from netra_ops.candidates.trees.node import Mapping, Node, Scalar, Sequence, TreeInvalid

_RESERVED: Final = frozenset({"PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"})
SECRET: Final = "secret"  # noqa: S105 - the name of a store

ReadReference = Callable[[Mapping], Reference | None]


def serving_container(spec: Mapping) -> Mapping:
    """Find the container that takes requests: the only one, or the only one with a port.

    Raises:
        TreeInvalid: There is none, or it cannot be told which.
    """
    containers = [one for one in spec.sequence("containers") if isinstance(one, Mapping)]
    if not containers:
        raise TreeInvalid("names no container, so there is nothing to check", spec.line)
    with_port = [one for one in containers if one.sequence("ports").items]
    if len(containers) > 1 and len(with_port) != 1:
        raise TreeInvalid(
            "has several containers, and not exactly one of them has a port", spec.line
        )
    return containers[0] if len(containers) == 1 else with_port[0]


def settings_of(
    container: Mapping, file: str, source: str, reference_of: ReadReference
) -> tuple[tuple[Setting, ...], tuple[Fault, ...]]:
    """Read a container's variables.

    Args:
        container: The container.
        file: What findings call the file.
        source: Under which name an entry says where its value is taken from.
        reference_of: Reads that; None where it is nothing Cloud Run knows.
    """
    found: dict[str, Setting] = {}
    faults: list[Fault] = list(_strange_list(container, file))
    for entry in container.sequence("env"):
        name = entry.text("name") if isinstance(entry, Mapping) else None
        place = Place(file, entry.line)
        if not isinstance(entry, Mapping) or not name:
            faults.append(Fault("", "has an entry without a name", "Name the variable.", place))
            continue
        if name in found:
            says = f"is set twice, the first time at line {found[name].place.line}"
            faults.append(Fault(name, says, "Remove one of the two entries.", place))
            continue
        setting, fault = _setting(name, entry, place, source, reference_of)
        found[name] = setting
        faults += [fault] if fault else []
        if name in _RESERVED:
            says = "is set by Cloud Run itself, which refuses a service that sets it"
            faults.append(Fault(name, says, "Remove the entry.", place))
    settings, both = with_value_files(tuple(found.values()))
    return settings, (*faults, *both)


def _strange_list(container: Mapping, file: str) -> Iterable[Fault]:
    """Find what would let variables go unseen."""
    listed = container.at("env")
    if listed is not None and not isinstance(listed, Sequence):
        yield Fault(
            "", "has an `env` that is no list of variables", "List them.", Place(file, listed.line)
        )
    if elsewhere := container.at("envFrom"):
        yield Fault(
            "",
            "takes variables from elsewhere (`envFrom`), which cannot be seen here",
            "List the variables themselves.",
            Place(file, elsewhere.line),
            is_certain=False,
        )


def _setting(
    name: str, entry: Mapping, place: Place, source: str, reference_of: ReadReference
) -> tuple[Setting, Fault | None]:
    value, given = entry.at("value"), entry.at(source)
    if given is not None:
        reference = reference_of(given) if isinstance(given, Mapping) else None
        fault = _reference_fault(name, reference, place)
        if value is not None and fault is None:
            fault = Fault(name, "has both a value and a reference", "Remove one.", place)
        return Setting(name, place, reference=reference or Reference("unknown source")), fault
    return Setting(name, place, Secret(_text_of(value))), _value_fault(name, value, place)


def _reference_fault(name: str, reference: Reference | None, place: Place) -> Fault | None:
    if reference is None:
        return Fault(
            name,
            "is taken from a source that Cloud Run does not know",
            "Refer to a secret by `secretKeyRef`.",
            place,
        )
    if not reference.name:
        says = "refers to a secret without naming it"
        return Fault(name, says, "Name the secret and its version.", place)
    if not reference.has_possible_name:
        says = "refers to a secret by what no secret can be called"
        return Fault(name, says, "Name the secret, and not its value.", place)
    if not reference.version:
        says = f"refers to {reference}, without saying which version"
        return Fault(name, says, "Name one version by its number.", place)
    return None


def _value_fault(name: str, value: Node | None, place: Place) -> Fault | None:
    if value is None or (isinstance(value, Scalar) and value.is_text):
        return None
    if isinstance(value, Scalar):
        return Fault(
            name,
            "is written as a number, a truth value or a date, not as a text",
            "Put quotation marks around the value in this document.",
            place,
        )
    return Fault(name, "has parts where its value should be", "Write one text.", place)


def _text_of(value: Node | None) -> str:
    return value.text if isinstance(value, Scalar) else ""
