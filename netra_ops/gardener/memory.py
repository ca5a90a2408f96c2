"""What one run leaves for the next one: plain JSON with the version of its form. Pure."""

from collections.abc import Mapping
from typing import Final

import msgspec

from netra_ops.gardener.mining.clustering import Known
from netra_ops.gardener.privacy import Privacy

VERSION: Final = 1
_NEVER: Final = 2**63 - 1


class Memory(msgspec.Struct, frozen=True):
    """What was known.

    Attributes:
        granularity: How finely messages were told apart: what is known is known at that.
        templates: Templates, by event name; of plain messages under the empty one.
        seen: When clusters of warnings and errors were first seen, by id: nanoseconds.
        version: Of the form.
    """

    granularity: str
    templates: Mapping[str, tuple[Known, ...]] = {}
    seen: Mapping[str, int] = {}
    version: int = VERSION

    def with_seen(self, found: Mapping[str, int]) -> Mapping[str, int]:
        """Give when clusters were first seen, in earlier runs or in this one."""
        return {
            name: min(self.seen.get(name, found.get(name, _NEVER)), found.get(name, _NEVER))
            for name in self.seen.keys() | found.keys()
        }


class NotReadable(ValueError):
    """A memory that is damaged, or of another form."""


def decoded(content: bytes, granularity: str) -> Memory:
    """Read a memory.

    Raises:
        NotReadable: It is none, of another version, or of another granularity.
    """
    try:
        memory = msgspec.json.decode(content, type=Memory)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotReadable("it is damaged, or no memory of the gardener") from error
    if memory.version != VERSION:
        raise NotReadable(f"it has the form {memory.version}, and this reads {VERSION}")
    if memory.granularity != granularity:
        raise NotReadable(f"it was made with the granularity {memory.granularity}")
    return memory


def encoded(memory: Memory) -> bytes:
    """Write a memory: the same memory always as the same bytes, and nothing private in them.

    A template in which something private stands is left out; the next run finds it anew, under the
    same id.
    """
    hide = Privacy().hide_words
    templates = {
        event: tuple(one for one in known if hide(" ".join(one.words)) == " ".join(one.words))
        for event, known in memory.templates.items()
    }
    kept = msgspec.structs.replace(memory, templates=templates)
    return msgspec.json.encode(kept, order="deterministic")
