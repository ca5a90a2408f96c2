"""What programs say of their variables: missing, loaded, empty, not well formed."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import KEY_LIKE, NAME, VARIABLE, nth, phrase
from netra_ops.diagnosis.signs.sign import Sign

_ABSENT: Final = (
    r"(?:not (?:set|configured|defined|found|provided|present|specified|available|given|in the "
    r"environment|in env)|n't set|missing|unset|undefined|absent|required(?! by)|needed)"
)
_KIND: Final = (
    r"(?:env(?:ironment)?(?:[ -]?var(?:iable)?)?s?|config(?:uration)?(?: (?:key|value|variable|"
    r"option|setting))?s?|settings?|secrets?|variables?|credentials?|parameters?|options?)"
)
_BY_HAND: Final = r"(?:jwt|signing|session|hmac|token|client|service|auth|api|encryption|cookie)"
_ROLE: Final = (
    rf"(?P<variable>{_BY_HAND}[ _-](?:secret|key|signing key|secret key|credentials?|issuer|"
    rf"audience|url))"
)

PHRASES: Final = (
    phrase(
        Sign.NOT_CONFIGURED,
        rf"{NAME}(?:[ :=-]+(?:env(?:ironment)? variable|secret|variable|config\w*|setting|option|"
        rf"is|was|are|must be|has|been|to be|currently|value))*[ :=-]+{_ABSENT}\b",
        "not ",
        "n't set",
        "missing",
        "unset",
        "undefined",
        "absent",
        "required",
        "needed",
    ),
    phrase(
        Sign.NOT_CONFIGURED,
        rf"(?:missing|unset|undefined|required|absent|lacks?|lacking|without|unknown|expected)(?: "
        rf"(?:required|mandatory|value for|the|an?))*(?: {_KIND})+[ :='\"`(\[]*{VARIABLE}"
        rf"|(?:missing|unset|undefined|lacks?|lacking|has no|have no|no value for|requires|please "
        rf"set|must set|needs?)[ :=]+(?:the )?{NAME.replace('<variable>', '<second>')}"
        rf"|no {_KIND}[ :='\"`(\[]*{VARIABLE.replace('<variable>', '<third>')}",
        "missing",
        "unset",
        "undefined",
        "requir",
        "absent",
        "lack",
        "no ",
        "set ",
        "need",
        "without",
        "expected",
        "unknown",
    ),
    phrase(
        Sign.NOT_CONFIGURED,
        rf"KeyError: {NAME}"
        rf"|(?:missing|field required|value_error\.missing)[^|]{{0,20}}"
        rf"{VARIABLE.replace('<variable>', '<second>')}"
        rf"|{VARIABLE.replace('<variable>', '<third>')}\s{{1,6}}(?:Field required|field required)"
        rf"|Could not resolve placeholder '(?P<placeholder>[\w.-]+)'"
        rf"|UndefinedValueError: (?P<declared>\w+) not found"
        rf"|ImproperlyConfigured: Set the (?P<django>\w+) environment variable"
        rf"|NoSuchElementException: key not found: (?P<element>[A-Z_]+)"
        rf"|(?:environment variable not found|env var not found): (?P<found>[A-Z_]+)",
        "keyerror",
        "missing",
        "required",
        "placeholder",
        "not found",
        "environment variable",
    ),
    phrase(
        Sign.NOT_CONFIGURED,
        rf"\b(?:no|missing) {_ROLE}(?: (?:is |was )?(?:configured|set|found|provided|given))?"
        rf"(?=[\s.,;:!)\"']|$)(?!(?: \w+)? (?:in|from) (?:the )?(?:request|header))"
        rf"|(?-i:(?!Jwt issuer is not))"
        rf"{_ROLE.replace('<variable>', '<second>')} (?:is |was |has )?(?:not (?:been )?(?:set|"
        rf"configured|defined|provided)|missing|unset|undefined)\b(?! (?:in|from) (?:the )?(?:"
        rf"request|header))|secret or (?:public|private) key must be provided"
        rf"|secretOr(?:Private|Public)Key must (?:have a value|be provided)|(?:service )?secret "
        rf"configured: false|(?:default credentials (?:were|was) not found|could not automatically "
        rf"determine credentials)|JwtStrategy requires a secret or key"
        rf"|SECRET_KEY setting must not be empty"
        rf"|No secret key (?:was )?set",
        "no ",
        "missing",
        "not ",
        "unset",
        "undefined",
        "must ",
        "configured: false",
        "determine credentials",
        "requires a secret",
    ),
    phrase(
        Sign.CONFIGURED,
        rf"(?:loaded|read|found|using|resolved) {NAME}(?: (?:from|in|as|via)\b|$)"
        rf"|{VARIABLE.replace('<variable>', '<second>')}[ :=-]+(?:is |was )?(?:loaded|set|"
        rf"configured|present)\b|(?:service )?secret configured: true",
        "loaded",
        "read ",
        "found",
        "using",
        "resolved",
        " set",
        "configured",
        "present",
    ),
    phrase(
        Sign.VALUE_EMPTY,
        rf"{NAME}(?:[ :=-]+(?:env(?:ironment)? variable|secret|is|was|has|set|but|and|to|an?|its|"
        rf"value|the|(?:must|should|may|can) ?not be|can't be|not allowed to be))*[ :=-]+(?:empty"
        rf"|blank|zero[- ]length)\b(?! or)"
        rf"|empty (?:value (?:for|of|in) |string (?:for|in|as) )?(?:env(?:ironment)? variable |"
        rf"secret |variable )?{NAME.replace('<variable>', '<second>')}"
        rf"|(?:{_BY_HAND} )?(?:secret|key|hmac key) (?:must not be|is|was|cannot be|may not be|has "
        rf"been) (?:empty|blank|zero length)|empty (?:secret|(?:signing |hmac |secret )?key)\b"
        rf"|zero[- ]length key|HMAC key data must not be empty|Empty key\b"
        rf"|Zero-length key is not supported",
        "empty",
        "blank",
        "zero",
    ),
    phrase(
        Sign.VALUE_MALFORMED,
        rf"{NAME}(?:[ :=-]+(?:is|was|has|value|contains?|the|carries|ends with|begins with|"
        rf"starts with|of|in|an?|its|seems|looks))*[ :=-]+(?:whitespace|white space|surrounding|"
        rf"trailing|leading|newline|line break|line feed|quote[sd]?|quoted|too short|malformed|"
        rf"invalid(?!: \[.Missing)|not a valid|truncated|a newline)",
        "whitespace",
        "white space",
        "surrounding",
        "trailing",
        "leading",
        "newline",
        "line ",
        "quote",
        "too short",
        "malformed",
        "invalid",
        "valid",
        "truncated",
    ),
    phrase(
        Sign.NOT_CONFIGURED,
        rf"{NAME}(?: (?:environment variable|env var|variable|setting))? (?:or (?:\w+ )?"
        rf"(?-i:[A-Z_]{{3,}}) )?must be (?:set|provided|configured|defined|specified|given"
        rf"|present)\b"
        rf"(?! to (?:an?|one|the|true|false|at|\d))"
        rf"|{nth('second')} env(?:ironment)?(?: ?var(?:iable)?)? (?:is |was )?{_ABSENT}\b"
        rf"|(?:please|must) (?:provide|define|specify|export|configure) (?:the |a value for |your "
        rf")?"
        rf"{nth('third')}|{nth('fourth')}\s?:\s?\[\s?[\"']Required|{nth('fifth')} is a required "
        rf"(?:variable|option|setting|parameter|value)|not present in the environment: "
        rf"{nth('sixth')}|{nth('seventh')}[^|;]{{0,30}}not present in (?:the )?env"
        rf"|[\"']received[\"']: ?[\"']undefined[\"'][^|]{{0,60}}\[\s?{nth('zod')}"
        rf"|{nth('marsh')} invalid: \[.Missing data|[Cc]ould not expand value {nth('expand')}"
        rf"|key not found: [\"'](?P<ruby>[A-Z][A-Z0-9_]+)[\"']|(?:could not|couldn't) (?:fetch"
        rf"|read|"
        rf"find) (?:environment variable|env var|key) {nth('fetched')}"
        rf"|(?:environment variable|env var) not found: {nth('symfony')}"
        rf"|{KEY_LIKE.replace('<secret>', '<shown>')} ?(?:=>|[:=]) ?[<(\[](?:unset|not set"
        rf"|missing|undefined|empty)[>)\]]",
        "must ",
        "env",
        "please",
        "required",
        "undefined",
        "missing",
        "expand",
        "not found",
        "could not",
        "couldn't",
        "unset",
        "not set",
        "empty",
    ),
    phrase(
        Sign.NOT_CONFIGURED,
        r"validation errors? for \w*(?:settings|config|env)\w*\W+(?P<field>[a-z]\w{2,60})\W+field "
        r"required|(?:^|[\s:(])(?P<dotted>(?:[a-z][\w-]*[.:])+[\w-]*(?:secret|key|issuer|audience|"
        r"jwks|password|credentials?)[\w-]*) (?:is |was )?(?:required\b(?! (?:by|in))|not (?:set|"
        r"configured|found|defined)\b|missing\b)|config property (?P<property>[\w.-]+) is required"
        r"|failed to load config value of type [^|]{1,80} for: (?P<quarkus>[\w.-]+)"
        r"|\b(?P<dynaconf>[a-z]+_(?:[a-z]+_)*(?:secret|key|url|token|issuer|audience)) is required "
        r"in env|missing value for field (?P<envy>[a-z]+_\w+)|missing "
        r"[`'\"](?P<base>secret_key_base)"
        r"|(?P<devise>devise\.secret_key) was not set|section '[^']*' not found in configuration"
        r"|value cannot be null\. \(parameter '[^']*(?:key|secret|connectionstring)[^']*'\)"
        r"|connectionstring property has not been initialized|no application encryption key has "
        r"been"
        r" specified|MissingAppKeyException|no (?:\w+ )?secret configured\b|:secret(?:_key)? is "
        r"not "
        r"set|\[NO_SECRET\]|MissingSecret\b|(?:please )?(?:define|provide) (?:a )?`?secret`? (?:in "
        r"production|option)|secret option required|`secret` is a required option|requires an? "
        r"(?:clientID|clientSecret|secret|key) option",
        "field required",
        "is required",
        "not set",
        "was not",
        "not configured",
        "not found",
        "not defined",
        "missing",
        "config value",
        "cannot be null",
        "not been initialized",
        "encryption key",
        "no_secret",
        "secret configured",
        "secret option",
        "secret`",
        "option",
    ),
    phrase(
        Sign.NOT_CONFIGURED,
        r"could not (?:load|find) (?:the )?default credentials|default credentials are not "
        r"available"
        r"|NoCredentialsError|unable to locate credentials|could not load credentials from any "
        r"provider|CreateContainerConfigError|\b(?:secret|configmap) \"(?P<kubernetes>[\w.-]+)\" "
        r"not "
        r"found",
        "credentials",
        "createcontainerconfig",
        'secret "',
        'configmap "',
    ),
    phrase(
        Sign.VALUE_EMPTY,
        rf"cannot be null or empty|key byte array is 0 bits|key length (?:is )?(?:zero|0)\b"
        rf"|IDX10703"
        rf"|(?:secret|key) has (?:zero length|length 0)\b|String must contain at least 1 character"
        rf"[^|;]{{0,20}}{VARIABLE}"
        rf"|{KEY_LIKE}(?: ?[:=] ?(?:\"\"|'')|(?: has| with| of)? length[ =:]+0\b|[^"
        rf"|;]{{0,12}}\(0 (?:chars|"
        rf"characters|bytes)\))",
        "null or empty",
        "0 bits",
        "length",
        "idx10703",
        "string must",
        '""',
        "''",
        "(0 ",
    ),
    phrase(
        Sign.VALUE_MALFORMED,
        rf"{NAME}[^|;]{{0,20}}\b(?:wrapped|surrounded|enclosed) (?:in|by) (?:\w+ )?quot"
        rf"|{nth('second')} (?:includes|contains|has) (?:\w+ )?quot"
        rf"|{nth('third')} (?:should|must) (?:be (?:a valid|at least|an? (?:integer|number|url|"
        rf"boolean))|have at least)|{nth('fourth')} (?:is|was) not (?:an? )?valid\b"
        rf"|invalid value (?:for|of|in) {nth('fifth')}|(?:trailing|leading) (?:newline|whitespace|"
        rf"space|blank)s? (?:in|on|of|from) {nth('sixth')}|stripped (?:\w+ )?(?:whitespace"
        rf"|newlines?"
        rf"|spaces|quotes) (?:from|of) {nth('seventh')}",
        "quot",
        "should ",
        "must ",
        "valid",
        "trailing",
        "leading",
        "stripped",
    ),
    phrase(
        Sign.VARIABLE_UNSET,
        rf"\b(?:Unset|Remov|Delet)\w* {NAME}(?:,? (?:and )?[A-Z0-9_]+)* config vars?\b"
        rf"|\b(?:secrets?|config vars?|env(?:ironment)? var(?:iable)?s?) {nth('second')} (?:was "
        rf"|were |has been )?(?:unset|removed|deleted)\b"
        rf"|\benv(?:ironment)? var(?:iable)? {nth('third')} "
        rf"(?:was |has been )?(?:removed|deleted|dropped) (?:from|by|with)",
        "config var",
        "unset",
        "removed",
        "deleted",
        "dropped",
    ),
    phrase(
        Sign.NOT_CONFIGURED,
        r"\bkey\b[^|;]{0,60} must be (?:one )?of type [^|;]{4,160}received (?:undefined|null)\b"
        r"|key must not be None\b",
        "received undefined",
        "received null",
        "must not be none",
    ),
)  # fmt: skip
