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
    phrase(
        Sign.ISSUER_REFUSED,
        r"\biss claim value is not allowed",
        "iss claim",
    ),
    phrase(
        Sign.AUDIENCE_REFUSED,
        r"\baud claim value is not allowed",
        "aud claim",
    ),
    phrase(
        Sign.ISSUER_REFUSED,
        r"(?:^|[^\w.-])iss(?:uer)?(?: claim)?[ :=]+(?:is |was )?[\"'`\[]*\S{1,160},? (?:(?:and|bu"
        r"t) "
        r")?(?:(?:is |was )?not (?:equal to )?[\"'`\[]*https?:|(?:we |it )?(?:want(?:ed|s)?"
        r"|expect(?:ed|s)?|trust(?:ed|s)?|should be|must be|needs to be|instead of|rather than"
        r"|where|!=|<>)[ :=]+[\"'`\[]*https?:)",
        "iss",
    ),
    phrase(
        Sign.AUDIENCE_REFUSED,
        r"(?:^|[^\w.-])aud(?:ience)?(?: claim)?[ :=]+(?:is |was )?[\"'`\[]*\S{1,160},? (?:(?:and|"
        r"but"
        r") )?(?:(?:is |was )?not [\"'`\[]*(?:https?:|[\w.]+-[\w.-]+)|(?:we |it )?(?:want(?:ed|s)?"
        r"|expect(?:ed|s)?|accept(?:ed|s)?|should be|must be|needs to be|instead of|rather than"
        r"|!=|<>)[ :=]+[\"'`\[]*\w)",
        "aud",
    ),
    phrase(
        Sign.KEY_ID_UNKNOWN,
        r"\b(?:kid|key id) [\"'`]?[\w.:-]{1,80}[\"'`]? (?:is |was )?(?:not (?:among|one of|listed"
        r"|held"
        r"|cached|loaded|there)|none of|absent from|missing (?:from|in))\b"
        r"|\bkey [\"'`]?[\w.:-]{1,80}[\"'`]? (?:is |was )?(?:not among|none of) (?:the |our )?"
        r"(?:\w+ "
        r")?(?:keys|known|cached|loaded)\b",
        "kid",
        "key ",
    ),
    phrase(
        Sign.TOKEN_TOO_EARLY,
        r"(?:token|jwt) will be active at|\b(?:nbf|iat|not before|issued at)\b[^.;|]{0,20} (?:is"
        r" |lies "
        r")?(?:later than|greater than|after|ahead of|beyond) (?:the |our )?(?:current|clock|now"
        r"|time)"
        r"|invalid nbf\b|(?:token|jwt) was issued \d+(?:\.\d+)? ?(?:s|ms|seconds?) after (?:the "
        r")?(?:current|now)",
        "active at",
        "nbf",
        "iat",
        "not before",
        "issued",
    ),
    phrase(
        Sign.SIGNATURE_REFUSED,
        r"(?:jwt|token|session) (?:check|verification) failed: bad (?:h?mac|signature)|signature"
        r" of "
        r"(?:the |this )?(?:token|jwt) (?:is|was) (?:not valid|invalid|wrong)"
        r"|no key (?:of|in) (?:the )?(?:key ?set|jwks|key ?ring) verified",
        "bad ",
        "signature of",
        "no key",
    ),
    phrase(
        Sign.KEY_ID_UNKNOWN,
        r"none of the keys (?:of|in) (?:the )?(?:jwks|key ?set|key ?ring)|for which no (?:verifi"
        r"cation "
        r")?key is (?:loaded|known)|\bUnknownKeyId\b|\bJWK not found|with key id \S{1,80} (?:whi"
        r"ch|that)"
        r" (?:we|is|are) (?:do )?not? ?(?:know|known)|(?:key ?set|jwks|key ?ring) (?:does not|do"
        r"esn't) "
        r"(?:contain|have|hold) |unable to lookup correct key"
        r"|token's kid is[^|]{0,120}did not match any keys|not have a kid matching any",
        "none of the keys",
        "for which no",
        "unknownkeyid",
        "jwk not found",
        "key id",
        "keyset",
        "key set",
        "jwks",
        "keyring",
        "key ring",
        "unable to lookup",
        "kid is",
        "kid matching",
    ),
    phrase(
        Sign.TOKEN_REVOKED,
        r"(?:token|jti|session) \S{0,60} ?(?:is |was )?(?:in|on) (?:the |a )?(?:deny|block|black"
        r"|revocation)[ -]?list|token[_ ]version (?:mismatch|(?:is )?too old|(?:is )?outdated)"
        r"|session (?:is )?no longer active",
        "list",
        "version",
        "no longer active",
    ),
    phrase(
        Sign.KEY_ID_UNKNOWN,
        r"\bno (?:jwk|jwks|cached key|known key|loaded key) (?:for|with|of) (?:the )?(?:kid|key i"
        r"d)\b"
        r"|\bkid_(?:does_not|did_not|not)_match\b",
        "kid",
        "key id",
    ),
    phrase(
        Sign.ISSUER_REFUSED,
        r"\bclaim [\"'`:]?iss\b[\"'`]? (?:did not|does not|failed to) pass|\biss(?:uer)? (?:claim"
        r" )?"
        r"(?:check|validation|verification) (?:has )?failed|claimVerificationFailure\b[^|;]{0,30}"
        r"\biss\b|missing_claim\W{1,8}iss\b",
        "iss",
    ),
    phrase(
        Sign.AUDIENCE_REFUSED,
        r"\bclaim [\"'`:]?aud\b[\"'`]? (?:did not|does not|failed to) pass|\baud(?:ience)? (?:cla"
        r"im )?"
        r"(?:check|validation|verification) (?:has )?failed|claimVerificationFailure\b[^|;]{0,30}"
        r"\baud\b|missing_claim\W{1,8}aud\b|could not be found in the array of values for "
        r"[\"'`]aud",
        "aud",
    ),
    phrase(
        Sign.AUDIENCE_REFUSED,
        r"missing (?:the |a )?(?:required )?(?:jwt )?(?:claims?:? )?[\"'`\[]*(?:aud|audience)\b"
        r"(?!\w| (?:config|setting|variable|env))|"
        r"\baud(?:ience)? claim is (?:required|missing|absent)"
        r"|[\"'`]aud[\"'`] claim (?:is )?(?:required|missing|absent|not (?:present|found))",
        "missing",
        "aud claim",
        "audience claim",
        "aud'",
        'aud"',
        "aud`",
    ),
    phrase(
        Sign.ISSUER_REFUSED,
        r"missing (?:the |a )?(?:required )?(?:jwt )?(?:claims?:? )?[\"'`\[]*(?:iss|issuer)\b"
        r"(?!\w| (?:config|setting|variable|env|url))|"
        r"\biss(?:uer)? claim is (?:required|missing|absent)"
        r"|[\"'`]iss[\"'`] claim (?:is )?(?:required|missing|absent|not (?:present|found))",
        "missing",
        "iss claim",
        "issuer claim",
        "iss'",
        'iss"',
        "iss`",
    ),
)  # fmt: skip
