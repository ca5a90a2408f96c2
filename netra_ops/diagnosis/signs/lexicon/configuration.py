"""What programs say of their configuration."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import VARIABLE, phrase
from netra_ops.diagnosis.signs.sign import Sign

_ABSENT: Final = (
    r"(?:not (?:set|configured|defined|found|provided|present|specified|available|given|in the "
    r"environment|in env)|n't set|missing|unset|undefined|absent|required(?! by)|needed)"
)
_NAME: Final = r"[\"'`]?" + VARIABLE + r"[\"'`]?"
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
        rf"{_NAME}(?:[ :=-]+(?:env(?:ironment)? variable|secret|variable|config\w*|setting|option|"
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
        rf"set|must set|needs?)[ :=]+(?:the )?{_NAME.replace('<variable>', '<second>')}"
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
        rf"KeyError: {_NAME}"
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
        rf"(?=[\s.,;:!)\"']|$)(?! (?:in|from) (?:the )?(?:request|header))"
        rf"|{_ROLE.replace('<variable>', '<second>')} (?:is |was |has )?(?:not (?:been )?(?:set|"
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
        rf"(?:loaded|read|found|using|resolved) {_NAME}(?: (?:from|in|as|via)\b|$)"
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
        rf"{_NAME}(?:[ :=-]+(?:env(?:ironment)? variable|secret|is|was|has|set|but|and|to|an?|its|"
        rf"value|the))*[ :=-]+(?:empty|blank|zero[- ]length)\b(?! or)"
        rf"|empty (?:value (?:for|of|in) |string (?:for|in|as) )?(?:env(?:ironment)? variable |"
        rf"secret |variable )?{_NAME.replace('<variable>', '<second>')}"
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
        rf"{_NAME}(?:[ :=-]+(?:is|was|has|value|contains?|the|carries|ends with|begins with|"
        rf"starts with|of|in|an?|its|seems|looks))*[ :=-]+(?:whitespace|white space|surrounding|"
        rf"trailing|leading|newline|line break|line feed|quote[sd]?|quoted|too short|malformed|"
        rf"invalid|not a valid|truncated|a newline)",
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
        Sign.DEFAULT_KEY,
        rf"(?:using|uses|with|fall(?:ing|s)? back to|fallback to|running with|defaulting to|default"
        rf"ed to) (?:an? |the |its |built-?in )*(?:insecure |unsafe |hard-?coded |weak "
        rf"|built-?in )*"
        rf"(?:default|insecure|placeholder|development|dev|hard-?coded|example|demo|well-known|weak"
        rf"|test)(?: (?:default|jwt|hmac|session|insecure|placeholder|signing|dev\w*|secret"
        rf"|secret_key|auth|"
        rf"token))* (?:key|secret|signing[ -]key|jwt[ -]secret|secret[_ ]key|password)\b"
        rf"|(?:default|insecure|placeholder|hard-?coded|development|weak) (?:\w+ )?(?:secret"
        rf"|signing"
        rf" key|jwt key|jwt secret|key) (?:is |was )?(?:in use|used|being used)"
        rf"|{_NAME}(?:[ :=-]+(?:is|was|has|still|set|to|the|an?|its|in|use|uses|using))*[ :=-]+"
        rf"(?:known |documented )?(?:(?:the |its )?default(?: value| key| secret)?|placeholder|"
        rf"insecure default|insecure|change-?me)\b(?! (?:to|timeout|port))",
        "default",
        "insecure",
        "placeholder",
        "dev",
        "hardcoded",
        "hard-coded",
        "example",
        "demo",
        "well-known",
        "weak",
        "changeme",
        "change-me",
        "test",
    ),
    phrase(
        Sign.KEY_GENERATED,
        r"(?:generat(?:ed|ing)|creat(?:ed|ing)|made|making|using|us(?:ed|es)) (?:an? |the |new "
        r"|own "
        r"|its )*(?:random|ephemeral|temporary|in-memory|per-process|one-off|throw-?away)(?: \w+){0"
        r",3} (?:key|secret|keypair|key pair)\b|(?:random|ephemeral|temporary) (?:\w+ ){0,3}(?:key|"
        r"secret|keypair) (?:was |has been |is )?(?:generated|created|made|in use)"
        r"|generat(?:ed|ing) (?:an? |new |the )*(?:\w+ ){0,2}(?:signing|jwt|hmac|session|secret) "
        r"(?:key|secret)(?: at start\w*)?|Using generated security password",
        "random",
        "ephemeral",
        "temporary",
        "in-memory",
        "per-process",
        "one-off",
        "throw",
        "generat",
    ),
    phrase(
        Sign.REFERENCE_TEXT,
        rf"{_NAME}[^|;]{{0,60}}(?:unresolved|unexpanded|unsubstituted|not (?:expanded|resolved|"
        rf"substituted|interpolated)|is a reference|literal(?:ly)? [\"'`]?\$\{{?|looks like (?:a "
        rf"|an )?(?:reference|placeholder|secret (?:name|id|path)))"
        rf"|(?:unresolved|unexpanded|unsubstituted) (?:secret |variable )?(?:reference|placeholder|"
        rf"variable|template)s?\b|(?:value|secret|key|url|dsn|host|scheme|issuer|address)\b"
        rf"[^|;]{{0,40}}[\"'`= ]\$\{{[\w.]+\}}|Illegal character in \w+ at index \d+: \$\{{"
        rf"|(?:invalid|bad|unsupported|unknown) [^|;]{{0,40}}\$\{{[\w.]+\}}",
        "unresolved",
        "unexpanded",
        "unsubstituted",
        "not expanded",
        "not resolved",
        "not substituted",
        "not interpolated",
        "reference",
        "${",
        "$",
        "looks like",
    ),
    phrase(
        Sign.FALLBACK_FILE,
        r"(?:using|loaded|loading|read(?:ing)?|fall(?:ing|s)?[ -]?back (?:to|on)|serving"
        r"|fallback to)"
        r" (?:from )?(?:the |an? |its |last |previous(?:ly)? |local(?:ly)? |on-disk )*(?:cached"
        r"|stale|fallback|"
        r"last[- ]known(?:[- ]good)?|saved|bundled|baked[- ]in|backup|stored|local)(?: \w+){0,2} "
        r"(?:config(?:uration)?|settings|secrets?|file|snapshot|copy)\b"
        r"|(?:config(?:uration)?|settings|secrets?)\b[^|]{0,40}(?:not (?:be )?(?:read|loaded"
        r"|fetched)|"
        r"unavailable|unreachable|failed|timed out)[^|]{0,160}\b(?:using|keeping|serving) (?:/"
        r"|the |"
        r"last|cached|stale|built-?in|\S+\.(?:ya?ml|json|toml|ini|env)\b)"
        r"|(?:config(?:uration)?|settings|secrets?) (?:\w+ ){0,3}from (?:the )?(?:cache|cached|"
        r"fallback|local|bundled|backup|stale)(?: \w+)?\b",
        "cache",
        "stale",
        "fallback",
        "last",
        "saved",
        "bundled",
        "baked",
        "backup",
        "stored",
        "local",
        "config",
        "settings",
    ),
    phrase(
        Sign.SESSION_MIDDLEWARE,
        r"SessionMiddleware must be installed|session support is not (?:enabled|installed)"
        r"|(?:login sessions require session support|req\.session is undefined)"
        r"|has no attribute 'session'|Cannot (?:read|set) propert(?:y|ies) (?:'\w+' )?of undefined "
        r"\((?:reading|setting) 'session'\)|express-session|SessionMiddleware is not installed"
        r"|requires? session middleware|session is unavailable because no secret key",
        "session",
    ),
    phrase(
        Sign.KEY_ROTATED,
        r"(?:signing |jwt |jwks )?keys? (?:\S+ )?(?:was |were |has been |have been )?rotated\b"
        r"|rotat(?:ed|ing) (?:the )?(?:signing |jwt |active |current )?keys?\b|key rotation "
        r"(?:done|complete[d]?|finished|performed|started)|new (?:active |current )?signing key\b"
        r"|now signing with|signing key (?:is now|changed)|activated (?:the )?(?:new )?signing key"
        r"|key_rotat(?:ed|ion)\b|keyring_changed",
        "rotat",
        "signing",
        "keyring",
    ),
)  # fmt: skip
