"""Which names name a secret, and which words after such a name are only words.

Pure tables and predicates; where names and values stand in a text is `named_values`' business.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

REDACTED: Final = "[redacted]"

_WORDS_OF_A_NAME: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MAX_NAME: Final = 200
_MAX_STATEMENT: Final = 300
_MAX_WORDS: Final = 20


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SECRET_WORDS: Final = _words("""
    secret secrets password passwords passwd passphrase passphrases pwd token tokens jwt jwts
    authorization cookie cookies credential credentials otp totp apikey
    clientsecret accesstoken refreshtoken idtoken privatekey secretkey
    """)
# A pair of neighbouring words that together name a secret, though neither does alone.
_SECRET_PAIRS: Final = frozenset(
    tuple(pair.split("+"))
    for pair in _words("""
    api+key private+key signing+key encryption+key access+key master+key shared+key session+key
    service+key hmac+key private+jwk netra+session user+code device+code mfa+code recovery+code
    argon2+hash code+verifier client+assertion
    """)
)
# The last word says that the value is about a secret, not one.
_HARMLESS_LAST: Final = _words("""
    type types id ids jti kid url urls uri uris endpoint endpoints path paths file files name names
    mode seconds minutes hours days ttl ms age at in count counts length len size bytes limit max
    min expiry expires expiration lifetime status state kind kinds method methods scheme schemes
    pattern policy issuer audience algorithm alg version present missing required optional invalid
    valid reset stage error errors reason reasons result outcome decision exists source origin rules
    support supported field fields index revision service registry client provider
    location format usage left remaining budget check checks hint hints response responses request
    requests manager store bucket hits misses refresh refreshes verifier calls total rate
    window feed lookup lookups rotation revocation revocations failure failures success successes
    warning domain samesite leeway audiences algorithms scope scopes subject iat exp fingerprint
    fingerprints ref refs reference references label description help title message messages
    """)
_HARMLESS_FIRST: Final = _words(
    "has have is are was requires require needs need no max min num count allow use uses"
)
_FAULTS: Final = _words("invalid expired missing unknown bad unsupported malformed")
_CLASS_NAME: Final = re.compile(r"(?:[A-Z][a-z0-9]+){2,}\Z")
_STILL_A_SECRET: Final = frozenset({"hashed", "encrypted", "encoded", "seed", "embed"})

_STATES: Final = _words("""
    true false yes no none null nil undefined missing absent empty blank unset set present
    configured unconfigured not expired invalid valid verified unverified unknown required optional
    unavailable available rejected refused accepted denied disabled enabled revoked malformed
    mismatch mismatched match matched matches ok okay failed failure error unchanged changed lost
    found rotated redacted hidden masked obscured removed active inactive pending ready loaded
    unresolved placeholder n/a na any all unauthorized unauthenticated unexpected unsupported wrong
    incorrect weak short too-short forbidden reused used ignored dropped skipped deleted stored
    issued created renewed refreshed replaced mandatory needed expected updated
    str string bytes int bool dict list object bearer basic dpop on off latest
    rs256 rs384 rs512 es256 es384 es512 hs256 hs384 hs512 ps256 eddsa ed25519 at+jwt
    """)
# What a sentence goes on with after "token:" and the like.
_PROSE: Final = _STATES | _words("""
    a an the this that these those it its is are was were be been has have had do does did can
    cannot could may might must shall should will would and or but if when while because since as
    at by for from in into of on onto out over to under until up with within without after before
    during than then there here only also already still yet never always again too very more most
    less least much many some such same other another each every both either neither nor so
    please see use used using try check ensure verify provide supply send sent give given got get
    expected received want wanted need needed needs issued signed created made minted renewed
    refreshed replaced reused stored deleted ended stopped started skipped ignored dropped parsed
    checked validated authenticated authorized unauthorized forbidden unexpected unsupported
    incorrect wrong bad good new old previous current next last first second third one two three
    four five six seven eight nine ten too-short short long weak strong
    signature issuer audience algorithm claim claims header payload format type kind scheme key
    keys kid subject scope scopes session sessions user users service services client clients
    request requests response verification validation decoding encoding rotation revocation
    introspection expiry expiration lifetime lookup fetch refresh reset cache policy rules rule
    value values name names id ids field fields parameter parameters character characters
    jwt json jwks pem url uri http https sha256 argon2 argon2id pkce oauth oidc tls
    token tokens secret secrets password passwords credential credentials cookie cookies
    authentication authorization auth login logout access denied not-configured self-registration
    what who why how where which whose
    """)
_AFTER_BEARER: Final = _PROSE | _words("""
    challenge challenges string strings prefix keyword method methods error errors realm tokentype
    credentials security protection callers caller principal usage middleware check checks
    """)
CONNECTIVES: Final = _words(
    "for of from in at on by and or to as with user client service via instead but"
)

_SIMPLE_WORD: Final = re.compile(r"[A-Za-z][a-z]*(?:['’][a-z]{1,3})?(?:-[a-z]+)*\Z|[A-Z]{2,6}s?\Z")  # noqa: RUF001 - messages have them
_NAME_OF_A_SECRET: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z")
_PLACEHOLDER: Final = re.compile(
    r"(?:\[redacted\]|\[REDACTED\]|\[secret\]|\[hidden\]|\[masked\]|REDACTED"
    r"|\$\{[A-Za-z_]\w{0,60}\}|\$[A-Z][A-Z0-9_]{0,60}|\{\w{0,60}\}|<[A-Za-z][\w .-]{0,60}>"
    r"|%\(\w{1,60}\)s|%[sr]|\*{3,}|\.{3}|…)(?=[\s,;.:!?)\]}&\"'`<>|\\]|\Z)"
)
_RESOURCE: Final = re.compile(
    r"(?:[\w-]+:)?projects/[\w-]+/secrets/[\w./:-]+\Z"
    r"|[a-z][a-z0-9-]{0,60}(?:secret|key|token|password)[a-z0-9-]{0,60}:(?:latest|\d{1,4})\Z"
)
_CODE_WORD: Final = re.compile(
    r"[a-z]{2,}(?:_[a-z]{2,})*\Z|[A-Z]{2,}(?:_[A-Z]{2,})*\Z|-?\d{1,5}\Z|[1-5]xx\Z"
)
_CODES: Final = frozenset({"code", "Code", "CODE", "authorization_code", "auth_code", "authCode"})
_MAX_CODE_WORD: Final = 40


def names_a_secret(name: str) -> bool:
    """Tell whether a value under this name is a secret: `refresh_token` is, `token_type` is not."""
    return _names_a_secret(name[-_MAX_NAME:])


@lru_cache(maxsize=4096)
def _names_a_secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS_OF_A_NAME.findall(name)]
    pairs = set(pairwise(words))
    if not (_SECRET_WORDS.intersection(words) or _SECRET_PAIRS & pairs):
        return False
    last = words[-1]
    if last in _SECRET_WORDS or tuple(words[-2:]) in _SECRET_PAIRS:
        return words[0] not in _HARMLESS_FIRST
    if last in _HARMLESS_LAST or words[0] in _HARMLESS_FIRST:
        return False
    return not last.endswith("ed") or last in _STILL_A_SECRET


def names_a_fault(name: str) -> bool:
    """Tell whether a name is an error's class, as in `InvalidToken: the signature is wrong`."""
    last = name.rpartition(".")[2]
    if _CLASS_NAME.match(last) is None:
        return False
    return _WORDS_OF_A_NAME.findall(last)[0].lower() in _FAULTS


