"""What lines tell of values: that they come from a mere substitute, or are too short. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from netra_ops.diagnosis.signs.meaning import Meaning
from netra_ops.diagnosis.signs.sign import Sign

_SOURCES: Final = (
    *("source", "from", "path", "file", "filename", "config", "origin", "location", "uri"),
    *("loaded_from", "loadedFrom", "config_file", "configFile", "config_path", "configPath"),
)
_SOURCE_MEMBERS: Final = frozenset(_SOURCES)
_LONGEST_SOURCE: Final = 300
_LONGEST_TEXT: Final = 2_000
_DATA: Final = r"\.(?:ya?ml|json|toml|env|conf|properties|ini|cfg|pem|jwks|xml|bak|old)\b"
_FILE: Final = re.compile(_DATA, re.IGNORECASE)
_READ: Final = (
    r"\b(?:using|uses|used|load(?:ed|ing)?|read(?:ing|s)?|from|source|serving|keeping|kept|taking"
    r"|took|taken|applied|ready|(?:starting|going on|continuing|proceeding|running|booting) with"
    r"|fall(?:ing|s)? back)\b"
)
_FAILED_READ: Final = (
    r"\b(?:config\w*|settings|secrets?|keys?|vault|consul|etcd|kv|parameters?|store|manager)\b"
    r"[^|\n]{0,80}\b(?:failed|failure|unavailable|unreachable|refused|denied|timed out|timeout"
    r"|error|could not|cannot)\b"
)
_SUBSTITUTE: Final = re.compile(
    rf"{_READ}[^|;\n]{{0,60}}?(?:\A|[\s/\"'=:(])(?:"
    rf"[\w.-]*(?:fall-?back|last[-_.]?known|last[-_.]?good)[\w.-]*(?:/[\w./-]*)?{_DATA}"
    r"|(?=[\w.-]*(?:config|settings|keys|secret|jwks|partner|credential|client|tenant|issuer|env))"
    r"[\w.-]*(?:cached?|snapshot|backup|bundled|baked|stale|embedded|packaged|offline)"
    rf"[\w.-]*{_DATA}"
    r"|[\w.-]+\.(?:ya?ml|json|toml|env|conf|properties)\.(?:bak|old|orig)\b)"
    rf"|{_FAILED_READ}[^|\n]{{0,200}}?(?:{_READ}|\b(?:restor|boot|start|revert)\w*)[^|;\n]{{0,60}}?"
    rf"[\s\"'=:(](?:/[\w.-]+)+{_DATA}(?:[^|;\n]{{0,30}}\binstead\b"
    r"|[^|;\n]{0,12}\b(?:written|saved|dated|last|mtime|from|as of|of)\b)",
    re.IGNORECASE,
)
_OF_CONFIGURATION: Final = re.compile(
    r"\bconfig|\bsettings|\bkeys?\b|\bsecrets?\b|\bsigners?\b|\bissuers?\b|\bpartners?\b"
    r"|\bcredentials?\b|\btenants?\b",
    re.IGNORECASE,
)
_COPY: Final = re.compile(
    rf"{_READ}[^|;\n]{{0,60}}?(?:\A|[\s/\"'=:(])[\w.-]*(?:cached?|snapshot|backup|bundled"
    rf"|baked|stale|embedded|packaged|offline|local-?copy|seed)[\w.-]*{_DATA}",
    re.IGNORECASE,
)
_SECRET: Final = re.compile(
    r"SECRET|KEY|TOKEN|PASSW|HMAC|JWT|PEM\b|SALT|CREDENTIAL|SEAL|MAC\b", re.IGNORECASE
)
_SIZE: Final = r"(?:bytes?|chars?|characters|octets|B)\b"
_VAR: Final = r"(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"
_WANTED: Final = (
    r"(?:contract|expect(?:ed|s)?|wants?|wanted|should be|must be|instead of|rather than|out o"
    r"f|of its"
    r"|of the|of|stored|manager(?: has)?|registered|declared)"
)
_LENGTHS: Final = (
    re.compile(
        rf"{_VAR}[^;|,\n]{{0,40}}?\b(?P<is>\d{{1,5}}) ?{_SIZE}[^;|\n\w]{{1,4}}(?:but )?"
        rf"(?P<must>\d{{1,5}})(?: ?{_SIZE})? (?:are |were )?(?:expected|wanted|needed|stored"
        r"|required|registered|declared)\b"
    ),
    re.compile(
        rf"{_VAR}[^;|,\n]{{0,40}}?\b(?P<is>\d{{1,5}}) ?{_SIZE}[^;|,\n\w]{{1,4}}(?:\w+ )?(?:expect"
        rf"(?:ed"
        r"|s)?|want(?:ed|s)?|should be|must be|needs?|needed|instead of|rather than|stored|regist"
        r"ered"
        r"|declared)\W{1,3}(?:(?:is|are|has|at least) )?(?P<must>\d{1,5})\b"
    ),
    re.compile(
        rf"{_VAR}[^;|,\n]{{0,40}}?\b(?P<is>\d{{1,5}}) ?{_SIZE}[^;|,\n]{{0,12}}\b{_WANTED}\W{{1,3}}"
        rf"(?:is |are |has )?(?P<must>\d{{1,5}}) ?{_SIZE}"
    ),
    re.compile(
        rf"{_VAR}[^;|\n]{{0,40}}?\b(?:length|len|size|bytes)[ =:]+(?P<is>\d{{1,5}})\b[^;|\n"
        rf"]{{0,20}}\b"
        rf"{_WANTED}(?:[_ ]?(?:length|len|size|bytes))?\W{{1,3}}(?P<must>\d{{1,5}})\b"
    ),
    re.compile(
        rf"{_VAR}[^;|\n]{{0,40}}?\b{_WANTED}\W{{1,3}}(?P<must>\d{{1,5}})(?: ?{_SIZE})?[^;|\n"
        rf"]{{0,16}}\b"
        r"(?:got|found|has|is|was|have|read|received)\W{1,3}(?P<is>\d{1,5})\b"
    ),
    re.compile(
        rf"{_VAR}[^;|\n]{{0,40}}?\b(?:got|found|has|is|was|have|read|received|with)\W{{1,3}}"
        rf"(?P<is>\d{{1,5}})(?: ?{_SIZE})?[^;|\n]{{0,16}}\b{_WANTED}\W{{1,3}}(?P<must>\d{{1,5}})\b"
    ),
)
_OF_LENGTHS: Final = re.compile(
    r"\b(?:bytes?|chars?|characters|octets|length|len|size|B|contract|expect\w*|want\w*|should|must"
    r"|instead|rather|out|of|stored|manager|registered|declared)\b\W{1,3}(?:\w+ ){0,2}\d"
)
"""What every pattern of a length has, and few lines do: the patterns themselves are slow."""
_HAS: Final = ("length", "len", "size", "bytes", "got", "actual", "actual_length", "actualLength")
_MUST: Final = (
    *("expected", "expected_length", "expectedLength", "want", "must", "contract", "declared"),
    *("stored_length", "expected_bytes", "wanted"),
)
_WANTED_MEMBERS: Final = frozenset(_MUST)
_OF: Final = ("variable", "name", "var", "env", "setting", "key", "secret")


def with_fallback(message: str, fields: Mapping[str, Any] | None) -> list[Meaning]:
    """See whether a program reads its configuration from a file that is called a mere substitute.

    A path is no statement; the name of the file that was read is one.
    """
    said = [message] if "." in message else []
    if fields is not None and not _SOURCE_MEMBERS.isdisjoint(fields):
        said += [
            f"from {value}"
            for name in _SOURCES
            if isinstance(value := fields.get(name), str) and len(value) < _LONGEST_SOURCE
        ]
    said = [text for text in said if _FILE.search(text, 0, _LONGEST_TEXT)]
    if not said:
        return []
    of_configuration = _OF_CONFIGURATION.search(message, 0, _LONGEST_TEXT) is not None
    patterns = (_SUBSTITUTE, _COPY) if of_configuration else (_SUBSTITUTE,)
    is_read = any(one.search(text, 0, _LONGEST_TEXT) for one in patterns for text in said)
    return [Meaning(Sign.FALLBACK_FILE)] if is_read else []


def with_length(message: str, fields: Mapping[str, Any] | None) -> list[Meaning]:
    """See whether a program says that a value is shorter than it must be, and of which variable.

    What is merely advised is no length that a value must have.
    """
    found = None
    if "_" in message and _OF_LENGTHS.search(message, 0, _LONGEST_TEXT) is not None:
        found = next((m for one in _LENGTHS if (m := one.search(message, 0, _LONGEST_TEXT))), None)
    if found is not None and _SECRET.search(found["name"]):
        is_short = int(found["is"]) < int(found["must"])
        return [Meaning(Sign.VALUE_SHORT, found["name"])] if is_short else []
    if fields is None or _WANTED_MEMBERS.isdisjoint(fields):
        return []
    has = next((v for n in _HAS if type(v := fields.get(n)) is int), None)
    must = next((v for n in _MUST if type(v := fields.get(n)) is int), None)
    name = next((v for n in _OF if isinstance(v := fields.get(n), str)), None)
    is_short = has is not None and must is not None and has < must
    return [Meaning(Sign.VALUE_SHORT, name)] if is_short and name and _SECRET.search(name) else []
