"""What stands in for a value: defaults, made keys, references, old files; and new keys."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import KEY_LIKE, NAME, nth, phrase
from netra_ops.diagnosis.signs.sign import Sign

PHRASES: Final = (
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
        rf"|{NAME}(?:[ :=-]+(?:is|was|has|still|set|to|the|an?|its|in|use|uses|using))*[ :=-]+"
        rf"(?:known |documented )?(?:(?:the |its )?(?:development |dev |shipped |example |sample )?"
        rf"default(?: value| key| secret)?|[\"'`]?change-?me[\"'`]?|placeholder|"
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
        rf"{NAME}[^|;]{{0,60}}(?:unresolved|unexpanded|unsubstituted|not (?:expanded|resolved|"
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
        r"\((?:reading|setting) 'session'\)|SessionMiddleware is not installed"
        r"|requires? session middleware|session is unavailable because no secret key"
        r"|OmniAuth::NoSessionError|you must provide a session to use|SessionNotFoundException"
        r"|\bcurrently no session available|requires? session support|requires? "
        r"(?:req\.)?sessions?\b"
        r"(?: to be available|\W*$)|gin-contrib/sessions[\"'`]? does not exist"
        r"|session (?:was )?not fetched|cannot fetch session\b|can't extract session"
        r"|(?:of undefined|undefined)[^|;]{0,40}\breq(?:uest)?\.session\b"
        r"|session[ _-]?middleware (?:is |was )?(?:not (?:found|installed|registered|configured"
        r"|set "
        r"up|present)|missing|absent)|requires? SessionMiddleware|set up a session middleware"
        r"|needs \S*session\S* to be registered",
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
    phrase(
        Sign.DEFAULT_KEY,
        r"(?-i:\b[A-Z][A-Z0-9_]*(?:SECRET|KEY|PASSWORD|SALT)[A-Z0-9_]*\b)[^|;]{0,40}\b(?:using"
        r"|uses|"
        r"fall(?:ing|s) back to|defaulting to) (?:an? |the |its |built-?in )*(?:insecure |unsafe )*"
        r"(?:default\b|dev|built-?in|fallback|example|[\"'`](?:dev|default|change|insecure|secret|"
        r"test))|prefixed with 'django-insecure-'|default (?:jwt |signing |session )*(?:key"
        r"|secret) "
        r"(?:is )?(?:active|in effect)|(?:jwt|signing|session|hmac)[ _](?:\w+ )?(?:secret|key)[ "
        r":=]+"
        r"(?:is )?(?:the )?(?:built-?in )?default(?:s? to [\"'`]|s?\b(?! (?:to|algorithm)))"
        r"|using (?:the |an? )?(?:built-?in |hard-?coded )?fallback (?:\w+ ){0,2}(?:secret|key)\b"
        r"(?! (?:file|store|manager|from))|insecure (?:\w+ )?(?:secret|key)\b[^|;]{0,20}\bin use"
        rf"|{KEY_LIKE} (?:equals|is|matches) (?:the |an? )?"
        r"(?:documented |known )?(?:example|sample|placeholder|well-known|default) (?:value|key|"
        r"secret)|(?-i:SECRET_KEY) is the documented|(?:sign(?:ing|ed)|verif\w+) with (?:an? |the "
        r")?"
        r"(?:hard-?coded|default|built-?in|placeholder) (?:key|secret)",
        "default",
        "falling back",
        "fallback",
        "using ",
        "django-insecure",
        "insecure",
        "example",
        "sample",
        "placeholder",
        "well-known",
        "documented",
        "hard",
        "built",
    ),
    phrase(
        Sign.KEY_GENERATED,
        r"\b(?:random|ephemeral|temporary|throw-?away|fresh) (?:one|key|secret|value) (?:will "
        r"(?:be "
        r"used|serve|do)|is (?:being )?used|was (?:made|drawn|rolled)|serves|made|drawn|rolled)\b"
        r"|(?:key|secret|value) (?:is |was |will be )?(?:made|drawn|rolled|chosen) at random"
        r"|(?:made|drew|rolled|minted) (?:an? |its |my |our )?(?:own |random |new |fresh )+"
        r"(?:\w+ ){0,2}(?:key|secret)\b|generat(?:ed|ing) (?:an? |the |new )*(?:\w+ ){0,3}(?:c"
        r"ookie_secret"
        r"\b|key ?pair\b|jwk\b)"
        r"|\b(?:random )?one was generated|generated one (?:in memory|for|at)|was generated for "
        r"this "
        r"(?:run|process|start)|random (?:session |signing |jwt |cookie )*(?:secret|key) (?:for"
        r"|in|of)"
        r" (?:this|each|every) (?:process|worker|instance|run|start)|(?:key|secret) is random "
        r"(?:for|"
        r"per|in|on|at)\b|ephemeral key r(?:epository|ing)|keys will not be persisted to storage"
        r"|signing key (?:was )?created (?:at|on) (?:boot|start)|used for (?:the )?session key of "
        r"this "
        r"worker|self-generated (?:signing )?(?:key|secret)",
        "generat",
        "random",
        "ephemeral",
        "persisted",
        "created",
        "of this worker",
        "fresh ",
        "made ",
        "drew ",
        "rolled ",
        "minted ",
    ),
    phrase(
        Sign.REFERENCE_TEXT,
        rf"(?:ENOTFOUND|resolve|lookup|host) [\"'`]?\$\{{\w|{NAME}[^|;]{{0,60}}\{{\{{ ?\.?\w"
        rf"|reference (?:is |was )?not (?:resolved|expanded)|{nth('second')} is the name of a "
        rf"secret"
        rf"|invalid literal for int\(\) with base 10: '\$\{{",
        "${",
        "{{",
        "reference",
        "name of a secret",
    ),
    phrase(
        Sign.FALLBACK_FILE,
        r"(?:config\w*|settings|secrets?|vault|consul|parameter store|secret (?:manager|store))\b"
        r"[^|]{0,60}(?:failed|unavailable|unreachable|could not|cannot|not be|denied|offline|timed "
        r"out)[^|]{0,80}\b(?:using|keeping|serving|fall(?:ing|s) back to) (?:the )?(?:embedded|"
        r"built-?in|previous|cached|defaults?\b|last|/|\S+\.(?:ya?ml|json|toml|ini|env|conf|bak)\b)"
        r"|could not (?:load|read|fetch) (?:the )?(?:config|settings|secrets?)[^|]{0,80}\busing "
        r"(?:the )?(?:embedded|built-?in|previous|cached|defaults?\b|last)|failed to (?:refresh|"
        r"reload|fetch) (?:the )?(?:config\w*|settings|secrets?)[^|]{0,60}\b(?:using|keeping)"
        r"|config(?:uration)? (?:from disk cache|baked into)",
        "using",
        "keeping",
        "serving",
        "falling back",
        "falls back",
        "disk cache",
        "baked into",
    ),
    phrase(
        Sign.FALLBACK_FILE,
        r"\b(?:us|serv|read|load|tak|keep|start|continu|runn|go)(?:ing|es|s|ed)?\b[^|;\n]{0,60}"
        r"\b(?:copy|defaults|settings|list|set|values|rules|keys|flags|config\w*)\b[^|;,\n]{0,20}\b"
        r"(?:built|baked|compiled|packed|packaged|bundled|shipped|embedded) (?:in(?:to)?|with|at) "
        r"(?:the |its |our )?(?:\w+ )?(?:image|binary|jar|war|container|package|build|program|"
        r"release)\b"
        r"|(?:fall(?:ing|s)?|fell|revert(?:ing|s|ed)?|resort(?:ing|s|ed)?)(?: back)? to (?:the |i"
        r"ts "
        r"|an? |our )?(?:bundled|built-?in|embedded|packaged|compiled(?:-in)?|baked(?:-in)?|shipped"
        r"|packed|saved|stored|cached|last|stale|old) (?:\w+ )?(?:defaults|copy|list|set|values|"
        r"flags|rules|keys|config\w*|settings|snapshot)\b"
        r"|\b(?:config\w*|settings|secrets?|keys|partners|issuers|tenants|clients|flags|rules|"
        r"list)(?: \w+){0,2} (?:from|is|are) (?:the |an? |its )?(?:last[- ](?:known[- ])?good"
        r"|bundled|embedded|packaged|baked(?:-in)?|shipped) (?:copy|defaults|snapshot|set|list"
        r"|version|values|one|file)\b",
        "built",
        "baked",
        "compiled",
        "packed",
        "packaged",
        "bundled",
        "shipped",
        "embedded",
        "back to",
        "revert",
        "resort",
        "good",
    ),
    phrase(
        Sign.SESSION_MIDDLEWARE,
        r"passport\.initialize\(\) middleware not in use|DisabledSessionError|has sessions disabled"
        r"|session store not set on request|install aiohttp_session middleware|session has not "
        r"been "
        r"configured for this application|cannot fetch session, call fetch_session"
        r"|request\.session is undefined|session[\"']? middleware (?:is )?missing",
        "session",
        "passport",
    ),
    phrase(
        Sign.KEY_ROTATED,
        r"(?:key ?set|jwks|key ?ring) (?:was |has been )?rotated|signing key (?:was )?(?:switched|"
        r"replaced)|rotated (?:the )?(?:jwt|signing|token) secrets?\b|(?:retired|removed) (?:the )?"
        r"(?:old )?signing key|published (?:the |a )?new (?:signing )?key|key ring refreshed: new "
        r"default key|signing_key_(?:rotated|activated|changed)",
        "rotated",
        "signing",
        "published",
        "key ring",
    ),
    phrase(
        Sign.DEFAULT_KEY,
        r"no (?:signing |jwt |session )?(?:secret|key) (?:was )?given: (?:the )?default|the "
        r"default (?:one|"
        r"secret|key) is used",
        "default",
    ),
    phrase(
        Sign.KEY_GENERATED,
        r"Creating key \{?[0-9a-f-]{30,40}\}? with creation date",
        "creating key",
    ),
    phrase(
        Sign.KEY_TOLD,
        r"(?:sign(?:s|ing)?|issu(?:es|ing) tokens|mint(?:s|ing))(?: (?:tokens|sessions|cookies"
        r"|jwts?))? (?:with|by|under|using)(?: (?:the|its|our|a))? (?:\w+ )?(?:key|kid|secret)"
        r"(?: id| fingerprint| fp| sha256| digest)?[ :=]+[\"'`(]?(?=[\w+/=:-]*\d)"
        r"(?P<key>[\w+/=:-]{4,80})"
        r"|\b(?:signing|session|jwt|token|cookie|hmac|active)[ _](?:(?:key|secret)[ _](?:id"
        r"|fingerprint|fp|sha256|digest)|kid)(?: is)?[ :=]+[\"'`(]?(?=[\w+/=:-]*\d)"
        r"(?P<print>[\w+/=:-]{4,80})",
        "key",
        "kid",
        "secret",
    ),
    phrase(
        Sign.SESSION_MIDDLEWARE,
        r"req(?:uest)?\.session\.\w+ is not a function|reading '(?:regenerate|sessionStore)'"
        r"|cannot read propert(?:y|ies) 'regenerate' of|\.keys required(?: for signed cookies)?\b",
        "session",
        "regenerate",
        "keys required",
    ),
)  # fmt: skip
