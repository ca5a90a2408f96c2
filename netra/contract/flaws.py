"""What can be wrong with a value before anybody asks what it means. Pure.

What a particular kind of value must look like is in `netra.contract.formats`. No sentence here
holds a value, a part of one or its length.
"""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final


class ViolationKind(StrEnum):
    """The ways in which a variable can break the contract."""

    MISSING = "missing"
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    TOO_SHORT = "too_short"
    QUOTED = "quoted"
    WHITESPACE = "whitespace"
    UNRESOLVED = "unresolved"
    MALFORMED = "malformed"
    CONFLICTING = "conflicting"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with a value: `says` continues the variable's name, `fix` is a sentence."""

    problem: ViolationKind
    says: str
    fix: str


GENERATE: Final = "Generate a random value of 256 bits, for example with `openssl rand -hex 32`."

_QUOTES: Final = (('"', '"'), ("'", "'"), ("`", "`"), ("\u201c", "\u201d"), ("\u2018", "\u2019"))
_ESCAPED_END = re.compile(r"\\[nrt]\Z")
_REFERENCE = re.compile(
    r"\$\{|\$\(|\{\{|<%="  # shell, build system and template syntax
    r"|(?:\A|[:/@=])<[^<>]+>(?:\Z|[:/@?&])"  # <password>, alone or as a part of a URL
    r"|\A\$[A-Za-z_]\w*\Z|\A%[A-Za-z_]\w*%\Z"  # $NAME or %NAME% as the whole value
    r"|\Aprojects/[^/]+/secrets/|\Aarn:aws"  # a secret's resource name
    r"|\A(?:sm|gcp-?sm|secret|vault|op|ssm|awssm|ref\+\w+)://|\Asecretref:"
    r"|\A@Microsoft\.KeyVault|\AENC\[|\A!(?:Ref|Sub|secret)\b"
)
_WORD_OF_NAMES = re.compile(
    r"secrets?|keys?|tokens?|password|passwd|pwd|jwt|hmac|credentials?|staging|prod(?:uction)?"
)
_WORD_OF_STOPGAPS = re.compile(
    r"test(?:ing)?|dev(?:elopment)?|local|defaults?|examples?|samples?|demo|dummy|placeholder"
    r"|change(?:me)?|replace|insert|your|my|here|todo|fixme|insecure"
)
_WORDS_OF_PLACEHOLDERS: Final = re.compile(
    r"change.?me|change.?this|replace.?(?:me|this|with)|your.?(?:own|secret|key|jwt|super|256)"
    r"|placeholder|not.?for.?production|super.?secret|top.?secret|insert.?(?:here|your|secret)"
    r"|\bdummy|insecure|fill.?(?:me|this).?in|to.?be.?set|example.?(?:key|secret)",
    re.IGNORECASE,
)
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_KNOWN_WORD = re.compile(
    r"(?:my|dev|jwt|your|the)?(?:service|app)?"
    r"(?:secrets?|password|passwd|pass|keys?|token|secretkey)(?:here)?"
    r"|tests?|testing|admin|root|default|none|null|nil|undefined|true|false|todo|fixme|tbd"
    r"|foo|bar|foobar|letmein|qwerty|postgres|guest|changeme"
)
_PRINTED_KEYS: Final = frozenset(
    # In tutorials and standards, from which people copy.
    {
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "a-string-secret-at-least-256-bits-long",
        "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FoJG-Onbc6mxCcY",
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    }
)
_HASHED_DEFAULTS: Final = (
    *("", "secret", "password", "changeme", "change-me", "test", "your-secret-here", "admin"),
    *("dev-service-secret-not-for-production", *_PRINTED_KEYS),
)
_LONG_RUN = re.compile(r"(.)\1{7}")
_LEAST_VARIETY = 8
_ASCENDING_SHARE = 0.7


def text_flaw(value: str, inner_whitespace: str = "") -> Flaw | None:
    """Find what is wrong with a value of any kind.

    Args:
        value: The value as it came.
        inner_whitespace: Which white space may stand inside it, though never at its ends.
    """
    if not value:
        return Flaw(
            ViolationKind.EMPTY, "is set but empty", "Give it a value, or remove the variable."
        )
    if not value.strip():
        return Flaw(
            ViolationKind.EMPTY,
            "holds nothing but white space",
            "Give it a value, or remove the variable.",
        )
    if flaw := _white_space(value, inner_whitespace):
        return flaw
    if len(value) > 1 and (value[0], value[-1]) in _QUOTES:
        return Flaw(
            ViolationKind.QUOTED,
            "has quotation marks as its first and last characters",
            "Write the value without quotation marks: they are taken as part of it.",
        )
    if _REFERENCE.search(value):
        return Flaw(
            ViolationKind.UNRESOLVED,
            "holds a reference that nothing has replaced by a value",
            "Write the value itself: nothing is expanded here.",
        )
    return None


