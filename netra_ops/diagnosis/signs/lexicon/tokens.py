"""What verifiers of tokens say: PyJWT, joserfc, jose, Spring, jjwt, golang-jwt and others."""

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
        r"token used too early|(?:token|jwt) (?:is |was )?(?:not|n't) (?:yet |valid yet|yet valid)"
        r"|is not valid yet|not yet valid|used before (?:issued|valid|nbf)|jwt not active"
        r"|ImmatureSignature(?:Error)?\b|issued in the future|lies ahead"
        r"|[\"']?(?:nbf|iat)[\"']? claim timestamp check failed|jwt used before"
        r"|(?:iat|nbf|not before|issued at)\b[^.;|]{0,40}\bin the future|before the nbf"
        r"|must not be accepted before|can't be used before|not active yet|token_not_yet_valid"
        r"|used before its (?:nbf|iat|time)|earlier than (?:the )?NotBefore",
        "early",
        "yet",
        "before",
        "not active",
        "immature",
        "in the future",
        "lies ahead",
        "timestamp check",
        "notbefore",
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
        r"|(?<!missing or )malformed (?:token|jwt|bearer)|invalid compact (?:jws|jwt)|invalid "
        r"header (?:string|"
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
        r"|refresh[ _-]?(?:token)?[ _-]?reuse|token reuse detected|reused refresh"
        r"|InvalidGrantReuse\b|invalid_grant_reuse\b",
        "reuse",
        "re-use",
        "used",
        "replayed",
    ),
    phrase(
        Sign.SIGNATURE_REFUSED,
        r"no signatures? found matching|no matching (?:webhook )?signature|signature (?:of |for )"
        r"(?:the )?(?:payload|webhook|body|request)\b[^|;]{0,30}(?:invalid|mismatch|not match|"
        r"wrong)"
        r"|(?:webhook|hub|payload|request|body)[ -]signature[^|;]{0,40}(?:mismatch|invalid|not"
        r" match"
        r"|differ|verification failed|incorrect)|signatures? (?:do not|don't|did not|didn't) m"
        r"atch\b"
        r"|X-Hub-Signature(?:-256)? (?:mismatch|does not match)|(?:computed|calculated) (?:sig"
        r"nature|"
        r"hmac|digest) (?:does not|did not|doesn't) (?:match|equal)|hmac validation failed"
        r"|InvalidJW[SE]Signature\b|verification failed for all signatures|BadTimeSignature\b"
        r"|signature b?[\"'][^\"']{1,160}[\"'] does not match|session data corrupted"
        r"|decryption operation failed|invalid token \(signature\)|(?:could not |unable to "
        r")?verify message "
        r"using any of the signatures|(?<!IDX1050[01]: )signature validation failed"
        r"|JWT::VerificationError"
        r"|Message(?:Encryptor::InvalidMessage|Verifier::InvalidSignature)|DecryptException\b"
        r"|the MAC is invalid|signature (?:could|can) ?not be verified|:signature_error\b"
        r"|jwt verification fails\b|\bnot signed (?:with|by) (?:our|the (?:expected|right|current|"
        r"configured))|signed (?:with|by) (?:an? )?(?:unknown|different|other|another|foreign|wrong"
        r"|untrusted) (?:\w+ )?(?:key|secret)\b|signature_(?:invalid|mismatch|refused|rejected)\b",
        "signature",
        "corrupted",
        "decrypt",
        "hmac",
        "verificationerror",
        "messageencryptor",
        "mac is invalid",
        "verification fails",
        "signed ",
    ),
    phrase(
        Sign.TOKEN_EXPIRED,
        r"SignatureExpired\b|signature age [\d.]+ > |_token (?:has |is |was )?expired\b"
        r"|jwt is no longer valid|TokenNotActive(?:Exception)?\b|token is not active\b(?! yet)"
        r"|[\"']exp[\"'] not satisfied|\b(?:your|user|login|auth\w*|web) session (?:has |is |was )?"
        r"expired|session (?:has |is |was )?expired(?:,? (?:please|for user|sign|log)|$)"
        r"|\bsession_expired\b(?!=)|expired (?:session|credentials?)\b(?! (?:rows?|entries|"
        r"records|cleanup|sweep|purge|janitor|removed|deleted))",
        "expired",
        "signature age",
        "longer valid",
        "not active",
        "tokennotactive",
        "not satisfied",
    ),
    phrase(
        Sign.TOKEN_TOO_EARLY,
        r"JWTNotYetValid\b|PrematureJwt(?:Exception)?\b|BeforeValidException\b|NotBeforeError\b"
        r"|JWT before use time|[\"'](?:iat|nbf)[\"'] not satisfied|invalid[ _]?iat(?:Error)?\b"
        r"|cannot handle token (?:with \w+ )?prior to|\b(?:iat|nbf|token)\b[^|;]{0,40}\blies "
        r"(?:\S+ ){1,4}ahead|before use time",
        "yetvalid",
        "premature",
        "beforevalid",
        "notbefore",
        "before use",
        "not satisfied",
        "iat",
        "prior to",
        " ahead",
    ),
    phrase(
        Sign.ISSUER_REFUSED,
        r"issuer [\"'`]?\S{1,200} provided in the (?:configuration metadata|discovery document"
        r") did "
        r"not match|did not match the (?:requested |configured |expected )?issuer\b|issuer (?:"
        r"url )?"
        r"(?:provided|returned|found|declared|advertised) (?:by|in) [^|;]{1,120}(?:does not|di"
        r"d not|"
        r"doesn't|didn't) match|discovered (?:metadata )?issuer (?:does not|did not|doesn't) match"
        r"|issuer name does not match authority|claim [\"']?iss[\"']? (?:has unexpected value|"
        r"mismatch)|\biss claim has value\b"
        r"|\b[\"']?iss[\"']? (?:mismatch\b|not satisfied|value\b[^|;]{0,20}\bexpected)"
        r"|[\"']iss[\"'] not satisfied"
        r"|Issuer \(iss\) claim value|expected (?:claim )?[\"']?iss(?:uer)?[\"']? (?:claim )?to be"
        r"|(?:invalid|unexpected|wrong|untrusted) token issuer|IDX(?:10204|10205|10211|40001)\b"
        r"|issuer validation failed|SecurityTokenInvalidIssuer|the issuer '[^']*' is invalid"
        r"|(?-i:Jwt issuer is not configured)|issuer [\"'`]?\S{1,160} (?:does not|doesn't|did not|"
        r"didn't) match|issuer in the metadata did not match|issuer [\"'`]?\S{1,160} is not (?:one "
        r"of|among|trusted|allowed|known|accepted|recogni[sz]ed|ours)|[\"']iss[\"'] \(issuer\) "
        r"claim\. Expected|\b(?:claim )?iss(?:uer)?: expected |\biss(?:uer)?\b[^|;]{0,20}"
        r"\bexpected [^|;]{1,160}\b(?:got|found|received|but was)\b|\bexpected (?:token )?iss"
        r"(?:uer)?\b[^|;]{1,160}\b(?:got|found|received|but was)\b|issuer_(?:mismatch|invalid|"
        r"refused|rejected)\b|\bissuer (?:was )?(?:refused|rejected)\b",
        "iss",
        "idx10204",
        "idx10205",
        "idx10211",
        "idx40001",
    ),
    phrase(
        Sign.AUDIENCE_REFUSED,
        r"claim [\"']?aud[\"']? (?:has unexpected value|mismatch)|\baud claim has value\b"
        r"|[\"']?\baud[\"']? (?:mismatch\b|not satisfied)|audience \(aud\) claim \["
        r"|expected (?:claim )?[\"']?aud(?:ience)?[\"']? (?:claim )?to be"
        r"|expected audience not available|IDX(?:10206|10208|10214)\b|audience validation failed"
        r"|SecurityTokenInvalidAudience|the audience '[^']*' is invalid"
        r"|audiences in jwt are not allowed|audience provided does not match|\baudience (?:was )?"
        r"(?:rejected|refused)\b|audience [\"'`]?\S{1,160} (?:was expected to be|(?:is )?not (?:in "
        r"\[|among|one of|accepted|allowed|expected|ours))|(?:another|a different|a foreign|an "
        r"unexpected) audience\b|token (?:is|was) (?:issued |minted |made )?for [^|;]{1,80}, not "
        r"(?:for )?\w|[\"']aud[\"'] \(audience\) claim\. Expected|\b(?:claim )?aud(?:ience)?: "
        r"expected |\bexpected (?:token )?aud(?:ience)?\b[^|;]{1,160}\b(?:got|found|received|but "
        r"was)\b|audience_(?:mismatch|invalid|refused|rejected)\b",
        "aud",
        "idx10206",
        "idx10208",
        "idx10214",
        " for ",
    ),
    phrase(
        Sign.KEY_ID_UNKNOWN,
        r"did not contain any (?:usable |signing )*keys|key[ -]?id \S{1,80} (?:is |was )?not (?:in"
        r"|found|known)\b|JWKeyNotFound|no valid key found in issuer|suitable verification key"
        r"|(?:could not|couldn't|can't|cannot|unable to|failed to|did not|didn't) find (?:an? |the "
        r"|any )?(?:\w+ ){0,2}(?:public)?(?:key|jwk|pem)\b[^|;]{0,40}\b(?:kid|key id|key set|"
        r"jwks)\b|given key id was not found|key not found: kid|IDX1050[01]\b|unable to match key"
        r"|no security keys were provided|[\"']?kid[\"']? (?:invalid|empty), unable to lookup"
        r"|doesn't have key to match kid|(?:signing )key \S{1,80} (?:is |was )?unknown\b"
        r"|does not correspond to a known public key|no PEM (?:found )?for (?:kid|key)"
        r"|no (?:public |signing )?keys? with (?:id|kid) \S{1,80} (?:is|was|are) known"
        r"|key \S{1,80} (?:is |was )?not (?:found )?in (?:the )?(?:jwks|jwk set|key ?set|keyring)"
        r"|kid_(?:unknown|not_found)|unknown_key(?:_id)?\b|no key matches (?:the )?kid",
        "key",
        "kid",
        "jwk",
        "pem",
        "idx1050",
    ),
    phrase(
        Sign.CLAIM_TYPE_REFUSED,
        r"cannot unmarshal (?:number|string|object|array|bool) into Go (?:struct field|value)"
        r"[^|]{0,80}[. ](?:sub|aud|iss|jti|exp|iat|kid)\b|invalid type: [^|;]{1,60}, expected a "
        r"(?:string|sequence)[^|;]{0,30}\b(?:sub|aud|iss|jti)\b"
        r"|\b(?:sub|aud|iss|jti)\b: expected type (?:string|list|str)",
        "unmarshal",
        "invalid type",
        "expected type",
    ),
    phrase(
        Sign.TOKEN_MALFORMED,
        r"wrong number of segments|not enough or too many segments|\bJW[SET](?:Invalid|"
        r"DecodeException)\b|InvalidJW[SE]Object|invalid JW[SET]\b(?! signature)"
        r"|format is Authorization: Bearer|missing (?:dot|part) delimiter|(?:token|jwt) was "
        r"expected"
        r" to have 3 parts|must have three segments|IDX(?:12741|14100|12709|14102)\b"
        r"|(?:token|jwt) is not well[ -]formed|invalid segment encoding|is not in the form of "
        r"Header"
        r"|jwt (?:header|payload) is an invalid|JsonWebTokenError: invalid token|jwt must be a "
        r"string|(?:bad|invalid|wrong) (?:token|authorization(?: header)?|auth header) format"
        r"|(?:is )?not a bearer (?:token|header|scheme)|joserfc\S*DecodeError|bad token; invalid "
        r"json|(?:errors?::Error|JWT error): InvalidToken|Error\(InvalidToken\)|unexpected signing "
        r"method|signing method \S{1,20} is invalid|IncorrectAlgorithm\b|algorithm doesn't match "
        r"the one|JWT::DecodeError|invalid token type\. token must be|token_malformed\b",
        "segment",
        "jws",
        "jwe",
        "jwt",
        "authorization: bearer",
        "delimiter",
        "well",
        "format",
        "bearer",
        "decodeerror",
        "bad token",
        "invalidtoken",
        "webtokenerror",
        "signing method",
        "algorithm",
        "token type",
        "malformed",
        "idx1",
    ),
    phrase(
        Sign.TOKEN_REVOKED,
        r"session \S{1,80} (?:is|has been) revoked"
        r"|invalid_grant\W{1,6}(?:error_description\W{1,6})?"
        r"(?:session not active|token has been (?:expired or )?revoked)|id-token-revoked"
        r"|REFRESH_TOKEN_ERROR\b[^|]{0,300}(?:session not active|session doesn't exist|user session"
        r" not found)",
        "revoked",
        "session not active",
        "refresh_token_error",
    ),
    phrase(
        Sign.REFRESH_REUSED,
        r"refresh[ _-]?token:? (?:is |was |has )?(?:been )?already (?:been )?used|refresh[ "
        r"_-]?token"
        r"[ _]replay\w*|InvalidGrantReuse|refresh[ _-]?token (?:has |was )?(?:been )?(?:rotated"
        r" already|already (?:rotated|redeemed|consumed|exchanged|spent))"
        r"|(?:rotated|superseded|spent|consumed)"
        r" refresh[ _-]?token (?:was )?(?:presented|sent|used|came|offered)"
        r"|refresh[ _-]?token (?:family|chain) (?:is |was |has been )?(?:closed|revoked|invalidated"
        r"|compromised)",
        "already",
        "replay",
        "grantreuse",
        "rotated",
        "superseded",
        "spent",
        "consumed",
        "family",
        "chain",
    ),
    phrase(
        Sign.SIGNATURE_REFUSED,
        r"unprotect(?:ing)? (?:the )?(?:ticket|message|cookie|session)[\w .]{0,20}? ?failed"
        r"|unable to unprotect|key (?:\{[0-9a-f-]{30,40}\} )?was not found in the key ring"
        r"|antiforgery (?:cookie )?token could not be decrypted"
        r"|(?:could not|cannot|failed to|unable to) (?:verify|decrypt|unseal|authenticate)"
        r" (?:the )?(?:signed |session |auth |encrypted )*(?:session|cookie|ticket)\b"
        r"(?!['s]* (?:count|store))"
        r"|(?:session|auth|ticket|signed)[ _]cookies?(?: is| was|:)? (?:\w+ )?(?:bad|wrong|invalid)"
        r" (?:hmac|mac|signature|digest)|securecookie: (?:the value|hash value) is not valid"
        r"|(?:bad|wrong|invalid) (?:session|cookie|ticket) (?:hmac|mac|signature|digest)"
        r"|invalid (?:session |signed |auth )?cookie: bad (?:hmac|mac|signature)"
        r"|JWE decryption failed",
        "unprotect",
        "key ring",
        "antiforgery",
        "cookie",
        "session",
        "ticket",
        "decryption failed",
    ),
)  # fmt: skip
