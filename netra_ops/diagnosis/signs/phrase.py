"""A phrase of the lexicon: words that mean a sign, unless what stands around them takes it back."""

import re
from typing import Final, NamedTuple

from netra_ops.diagnosis.signs.sign import Sign

VARIABLE: Final = r"(?-i:\$?\{?\b(?P<variable>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b\}?)"
"""A variable by its form: capitals with an underscore. In a phrase it is the subject."""
NAME: Final = r"[\"'`]?" + VARIABLE + r"[\"'`]?"
KEY_LIKE: Final = (
    r"[\"'`]?(?-i:\b(?P<secret>[A-Z][A-Z0-9_]*_(?:SECRET|KEY|TOKEN|PASSWORD|URL))\b)[\"'`]?"
)
"""A variable that is called a secret or an address."""

_BEFORE: Final = 28
_TAKEN_BACK: Final = re.compile(
    r"(?:^|[\s(\"'\[:,;=>-])(?:no|not|never|without|unless|whether|zero|0|if|isn't|wasn't|hasn't|"
    r"aren't|until|before|avoid(?:s|ed|ing)?|prevent(?:s|ed|ing)?|would|should|might|"
    r"retr(?:y|ies) on|ignor(?:e|es|ing)|non|anti|simulat(?:e|ed|ing)|"
    r"optional(?: (?:variable|setting|env var|key|secret))?)"
    r"[\s-]+(?:(?:a|an|any|the|be|is|are|been|has|have|of|your|its|yet)\s+){0,2}[\"'`]?$",
    re.IGNORECASE,
)
_NOTHING_OF_IT: Final = re.compile(
    r"(?:[\w -]{0,12}(?:count|total|errors?|rate))?[\"'`]?\s*[:=]\s*[\"']?"
    r"(?:0+(?:\.0+)?%?(?![\w.])|false\b|none\b|null\b|no\b|off\b|\[\]|\{\})",
    re.IGNORECASE,
)
_ADVICE: Final = re.compile(
    r"\W*(?:hints?|note|tip|see(?: also)?|docs?|documentation|help|usage|examples?|e\.g\.|todo|"
    r"(?:please )?(?:double-)?check (?:that|whether|if|the|your|for|(?-i:[A-Z_]{4,})\b)|"
    r"(?:please )?verify (?:that|the|your|if|(?-i:[A-Z_]{4,})[ =])|make sure|ensure|validate|"
    r"remember|did you|running tests?|test(?:ing)?:|runbook|faq)\b",
    re.IGNORECASE,
)


class Phrase(NamedTuple):
    """Words that mean something.

    Attributes:
        sign: What they mean.
        pattern: The words; a named group is the subject.
        needs: One of these, in lower case, is in every text that has the words.
        has_subject: Whether the pattern has a named group.
    """

    sign: Sign
    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    has_subject: bool

    def found_in(self, text: str) -> re.Match[str] | None:
        """Find the words in a text, where nothing around them takes them back."""
        at = 0
        while (found := self.pattern.search(text, at)) is not None:
            if _stands(text, found):
                return found
            at = found.end() if found.end() > at else at + 1
        return None


def phrase(sign: Sign, pattern: str, *needs: str) -> Phrase:
    """Make a phrase; the pattern does not care for case.

    Args:
        sign: What the words mean.
        pattern: The words, as a regular expression.
        needs: As in `Phrase`.
    """
    compiled = re.compile(pattern, re.IGNORECASE)
    return Phrase(sign, compiled, needs, bool(compiled.groupindex))


def nth(name: str) -> str:
    """Give the pattern of a variable once more, for one pattern has each group once."""
    return NAME.replace("<variable>", f"<{name}>")


def is_advice(text: str) -> bool:
    """Tell whether a text only tells people what to look at."""
    return _ADVICE.match(text) is not None


def _stands(text: str, found: re.Match[str]) -> bool:
    before = text[max(0, found.start() - _BEFORE) : found.start()]
    return _TAKEN_BACK.search(before) is None and _NOTHING_OF_IT.match(text, found.end()) is None