def secret_flaw(value: str) -> Flaw | None:
    """Find what makes a value guessable: a known default, a name, too little variety."""
    if is_placeholder(value):
        return Flaw(
            ViolationKind.PLACEHOLDER, "holds a placeholder or a well-known default", GENERATE
        )
    if is_name_of_a_secret(value):
        return Flaw(
            ViolationKind.UNRESOLVED,
            "holds what looks like the name of a secret, not the secret",
            "Let the platform replace the name by the value, or write the value.",
        )
    if is_monotonous(value):
        return Flaw(ViolationKind.PLACEHOLDER, "holds a repeated or counted pattern", GENERATE)
    if not (value.isascii() and value.isprintable()):
        return Flaw(ViolationKind.MALFORMED, "holds characters outside printable ASCII", GENERATE)
    return None


def is_placeholder(value: str) -> bool:
    """Tell whether a value is one that people leave in or copy from a page."""
    bare = _NOT_ALPHANUMERIC.sub("", value).casefold()
    if _KNOWN_WORD.fullmatch(bare.rstrip("0123456789")) or value in _PRINTED_KEYS:
        return True
    if _WORDS_OF_PLACEHOLDERS.search(value):
        return True
    return any(_WORD_OF_STOPGAPS.fullmatch(word) for word in _joined_words(value))


def is_name_of_a_secret(value: str) -> bool:
    """Tell whether a value reads like `jwt-secret-key-staging`: words, joined, in one case."""
    return any(_WORD_OF_NAMES.fullmatch(word) for word in _joined_words(value))


def is_monotonous(value: str) -> bool:
    """Tell whether a value has too few different characters, repeats itself or counts upwards."""
    if len(set(value)) < min(_LEAST_VARIETY, len(value) / 2) or _LONG_RUN.search(value):
        return True
    # A text is a repetition exactly when it is found inside itself doubled, ends cut off.
    if value in (value + value)[1:-1]:
        return True
    steps = [ord(after) - ord(before) for before, after in pairwise(value)]
    return max(steps.count(1), steps.count(-1)) > _ASCENDING_SHARE * len(steps)


def is_digest_of_placeholder(sha256_hex: str) -> bool:
    """Tell whether a SHA-256 digest is that of nothing or of a short well-known default."""
    return sha256_hex in _KNOWN_DIGESTS


def _joined_words(value: str) -> list[str]:
    """Give the words of `words-joined_like.this` in one case; random text has none."""
    if value not in (value.lower(), value.upper()):
        return []
    words = re.split(r"[-_./]", value.lower())
    return words if all(words) else []


def _white_space(value: str, allowed_inside: str) -> Flaw | None:
    if "\r" in value and "\r" not in allowed_inside:
        return Flaw(
            ViolationKind.WHITESPACE,
            "holds a carriage return",
            "Save the file it comes from with line feeds only, not with Windows line ends.",
        )
    if value.endswith("\n"):
        return Flaw(
            ViolationKind.WHITESPACE,
            "ends in a line break",
            "Write the value without one, for example with `printf %s`; `echo` adds one.",
        )
    if _ESCAPED_END.search(value):
        return Flaw(
            ViolationKind.WHITESPACE,
            "ends in a backslash and a letter, which is an escaped line break or tab",
            "Write the value without it: escapes are not interpreted here.",
        )
    inside = value[1:-1]
    ends = value[0] + value[-1]
    if any(_is_blank(c) for c in ends) or any(
        _is_blank(c) and c not in allowed_inside for c in inside
    ):
        return Flaw(
            ViolationKind.WHITESPACE,
            "holds white space or a control character",
            "Remove it: a value is taken as it is, never trimmed.",
        )
    return None


def _is_blank(character: str) -> bool:
    return character == " " or not character.isprintable()


_KNOWN_DIGESTS: Final = frozenset(
    hashlib.sha256(text.encode()).hexdigest() for text in _HASHED_DEFAULTS
)