def names_a_code(name: str) -> bool:
    """Tell whether a name may hold an authorization code, or just an error's code: `code`."""
    return name in _CODES


def is_code_word(text: str) -> bool:
    """Tell whether a value named `code` is a stable word or a number, such as `not_found`."""
    return len(text) <= _MAX_CODE_WORD and _CODE_WORD.match(text) is not None


def is_state(text: str) -> bool:
    """Tell whether a value says how things are (`missing`, `True`), and is no secret itself."""
    return text.strip(".,;:!?()").lower() in _STATES


def is_statement(text: str) -> bool:
    """Tell whether a whole value is a sentence about a secret: `not configured`.

    A single word must say a state; of several, each must be one that such sentences are made of.
    """
    words = text[:_MAX_STATEMENT].split()
    if len(words) == 1:
        return is_state(words[0])
    # A word that leads to a value ("the password: …") makes no statement.
    return 1 < len(words) <= _MAX_WORDS and all(
        word[-1] not in ":=" and (is_prose(word) or word.isdigit()) for word in words
    )


def is_prose(word: str) -> bool:
    """Tell whether a word after a secret's name only goes on with a sentence."""
    return word.strip(".,;:!?()'\"").lower() in _PROSE


def goes_on_after_bearer(word: str) -> bool:
    """Tell whether a word after `Bearer` only goes on with a sentence."""
    return word.strip(".,;:!?()'\"").lower() in _AFTER_BEARER


def is_simple_word(word: str) -> bool:
    """Tell whether a word is letters as in prose: no digits, no inner capitals, no symbols."""
    return _SIMPLE_WORD.match(word) is not None


def placeholder_end(text: str, start: int = 0) -> int | None:
    """Give where a stand-in for a value ends: `${SERVICE_SECRET}`, `<token>`, `[redacted]`."""
    found = _PLACEHOLDER.match(text, start)
    return found.end() if found else None


def is_name_of_a_secret(text: str) -> bool:
    """Tell whether a value only names one: `SERVICE_SECRET`, `projects/p/secrets/s`, `s-key:3`."""
    if _RESOURCE.match(text):
        return True
    return _NAME_OF_A_SECRET.match(text) is not None and names_a_secret(text)
