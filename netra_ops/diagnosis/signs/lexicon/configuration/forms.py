"""What is said of a value's form: blanks, quotes, escapes, and what can be no key or header."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import NAME, nth, phrase
from netra_ops.diagnosis.signs.sign import Sign

_BLANK: Final = (
    r"(?:new-?lines?|white-?space|white space|blanks?|spaces?|line (?:feed|break|ending)s?"
    r"|carriage returns?|CRLF|CR/LF|LF|tabs?|\\[nr])\b"
)
_AT_END: Final = (
    r"(?:trailing|leading(?: (?:and|or|/) ?trailing)?|leading/trailing|surrounding|stray|final)"
)
_QUOTE: Final = r"(?:single |double |its |the |literal )*(?:quotes?|quotation marks?|quoted)\b"
_KEPT: Final = r"(?![^|]{0,60}\b(?:strip|trimm?|remov|ignor|clean)\w*)"
"""What was taken away does no harm."""

_HELD: Final = (
    r"\b(?:secret|credential|password|(?:signing|private|shared|api|hmac|mac|session|token|client)"
    r"[ _-]key)s?\b"
)

PHRASES: Final = (
    phrase(
        Sign.VALUE_WITH_BLANKS,
        rf"{NAME}:?(?: value)?(?: (?:has|contains?|carries|carrying|includes?|ends (?:with|in)"
        rf"|begins with|starts with|still has))?(?: an?| the)?"
        rf"(?: {_AT_END})? {_BLANK}(?: at (?:its|the) (?:end|start|beginning))?{_KEPT}"
        rf"|{_AT_END} {_BLANK} (?:in|on|of|at|around|detected in|found in)"
        rf" (?:the )?(?:value (?:of )?)?{nth('other')}{_KEPT}"
        rf"|{_BLANK} at (?:its|the) (?:end|start|beginning)(?: of)?:? {nth('third')}{_KEPT}"
        r"|(?:secret|key|token|password|value)\b[^|;]{0,40}\blast byte(?: is)? (?:0x0[ad]|1[03])\b"
        rf"|(?:secret|api key|signing key|token|password) (?:value )?(?:has|contains|ends with"
        rf"|carries) an? (?:{_AT_END} )?{_BLANK}{_KEPT}",
        "newline",
        "new-line",
        "space",
        "blank",
        "line ",
        "carriage",
        "crlf",
        "cr/lf",
        "lf",
        "tab",
        "\\n",
        "\\r",
        "last byte",
    ),
    phrase(
        Sign.VALUE_IN_QUOTES,
        rf"{NAME}:?(?: value)? (?:(?:begins and ends|starts and ends|begins|starts|ends) with"
        rf"|is (?:still )?(?:wrapped|enclosed|surrounded|put) (?:in|by|with)|stands in"
        rf"|(?:still )?has|includes|contains|carries)(?: an?)?(?: surrounding)? {_QUOTE}{_KEPT}"
        rf"|value of {nth('other')} (?:begins with|starts with|still has|has|is in|stands in)"
        rf"(?: an?)? {_QUOTE}{_KEPT}"
        r"|[\"'`]\\?[\"'](?:https?|wss?|postgres(?:ql)?|rediss?|amqps?)(?:://|\\?\")"
        r"|no protocol: \\?\"https?:|(?:secret|api key|signing key|token|password) (?:value )?"
        rf"(?:is (?:wrapped|enclosed) in|starts with an?|has surrounding) {_QUOTE}{_KEPT}",
        "quot",
        "http",
        "ws",
        "postgres",
        "redis",
        "amqp",
    ),
    phrase(
        Sign.HEADER_ILLEGAL,
        r"illegal character\(s\) in (?:message )?header|header you added contains a prohibited"
        r"|header values? (?:cannot|can't|must not|may not) (?:contain|include|have) "
        r"(?:a |any )?(?:new-?line|CR|LF|line|carriage|control)|prohibited character 0x0?[ad]"
        r"|header [\"'`]?(?:x-)?[\w-]{2,40}[\"'`]? (?:is invalid: )?(?:contains|has) (?:an? )?"
        r"(?:invalid|illegal|prohibited|control) char\w*"
        r"|for header [\"'`]?[\w-]{2,40}[\"'`]? is invalid|bad argument: header contains new",
        "header",
        "prohibited character",
    ),
    phrase(
        Sign.KIND_CONFLICT,
        r"(?:cannot|can't|may not|must not) be (?:set|given|specified) (?:both )?(?:as|with) "
        r"(?:both )?(?:a )?(?:plain )?(?:value|literal) and (?:as )?(?:a )?(?:valueSource|valueFrom"
        r"|secret)|duplicate name \S+ in environment and secrets"
        r"|secret name (?:provided )?\S* ?(?:in container definition is also in environment"
        r"|must be unique and not shared with any)",
        "valuesource",
        "valuefrom",
        "secret",
    ),
    phrase(
        Sign.DEFAULT_KEY,
        r"(?:signing|signs|signed) with (?:the|an?) (?:sample|example|demo|default|placeholder) "
        r"(?:key|secret)|(?:signing|jwt|session|secret|hmac)[ _](?:key|secret) is (?:a |the )?"
        r"(?:placeholder|sample|example|documented example|one from the (?:README|docs?|example"
        r"|sample|template|tutorial))\b"
        rf"|{NAME} (?:equals|is|has|matches)(?: still)?(?: (?:the|its|an?))? (?:documented|sample"
        r"|well-known|published|example)(?: default)?(?: (?:example|value|one|secret|key))?\b"
        rf"|(?:no |missing ){nth('other')}[^|]{{0,30}} falling back to the (?:one|key|secret) (?:in"
        r"|of|from) \S+(?: \((?:dev|test)|\.(?:sample|example))"
        r"|\bdev(?:elopment)? (?:signing )?key (?:is )?in use|not overridden, (?:shipping|running|"
        r"going|starting)? ?with the (?:built-?in|default|bundled) (?:one|key|secret|value)",
        "key",
        "secret",
        "falling back",
        "not overridden",
        "equals",
        "well-known",
        "documented",
    ),
    phrase(
        Sign.KEY_UNREADABLE,
        r"algid parse error|failed to find any PEM data|\bno supported data to decode"
        r"|neither PUB key nor PRIV key|error parsing PEM|malformed (?:private|public) key"
        r"|PRIVATE not found; malformed key|cannot import (?:PEM|key)\b|PEM (?:is|was) (?:not|in)"
        r"valid|unable to parse (?:the )?(?:PEM|private key|public key)",
        "algid",
        "pem",
        "no supported data",
        "neither pub",
        "malformed",
        "import key",
        "unable to parse",
    ),
    phrase(
        Sign.REFERENCE_TEXT,
        r"\blookup \$\(\w+\)(?:: no such host)?|\b(?:op|vault|awssm|gcpsm|ssm|keyvault|sm|secret"
        r"manager|doppler)://?"
        r"\S+ (?:was|is|has) not (?:been )?(?:resolved|expanded|replaced)"
        r"|invalid (?:URL|uri|host\w*)[:\s]+[\"']?(?:%\w+%|\$\(\w+\)|\{\{)"
        rf"|{NAME} (?:begins|starts) with (?:arn:aws:|projects/|vault:|op:|ssm:|\$\{{|\{{\{{)"
        r"|invalid character [\"']\{[\"'] in host name",
        "lookup",
        "://",
        ":/",
        "invalid",
        "begins",
        "starts",
    ),
    phrase(
        Sign.VALUE_EMPTY,
        rf"zero-length (?:hmac |signing |secret )?key|{NAME} (?:was |is )?(?:given|set|there"
        r"|present|supplied) (?:but|and) (?:is )?(?:empty|blank)",
        "zero-length",
        "empty",
        "blank",
    ),

    phrase(
        Sign.FALLBACK_FILE,
        r"(?:using|loading|loaded|starting (?:from|with)|running (?:on|with|from)|booting (?:fro"
        r"m|with)"
        r"|continuing (?:with|on|from)|going on with|kept|keeping|serving|restored) (?:the |its "
        r"|an? )?"
        r"(?:bootstrap(?:ped)? (?:defaults?|config\w*)|(?:config\w*|settings|secrets?|values?|co"
        r"py) "
        r"(?:that (?:is|was|were) )?(?:cached|stored|saved|kept|baked)"
        r"|last[- ](?:known|good|seen|fetched|cached|read)(?:[- ]good)?[- ](?:values?|secrets?|c"
        r"onfig\w*"
        r"|settings|copy|version|state|set)|(?:previously|earlier) (?:fetched|cached|loaded|saved) "
        r"(?:values?|secrets?|config\w*|settings|copy)|fallback (?:file|secrets?|values?|config\w*"
        r"|settings|copy))",
        "bootstrap",
        "cached",
        "stored",
        "saved",
        "kept",
        "baked",
        "last",
        "previously",
        "earlier",
        "fallback",
    ),
    phrase(
        Sign.KEY_GENERATED,
        r"(?:using|from|by|drew|read) crypto/rand\b|generat(?:ed|ing) (?:an? )?(?:temporary|random"
        r"|ephemeral|fresh|new|throw-?away) (?:one|value|key|secret) (?:for|at|on|in) (?:this|each"
        r"|every|start|boot|process|memory)|(?:temporary|random|ephemeral) one (?:for|in|at) (?:"
        r"this"
        r"|each|every) (?:process|worker|run|instance|start|boot)",
        "crypto/rand",
        "temporary",
        "random",
        "ephemeral",
        "fresh",
        "generat",
    ),
    phrase(
        Sign.KEY_GENERATED,
        r"strong_rand_bytes\(\d+\) (?:used|taken|instead)|\b(?:key|secret|one) (?:was |is )?(?:made"
        r"|generated|drawn|created|taken) (?:from|with|by) (?::?crypto[./:]|secrets\.token|os\."
        r"urandom|random_bytes|SecureRandom|openssl_random)",
        "strong_rand_bytes",
        "crypto",
        "secrets.token",
        "urandom",
        "random_bytes",
        "securerandom",
        "openssl_random",
    ),
    phrase(
        Sign.VALUE_WITH_BLANKS,
        rf"{NAME}[^|;\n]{{0,24}}?\b\d+ (?:bytes|chars|characters|octets)[^|;\n\w]{{1,4}}(?:but "
        rf")?\d+ "
        r"(?:\w+ )?(?:after|once|when|without|if) (?:a )?(?:being )?(?:trim|strip|chomp|blank"
        r"|white ?space)\w*",
        "trim",
        "strip",
        "chomp",
        "blank",
        "space",
    ),
    phrase(
        Sign.DEFAULT_KEY,
        rf"{NAME} (?:equals|is|matches|has|holds) (?:still )?(?:the )?(?:value|one|text|secret|key)"
        r" (?:of|from|in) (?:the )?\S{0,40}(?:\bexamples?\b|\.sample\b|\.dist\b|readme|template"
        r"|documentation|manual|tutorial)",
        "example",
        "sample",
        "dist",
        "readme",
        "template",
        "documentation",
        "manual",
        "tutorial",
    ),
    phrase(
        Sign.SESSION_MIDDLEWARE,
        r"Extension of type [\"'`]?[\w:.]*Session[\"'`]? was not found|session\w* (?:is |was )?no"
        r"t in "
        r"the (?:middleware |rack )?stack|\bctx\.session (?:is |was )?undefined"
        r"|\b\w*session\w* is not (?:installed|mounted|plugged in)\b",
        "session",
    ),
    phrase(
        Sign.SECRET_OUTDATED,
        rf"{_HELD}[^|\n]{{0,160}}\b(?:no watcher|not (?:re-?read|"
        r"re-?loaded|picked up|refreshed)|restart(?:ed)? (?:is )?(?:\w+ )?to (?:pick|load|read|use"
        r"|apply|take)|until (?:it is |they are |a |the |its |next )?restart)"
        rf"|{_HELD}[^|\n]{{0,160}}\b(?:still|goes on|keeps|continues)"
        r" (?:using|with|to use|holding|holds?|has|have) (?:the |an? )?(?:old|previous|earlier"
        r"|former|outdated|one read|one loaded|what was (?:read|loaded))"
        rf"|{_HELD}[^|\n]{{0,60}}\b(?:in memory|held|loaded|in use)"
        r"[ :=]+(?:is )?(?:version |generation |v)?(\d+)\b[^|\n\d]{1,40}\b(?:newest|latest|current"
        r"|stored|manager(?: has)?|now)[ :=]+(?:is )?(?:version |generation |v)?(?!\1\b)\d+\b"
        r"|\bholds? the (?:old|previous|former) (?:\w+ )?(?:secret|key|credential|password)\b"
        r"|(?:secret|key|credential|password) (?:was |has been )?(?:superseded|replaced|changed)"
        r" (?:after|since) (?:this|the|our) (?:process|instance|worker|service) (?:was )?(?:started"
        r"|read|loaded)",
        "no watcher",
        "reread",
        "re-read",
        "reload",
        "re-load",
        "picked up",
        "refreshed",
        "restart",
        "still ",
        "goes on",
        "keeps",
        "continues",
        "in memory",
        " held",
        "loaded",
        "in use",
        "holds the ",
        "hold the ",
        " this process",
        " this instance",
    ),
    phrase(
        Sign.VALUE_EMPTY,
        r"\b(?:client_secret|api_key|signing_key|secret_key|shared_secret|secret|passphrase)"
        r"[\"']?[ =:]+[\"']?0 (?:chars|characters|bytes|octets)\b",
        "0 ",
    ),
)  # fmt: skip
