"""What stands in braces in the lines of a tale: times as many loggers write them, ids, choices."""

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from corpus.making.platform_texts.desk import AUTOSCALING, ROLLOUT

_TIMES: Final = {
    "clf": "%d/%b/%Y:%H:%M:%S +0000",
    "day": "%Y-%m-%d",
    "slash": "%Y/%m/%d %H:%M:%S",
    "hms": "%H:%M:%S",
    "iso": "%Y-%m-%dT%H:%M:%S",
    "http": "%a, %d %b %Y %H:%M:%S GMT",
    "apache": "%a %b %d %H:%M:%S.%f %Y",
}
_TEXTS: Final = {"rollout": ROLLOUT, "scaling": AUTOSCALING}
_WORD: Final = re.compile(
    r"\{(clf|day|slash|hms|iso|http|apache|rollout|scaling|ms|us|epoch|n|ip"
    r"|hex\d+|num:\d+-\d+|pick:[^{}]+)(?:([+-]\d+)s)?\}"
)
_SPAN: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)([smhd]?)")
_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Words:
    """Fills in the words of one tale, by a chance of its own."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self.chance = random.Random(seed)

    def rhythm(self, begin: float, every: float) -> random.Random:
        """Give the chance by which an act recurs, the same for acts of one second and one pace."""
        return random.Random(f"{self._seed} {int(begin)} {every}")

    def fill(self, text: str, time: datetime, turn: int) -> str:
        """Give a text with its words filled in.

        Args:
            text: Words stand in braces; `{iso-40s}` is a time 40 seconds before.
            time: When it is said.
            turn: How often it was said before, which `{n}` tells and `{pick:…}` goes by.
        """

        def word(found: re.Match[str]) -> str:
            moved = time + timedelta(seconds=int(found[2] or 0))
            return self._word(found[1], moved.astimezone(UTC), turn)

        return _WORD.sub(word, text)

    def _word(self, name: str, time: datetime, turn: int) -> str:
        kind, _, rest = name.partition(":")
        if kind == "pick":
            choices = rest.split("|")
            return choices[turn % len(choices)]
        if kind == "num":
            least, _, most = rest.partition("-")
            return str(self.chance.randint(int(least), int(most)))
        if kind.startswith("hex"):
            return "".join(self.chance.choice("0123456789abcdef") for _ in range(int(kind[3:])))
        if kind in _TIMES:
            return time.strftime(_TIMES[kind])
        plain = {
            "ms": f"{time.microsecond // 1000:03d}",
            "us": f"{time.microsecond:06d}",
            "epoch": str(int(time.timestamp())),
            "n": str(turn + 1),
            "ip": f"203.0.113.{self.chance.randrange(2, 250)}",
        }
        return plain.get(kind) or _TEXTS[kind]


def seconds(span: float | str) -> float:
    """Read a span such as `90`, `-3d`, `2.5h`; give seconds.

    Raises:
        ValueError: It is no span.
    """
    if not isinstance(span, str):
        return float(span)
    if (found := _SPAN.fullmatch(span)) is None:
        raise ValueError(f"no span: {span!r}")
    return float(found[1]) * _UNITS[found[2]]
