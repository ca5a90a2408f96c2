"""Reads an env file as the services do: `NAME=value`, literally (`netra.isolated_environment`)."""

from netra.isolated_environment import FILE_SUFFIX, env_lines
from netra.secret import Secret
from netra_ops.candidates.candidate import Candidate, Fault, Form, Place, Reference, Setting
from netra_ops.candidates.file_text import BYTE_ORDER_MARK


def read_env_file(text: str, file: str, name: str | None = None) -> Candidate:
    """Read an env file; what is wrong with its lines is among the faults.

    Args:
        text: What the file holds.
        file: What findings call it.
        name: The service it is of, where something else says so.
    """
    found: dict[str, Setting] = {}
    faults: list[Fault] = []
    for number, variable, value in env_lines(text):
        place = Place(file, number)
        if number == 1 and text.startswith(BYTE_ORDER_MARK):
            says = "begins with a byte order mark, which is taken for a part of its first line"
            faults.append(Fault("", says, "Save it as UTF-8 without one.", place))
        elif variable is None:
            faults.append(
                Fault(
                    "",
                    "has a line that is not NAME=value",
                    "Write NAME=value without `export` or spaces, or begin the line with #.",
                    place,
                )
            )
        elif variable in found:
            line = found[variable].place.line
            says = f"is set twice, the first time at line {line}"
            faults.append(Fault(variable, says, "Remove one of the two lines.", place))
        else:
            found[variable] = Setting(variable, place, Secret(value))
    settings, both = with_value_files(tuple(found.values()))
    return Candidate(name, Form.ENV_FILE, Place(file), settings, (*faults, *both))


def with_value_files(settings: tuple[Setting, ...]) -> tuple[tuple[Setting, ...], list[Fault]]:
    """Add `NAME` for every `NAME_FILE`: set, to what only the machine it will run on can read."""
    names = {setting.name for setting in settings}
    added: list[Setting] = []
    faults: list[Fault] = []
    for setting in settings:
        name = setting.name.removesuffix(FILE_SUFFIX)
        if name in ("", setting.name):
            continue
        if name in names:
            says = f"is set twice, by {name} and by {setting.name}"
            faults.append(Fault(name, says, "Remove one of the two.", setting.place))
        else:
            added.append(Setting(name, setting.place, reference=Reference("file")))
    return (*settings, *added), faults
