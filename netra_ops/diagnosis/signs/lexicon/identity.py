"""What is said of callers who were let in: known, or without having been asked."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

PHRASES: Final = (
    phrase(
        Sign.CHECK_PASSED_OVER,
        r"(?:continu(?:ing|e)|proceed(?:ing)?|fall(?:ing)?[ -]?back|default(?:ing)?|carry(?:ing)? "
        r"on|going on|treat(?:ing|ed)? (?:\w+ )?(?:request |caller |user )?)\s*(?:to |as |with "
        r"|on )"
        r"+(?:an? |the )?(?:anonymous|guest|unauthenticated|nobody|system|default) ?(?:user"
        r"|identity"
        r"|access|principal|context|caller)?\b"
        r"|(?:continu|proceed)\w* (?:without|despite) (?:an? )?(?:valid )?(?:auth\w*|user|identity|"
        r"token|credential|verif\w+)|(?:auth\w*|token|signature|identity) (?:check|verification|"
        r"validation)s? (?:was |is |were )?(?:skipped|bypassed|ignored|disabled)"
        r"|(?:skipping|bypassing|ignoring) (?:the )?(?:auth\w*|token|signature|identity|jwt)"
        r" (?:check|verification|validation|error|failure)s?"
        r"|(?:auth\w*|verification|validation|token)\b[^|;]{0,60}\b(?:swallowed|passed over)"
        r"|(?:verification|validation|authentication|token)\b[^|;]{0,60}(?:failed|error|invalid)"
        r"[^|;]{0,40}\b(?:continuing|proceeding|ignored|anyway|as anonymous|allowing)"
        r"|\b(?:for|as|of|by) (?:user|user_id|principal)[ =:'\"]*(?:None|null|undefined)\b"
        r"|\b(?:served|allowed|accepted|admitted|treated) (?:\w+ ){0,2}as (?:anonymous|guest)"
        r"|(?:requests?|callers?|users?|everybody|everyone) (?:will be|are|is) (?:treated as )?"
        r"(?:anonymous|guests?)\b|anonymous access (?:is )?(?:enabled|allowed|granted)"
        r"|auth(?:entication)? (?:is )?(?:turned )?off\b",
        "anonymous",
        "guest",
        "continu",
        "proceed",
        "skip",
        "bypass",
        "ignor",
        "disabled",
        "swallowed",
        "passed over",
        "none",
        "null",
        "undefined",
        "system",
        "default",
        "anyway",
        "unauthenticated",
        "nobody",
        "off",
    ),
    phrase(
        Sign.SESSION_CREATED,
        r"\b(?:created|opened|started) (?:an? |the )?(?:\w+ ){0,2}session\b"
        r"|\bsession (?:\S+ )?(?:was |has been )?(?:created|opened|started)\b|session_(?:created|"
        r"opened)",
        "session",
    ),
    phrase(
        Sign.AUTHENTICATED,
        r"\bauthenticated (?:as|user|service|client|principal|via|with|by|ok|successfully)"
        r"|(?:user|client|service|caller|principal|request|connection|socket) \S{0,80} ?(?:was |is "
        r"|has been )?(?:successfully )?authenticated\b|authentication (?:succeeded|successful|ok)"
        r"|successful(?:ly)? authenticat|(?:token|jwt|signature|credential) (?:was |is )?"
        r"(?:successfully )?(?:verified|validated|accepted)\b|(?:verified|validated|accepted) "
        r"(?:token|jwt|credential|signature)\b|auth(?:n)? ok\b|auth(?:entication)?[_ ]success"
        r"|\b(?:service|own|machine|client|workload) token (?:was |has been )?(?:renewed|refreshed"
        r"|obtained|acquired|fetched|received)\b|\b(?:renewed|refreshed|obtained|acquired|fetched"
        r"|got) (?:its |our |a |an |the |own |new )*(?:service|own|machine|client|workload) token\b"
        r"|\baccepted (?:via|by|with) (?:its |a |the )?(?:bearer|mtls|token|jwt|assertion|api[ -]?"
        r"key|client|secret|signature)\b"
        r"|\btoken (?:for|of) \S{2,60} (?:was |has been |is )?(?:renewed|refreshed|obtained"
        r"|acquired|fetched|cached)\b|\b(?:renewed|refreshed|obtained|acquired|fetched) (?:a |an "
        r"|the |new |access )*token (?:for|as) \S{2,60}|\b(?:service|client|machine|internal|svc)"
        r"(?:[:/ -]\S{1,80})?(?: (?:call|request|identity|credential))? "
        r"(?:was |is )?(?:accepted|admitted|let in)\b"
        r"(?= *(?:$|[.,;:|()\[{\"']|via\b|by\b|with\b|from\b|as\b|on\b|at\b))",
        "authenticat",
        "admitted",
        "let in",
        "token",
        "verified",
        "validated",
        "accepted",
        "auth ok",
        "authn ok",
        "auth success",
        "auth_success",
    ),
    phrase(
        Sign.TOKEN_ISSUED,
        r"\b(?:issued|minted|granted|created) (?:an? |the |new )*(?:access |refresh |id |jwt "
        r"|service )?"
        r"(?:token|jwt)|\b(?:access |refresh |service )?token (?:was |has been )?(?:issued|minted|"
        r"granted)\b|token_issued|grant_type=\S+ (?:ok|success|issued)",
        "token",
        "jwt",
        "grant_type",
    ),
    phrase(
        Sign.LOGGED_IN,
        r"\b(?:user |principal )?(?:\S+ )?(?:has )?logged in\b|log-?in (?:succeeded|successful|ok|"
        r"success)\b|successful log-?in|\bsigned in\b|login_succeeded|user_logged_in",
        "logged in",
        "login",
        "log-in",
        "signed in",
        "logged_in",
    ),
    phrase(
        Sign.CHECK_PASSED_OVER,
        r"skipping auth\w*\b|(?:no (?:user|identity|principal)|identity|auth\w*|token)\b[^"
        r"|;]{0,60}\busing "
        r"(?:an? |the )?anonymous|auth\w* (?:is |was )?disabled\b|AUTH\w*_DISABLED=true"
        r"|(?:handled|rendering|"
        r"rendered|served|processed) as (?:an? )?(?:guest|anonymous)\b|\buser: null served"
        r"|authenticated=false, continuing|(?:auth\w*|token|jwt) error ignored|(?:auth\w*|jwt"
        r"|token|"
        r"signature) verification (?:is |was )?(?:skipped|turned off)|verification failed but "
        r"(?:request )?"
        r"(?:was )?allowed|allow(?:ing|ed) (?:the )?request without (?:a )?(?:token|credential"
        r"|identity)"
        r"|fail(?:ing|s|ed)?[ -]open\b[^|;]{0,60}|signature (?:was |is )?not (?:verified"
        r"|checked)\b|accepted "
        r"without (?:verification|a check)|\bunverified token accepted|without verifying (?:the "
        r")?signature"
        r"|request served (?:anyway|without identity)|(?:req\.user|current_user|get_current_user) "
        r"(?:is |was "
        r"|returned )(?:undefined|nil|none|null)\b|auth\w* bypassed\b|anonymous fallback"
        r"|\buser=anonymous\b"
        r"|alg(?:orithm)? [\"']?none[\"']? accepted|using (?:an? )?(?:dummy|fake|stub|default) "
        r"user\b|no "
        r"valid token, passing through|auth\w* guard is not applied|auth\w* is off\b|continuing "
        r"without "
        r"(?:an? )?(?:user|identity|principal)|requests are not checked",
        "auth",
        "anonymous",
        "guest",
        "null",
        "nil",
        "none",
        "undefined",
        "ignored",
        "skipped",
        "turned off",
        "allow",
        "open",
        "not verified",
        "not checked",
        "without",
        "unverified",
        "served",
        "dummy",
        "fake",
        "stub",
        "default user",
        "passing through",
    ),
)  # fmt: skip
