"""What verifiers of tokens say.

PyJWT, joserfc, python-jose, Authlib, jose, jsonwebtoken, Spring Security, jjwt, java-jwt,
golang-jwt, go-oidc, google-auth and our own.
"""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

PHRASES: Final = (
    phrase(
        Sign.SIGNATURE_REFUSED,
        r"signature verification failed|signature (?:is |was )?(?:invalid|incorrect|not right"
        r"|not valid|rejected|wrong)\b|signature (?:does not|doesn't|did not|didn't) (?:match|fit|"
        r"verify)|bad[_ -]signature\b|invalid[_ -](?:\w+[_ -])?signature\b"
        r"|signature (?:mismatch|check failed)|signature resulted invalid"
        r"|(?:failed|unable|could not|cannot|can't) (?:to )?(?:verify|validate) (?:\w+ ){0,3}"
        r"signature|failed to verify id token signature|wrong signature\b"
        r"|crypto/(?:rsa|ecdsa): verification error|error in cryptographic primitive"
        r"|InvalidSignature(?:Error|Exception)?\b|BadSignature(?:Error)?\b"
        r"|\bH?MAC (?:does not|did not|doesn't|didn't) (?:verify|match)|\bH?MAC (?:mismatch|"
        r"verification failed|check failed)|ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
        r"|JWSSignatureVerificationFailed"
        r"|signature \w+ has been tampered|signature (?:\S+ )?does not match locally computed",
        "signature",
        "mac ",
        "verification error",
        "cryptographic primitive",
    ),
    phrase(
        Sign.TOKEN_EXPIRED,
        r"\b(?:token|jwt|signature|assertion|credential|cookie)s? (?:has |have |is |was |had )?"
        r"(?:already )?expired\b|\b(?:token|jwt) (?:has )?expired (?:at|on|by|since)|token expired,"
        r"|ExpiredSignature(?:Error)?\b|ExpiredJwt(?:Exception)?\b|TokenExpired(?:Error|Exception)?"
        r"\b|\bJWTExpired\b|ERR_JWT_EXPIRED|expired[_-]token\b|token[_-]expired\b"
        r"|[\"']exp[\"'] claim timestamp check failed|\bexpired (?:access |refresh |id |bearer )?"
        r"(?:token|jwt)\b(?! (?:rows?|entries|records|cleanup|sweep|purge|janitor))"
        r"|exp(?:iry|iration)? (?:claim )?(?:is |was )?in the past",
        "expired",
        'exp" claim',
        "exp' claim",
        "in the past",
    ),
    phrase(
        Sign.TOKEN_TOO_EARLY,
        r"token used too early|(?:token|jwt) (?:is |was )?(?:not|n't) (?:yet |valid yet|yet valid"
        r"|active)|is not valid yet|not yet valid|used before (?:issued|valid|nbf)|jwt not active"
        r"|ImmatureSignature(?:Error)?\b|issued in the future|lies ahead"
        r"|[\"']?(?:nbf|iat)[\"']? claim timestamp check failed|jwt used before"
        r"|(?:iat|nbf|not before|issued at)\b[^.;|]{0,40}\bin the future|before the nbf"
        r"|must not be accepted before|can't be used before|not active yet|token_not_yet_valid"
        r"|used before its (?:nbf|iat|time)",
        "early",
        "yet",
        "before",
        "not active",
        "immature",
        "in the future",
        "lies ahead",
        "timestamp check",
    ),
    phrase(
        Sign.ISSUER_REFUSED,
        r"(?:invalid|unexpected|wrong|bad|unknown|untrusted|incorrect) [\"']?iss(?:uer)?\b"
        r"|InvalidIssuer(?:Error)?\b|invalid_issuer|jwt issuer invalid"
        r"|invalid[_ ]claim[:s]*[ \"']*(?:invalid claim[ :\"']*)?iss\b"
        r"|\bissuer (?:is |was |claim )?(?:invalid|wrong|unexpected|not (?:valid|allowed|trusted|"
        r"recogni[sz]ed|the expected))|iss(?:uer)? claim (?:is )?(?:not valid|invalid)"
        r"|issuer (?:does not|doesn't|did not|didn't) match|issuer mismatch|mismatched issuer"
        r"|issued by a different provider|(?:another|a different|a foreign) issuer"
        r"|claim 'iss' value doesn't match|unexpected \"iss\" claim value"
        r"|iss should be one of|'iss' should be one of",
        "iss",
        "different provider",
    ),
    phrase(
        Sign.AUDIENCE_REFUSED,
        r"(?:invalid|unexpected|wrong|bad|incorrect) [\"']?aud(?:ience)?\b"
        r"|InvalidAudience(?:Error)?\b|invalid_audience|jwt audience invalid"
        r"|audience (?:does not|doesn't|did not|didn't) (?:match|contain|include)"
        r"|audience (?:is |was |claim )?(?:invalid|wrong|unexpected|not (?:valid|allowed|"
        r"recogni[sz]ed|ours|the expected))|audience mismatch|aud(?:ience)? claim (?:is )?(?:not "
        r"(?:valid|equal)|invalid)|claim 'aud' value doesn't contain"
        r"|invalid[_ ]claim[:s]*[ \"']*(?:invalid claim[ :\"']*)?aud\b"
        r"|token has wrong audience|oidc: expected audience|unexpected \"aud\" claim value"
        r"|(?:is |was )?(?:meant|intended|made|minted) for (?:\S+ ){0,3}(?:, )?not (?:for )?(?:us|"
        r"this)|meant for [^|;]{1,80}, not for us|audience \S+ is not ours"
        r"|The aud claim is not valid|This aud claim is not equal",
        "aud",
        "meant for",
        "intended for",
        "made for",
        "minted for",
    ),
    phrase(
        Sign.KEY_ID_UNKNOWN,
        r"unable to find a (?:signing|matching) key|no matching (?:signing )?(?:key|jwk)"
        r"|unknown (?:kid|key[ -]?id|signing key)|unknown_kid|UnknownKey\b|SigningKeyNotFound"
        r"|kid (?:[\"']?[\w.:-]{1,80}[\"']? )?(?:is |was )?(?:not (?:found|known|in)\b|unknown)"
        r"|no (?:public |signing )?key (?:found )?(?:for|with|matching) (?:the )?(?:kid|key id|id)"
        r"|(?:signing )?key (?:for|with) (?:kid|id|key id) ?[\"':=]*[\w.:-]{1,80}[\"']? "
        r"(?:was |is )?(?:not found|unknown|missing)|no applicable key found"
        r"|another algorithm expected, or no matching key|Certificate for key id \S+ not found"
        r"|names a key that[^|;]{0,60}(?:not|never)|JWKSNoMatchingKey|ERR_JWKS_NO_MATCHING_KEY"
        r"|invalid_key_id|no verification key"
        r"|(?:key|kid) [\"']?[\w.:-]{1,80}[\"']? (?:is |was )?not (?:found |present )?in (?:the )?"
        r"(?:jwks|key ?set|cached|cache|published|known)",
        "kid",
        "key",
        "jwk",
    ),
    phrase(
        Sign.CLAIM_TYPE_REFUSED,
        r"(?P<claim>subject|sub|jti|JWT ID|issuer|iss|audience|aud|kid) (?:claim )?must be an? "
        r"(?:string|text|int(?:eger)?|number|list|array)|InvalidSubject(?:Error)?\b"
        r"|InvalidJTI(?:Error)?\b|Issued At claim \(iat\) must be|Input should be a valid string"
        r"[^|]{0,80}\bsub\b|\bsub(?:ject)?\b[^|;]{0,40}(?:expected|must be)(?: an?)? str(?:ing)?\b"
        r"|Expiration Time claim \(exp\) must be",
        "must be",
        "invalidsubject",
        "invalidjti",
        "valid string",
        "expected",
    ),
    phrase(
        Sign.TOKEN_MALFORMED,
        r"not enough segments|invalid number of segments|jwt malformed|(?:token|jwt) is malformed"
        r"|malformed (?:token|jwt|bearer)|invalid compact (?:jws|jwt)|invalid header (?:string|"
        r"padding)|invalid (?:payload|crypto) (?:string|padding)|error decoding token headers"
        r"|token is not in compact form|invalid serialization|MalformedJwt|not canonical base64url"
        r"|token contains an invalid number|could not decode (?:the )?(?:token|jwt)"
        r"|specified alg value is not allowed|algorithm is not allowed|invalid algorithm\b",
        "segments",
        "malformed",
        "compact",
        "padding",
        "header string",
        "payload string",
        "decod",
        "serialization",
        "canonical",
        "alg",
    ),
    phrase(
        Sign.TOKEN_REVOKED,
        r"(?:token|session|credential|jwt|grant)s? (?:has been |have been |is |was |had been )?"
        r"(?:already )?revoked\b|revoked[_ ](?:token|session)\b|was revoked|TokenRevoked"
        r"|(?:session|token) (?:was |has been )?(?:ended|terminated|invalidated|blacklisted|"
        r"denylisted|blocklisted|signed out|logged out)\b|token is (?:black|deny|block)listed",
        "revoked",
        "ended",
        "terminated",
        "invalidated",
        "listed",
        "signed out",
        "logged out",
    ),
    phrase(
        Sign.REFRESH_REUSED,
        r"refresh[ _-]?token (?:\S+ )?(?:was |has been |is |already )*(?:re-?used|used (?:twice|"
        r"again|before)|replayed)|re-?use (?:of )?(?:a |the )?(?:rotated )?refresh[ _-]?token"
        r"|refresh[ _-]?(?:token)?[ _-]?reuse|token reuse detected|reused refresh",
        "reuse",
        "re-use",
        "used",
        "replayed",
    ),
)  # fmt: skip
