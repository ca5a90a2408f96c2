"""What libraries say of a token's claims that are not as they are configured to be."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

PHRASES: Final = (
    phrase(
        Sign.AUDIENCE_REFUSED,
        r"not allowed to be used by this audience|required audience is missing|InvalidAudError\b"
        r"|audience [\"'`\[]\S{1,120} (?:does not match|is not|not) (?:in|one|allowed|accepted|the"
        r"|ours)?|audience != required|(?:^|[^\w])aud(?:ience)? (?:claim )?\[?[\"']?\S{1,120} is "
        r"not (?:one|in|among)|'aud' claim is not one|not permitted for audience"
        r"|expected aud(?:ience)? to (?:include|be|contain|equal)"
        r"|audience \S{1,120} (?:is )?not in (?:the )?(?:allowed|accepted|configured)"
        r"|no (?:matching|acceptable) audience|(?:wrong|foreign|unaccepted) aud(?:ience)?\b",
        "aud",
    ),
    phrase(
        Sign.ISSUER_REFUSED,
        r"not issued by the given issuers?|iss(?:uer)? claim is not (?:equal|valid|one|the)"
        r"|no trusted issuer|\biss(?:uer)? [\"'`]?\S{1,120} (?:is )?not (?:in|among|one of) (?:t"
        r"he )?"
        r"(?:trusted|allowed|accepted|configured|known|expected)"
        r"|could not find issuer \S+ in|issuer (?:is )?not (?:in|on) (?:the )?(?:whitelist|allow-?"
        r"list|list)|(?:foreign|unaccepted|unexpected|unrecogni[sz]ed) iss(?:uer)?\b",
        "iss",
    ),

    phrase(
        Sign.CLIENT_UNKNOWN,
        r"AADSTS(?:700016|7000112)\b|\bclient_not_found\b|ClientNotFound\w*|\bdeleted_client\b"
        r"|OAuth client was (?:not found|deleted|disabled)|no (?:such )?client with (?:the )?(?:"
        r"client )?id\b|client [\"'`]?[\w.:-]{2,80}[\"'`]? (?:is |was |has been )?(?:not found|"
        r"unknown|disabled|deactivated|archived|suspended|not registered|does not exist)\b"
        r"|(?<!e\.g\., )(?<!e\.g\. )\bunknown (?:client|service)(?: id)?:? [\"'`]?[\w.]+-[\w.-]+",
        "aadsts",
        "client",
        "unknown service",
    ),
    phrase(
        Sign.CLIENT_SECRET_WRONG,
        r"AADSTS(?:7000215|7000222)\b|invalid_client_credentials|(?:provided )?(?:client|service)"
        r"[ _]secret (?:for \S{1,60} |of \S{1,60} )?(?:is |was )?(?:wrong|invalid|expired"
        r"|incorrect|mismatch\w*|(?:does not|did not|didn't|doesn't) match)"
        r"|(?:invalid|wrong|bad|incorrect|expired) (?:client|service)[ _]secret\b",
        "aadsts",
        "secret",
        "invalid_client_credentials",
    ),
)  # fmt: skip
