"""The formats as a contract file names them. Pure.

A format without parameters is named by a word, one with parameters by an object with its `type`.
"""

from typing import Annotated, ClassVar, Final, Literal, get_args

import msgspec
from msgspec import Meta

from netra.contract import formats, general_formats
from netra.contract.patterns.matching import automaton_of
from netra.contract.patterns.reading import PatternRefused
from netra.contract.urls.mail_url import MailUrl
from netra.contract.urls.redis_url import RedisUrl
from netra.contract.variable import Format

Word = Literal[
    "text",
    "url",
    "secret",
    "service-id",
    "service-url",
    "api-url",
    "api-key",
    "encryption-key",
    "origins",
    "networks",
    "host",
    "port",
    "file-path",
    "directory-path",
    "database-url",
    "mail-url",
    "redis-url",
    "service-registry",
    "self-registration",
    "strong-secret",
]

_BY_WORD: Final[dict[Word, Format]] = {
    "text": general_formats.Text(),
    "url": general_formats.Url(),
    "secret": general_formats.RandomSecret(),
    "service-id": formats.ServiceId(),
    "service-url": formats.ServiceUrl(),
    "api-url": formats.ApiUrl(),
    "api-key": formats.ApiKey(),
    "encryption-key": formats.EncryptionKey(),
    "origins": formats.Origins(),
    "networks": formats.Networks(),
    "host": formats.Host(),
    "port": formats.PORT,
    "file-path": formats.FILE_PATH,
    "directory-path": formats.DIRECTORY_PATH,
    "database-url": formats.DatabaseUrl(),
    "mail-url": MailUrl(),
    "redis-url": RedisUrl(),
    "service-registry": formats.Registry(),
    "self-registration": formats.SelfRegistration(),
    "strong-secret": formats.StrongSecret(),
}

_Length = Annotated[int, Meta(ge=1, le=65_536)]
_Words = Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=1)]


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all written formats have in common."""


class OneOf(_Written, frozen=True, tag_field="type", tag="one-of"):
    """One word of a list."""

    words: _Words

    of: ClassVar = formats.OneOf

    def form(self) -> Format:
        """Give the format."""
        return formats.OneOf(self.words)


class Matching(_Written, frozen=True, tag_field="type", tag="matching"):
    """A text that a regular expression matches as a whole; `text` says it in words.

    Of Python's it may have letters, sets, groups, `|` and quantifiers, and nothing that looks
    around or refers back.
    """

    pattern: Annotated[str, Meta(min_length=1, max_length=1000)]
    text: Annotated[str, Meta(min_length=1)]
    inner_whitespace: str = ""

    of: ClassVar = formats.Matching

    def form(self) -> Format:
        """Give the format."""
        try:
            automaton_of(self.pattern)
        except PatternRefused as error:
            raise ValueError(f"its pattern {error}") from None
        return formats.Matching(self.pattern, self.text, self.inner_whitespace)


class WholeNumber(_Written, frozen=True, tag_field="type", tag="whole-number"):
    """A whole number within bounds."""

    least: Annotated[int, Meta(ge=0)]
    most: Annotated[int, Meta(ge=0, le=999_999_999)]

    of: ClassVar = formats.WholeNumber

    def form(self) -> Format:
        """Give the format."""
        _ordered(self.least, self.most)
        return formats.WholeNumber(self.least, self.most)


class SizedText(_Written, frozen=True, tag_field="type", tag="text"):
    """A text of a certain length."""

    least: _Length = 1
    most: _Length | None = None
    inner_whitespace: str = " "

    of: ClassVar = general_formats.Text

    def form(self) -> Format:
        """Give the format."""
        _ordered(self.least, self.most)
        return general_formats.Text(self.least, self.most, self.inner_whitespace)


class SizedSecret(_Written, frozen=True, tag_field="type", tag="secret"):
    """A random secret of a certain length and a certain estimated entropy."""

    least: _Length = 32
    most: _Length | None = None
    bits: Annotated[int, Meta(ge=0, le=4096)] = 0

    of: ClassVar = general_formats.RandomSecret

    def form(self) -> Format:
        """Give the format."""
        _ordered(self.least, self.most)
        return general_formats.RandomSecret(self.least, self.most, self.bits)


class Url(_Written, frozen=True, tag_field="type", tag="url"):
    """A URL of one of some schemes, with a host."""

    schemes: _Words

    of: ClassVar = general_formats.Url

    def form(self) -> Format:
        """Give the format."""
        return general_formats.Url(self.schemes)


class Pem(_Written, frozen=True, tag_field="type", tag="pem"):
    """PEM blocks of some kinds, such as `CERTIFICATE`."""

    labels: _Words

    of: ClassVar = general_formats.Pem

    def form(self) -> Format:
        """Give the format."""
        return general_formats.Pem(self.labels)


Written = OneOf | Matching | WholeNumber | SizedText | SizedSecret | Url | Pem
WrittenFormat = Word | Written


def format_of(written: WrittenFormat) -> Format:
    """Give the format that a contract file names.

    Raises:
        ValueError: Its parameters contradict themselves, or its pattern is none.
    """
    return _BY_WORD[written] if isinstance(written, str) else written.form()


def written_format(form: Format) -> WrittenFormat:
    """Give a format as a contract file names it.

    Raises:
        ValueError: A contract file has no name for it.
    """
    for word, known in _BY_WORD.items():
        if form == known:
            return word
    for kind in get_args(Written):
        if isinstance(form, kind.of):
            names = (name for name in kind.__struct_fields__)
            written: Written = kind(*(getattr(form, name) for name in names))
            return written
    raise ValueError(f"A contract file has no name for {type(form).__name__}.")


def _ordered(least: int, most: int | None) -> None:
    if most is not None and most < least:
        raise ValueError("its `most` is smaller than its `least`")
