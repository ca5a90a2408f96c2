"""What is said of callers who were refused, and of clients, keys and headers."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

_CREDENTIAL: Final = (
    r"(?:credentials?|authorization(?: header)?|auth(?:entication)? (?:token|header|credentials?)"
    r"|(?:bearer |access |auth |jwt |api )?token|bearer|api[ -]?key|jwt)"
)

PHRASES: Final = (
    phrase(
        Sign.CREDENTIAL_MISSING,
        rf"\bno {_CREDENTIAL} (?:was |were |is )?(?:found|provided|supplied|present|presented|sent|"
        rf"given|in (?:the )?(?:request|headers?|cookies?)|on (?:the )?request|received|attached)"
        rf"|\bno (?:auth(?:orization)?[ _](?:token|header)|bearer token|credentials?)\b"
        rf"|missing (?:or empty )?(?:the )?(?:bearer |access |auth(?:orization|entication)? )"
        rf"(?:token|header|credentials?)"
        rf"|(?:authorization|auth|bearer|x-api-key|authentication)(?: token| header"
        rf"| credentials?)+ "
        rf"(?:is |was |are |were )?(?:missing|absent|required but|not (?:found|provided|present|"
        rf"supplied|sent|set))"
        rf"|\bmissing (?:bearer|authorization|credentials?)\b"
        rf"|request (?:carried|had|has|came with|contained|contains) no {_CREDENTIAL}"
        rf"|without (?:an? |any )?(?:authorization|bearer|credentials?|auth) ?(?:header|token)?"
        rf"(?= |$|[.,;:)])(?=.{{0,40}}(?:refus|reject|denied|den(?:y|ied)|401|403|$))"
        rf"|jwt must be provided|credentials_required|credential[_ ]missing\b|CredentialMissing"
        rf"|token[_ ]missing\b(?!=)|missing[_ ]token\b|no_credential|missing_credential"
        rf"|credentials were not provided|token (?:is )?missing (?:from|in)"
        rf"|NotAuthenticated: no |anonymous (?:request|caller|call|client) (?:was )?"
        rf"(?:refused|rejected|denied)",
        "no ",
        "missing",
        "no_",
        "without",
        "must be provided",
        "credentials_required",
        "not found",
        "not p",
        "not s",
        "absent",
        "anonymous",
    ),
    phrase(
        Sign.NOT_AUTHENTICATED,
        r"\bnot authenticated\b|authentication (?:is )?(?:required|failed|error|refused)"
        r"|\bunauthenticated\b|\b401\b[\s:\"'|-]{1,4}(?:client error[: ]*)?unauthori[sz]ed"
        r"|unauthori[sz]ed(?:Error)?\b|AuthenticationFailed|could not validate credentials"
        r"|invalid (?:authentication|access|bearer|auth) (?:credentials?|token)|invalid[_ ]token\b"
        r"|full authentication is required|login required|NotAuthenticated\b"
        r"|(?:token|credential) (?:was |is )?(?:refused|rejected|invalid|not accepted)\b"
        r"|(?:token|jwt) (?:validation|verification) failed|authentication object was not found"
        r"|failed to authenticate|TokenRejected\b|(?:handshake|websocket|socket|connection) "
        r"(?:was )?(?:refused|rejected)(?=.{0,40}(?:401|auth|token|credential))"
        r"|\b(?:answered|returned|responded|got|replied)(?: with)? (?:an? )?(?:http )?401\b",
        "authenticat",
        "unauthori",
        "validate credentials",
        "invalid",
        "login required",
        "refused",
        "rejected",
        "not accepted",
        "failed",
        "401",
    ),
    phrase(
        Sign.NOT_PERMITTED,
        r"permission[_ ]denied|\b403\b[\s:\"'|-]{1,4}(?:client error[: ]*)?forbidden"
        r"|\bforbidden\b(?! (?:\w+ )?(?:character|header|name|word|character|char))"
        r"|\b(?:answered|returned|responded|got|replied)(?: with)? (?:an? )?(?:http )?403\b"
        r"|insufficient[_ ](?:scope|permissions?|privileges?)|access (?:is )?denied\b(?! for user)"
        r"|not (?:allowed|permitted|authori[sz]ed) to\b|AccessDenied(?:Exception)?\b"
        r"|lacks? (?:the )?(?:required )?(?:scope|permission|role)|PermissionDenied\b",
        "permission",
        "forbidden",
        "insufficient",
        "denied",
        "403",
        "not allowed",
        "not permitted",
        "not authori",
        "lack",
    ),
    phrase(
        Sign.CLIENT_REFUSED,
        r"\binvalid_client\b|InvalidClient(?:Error|Exception)?\b|unauthorized_client"
        r"|client authentication failed|(?:invalid|wrong|bad|unknown) client(?:[ _](?:secret|"
        r"credentials?|id))?\b|client (?:\S{1,60} )?(?:is )?(?:unknown|disabled|not registered)"
        r"|service (?:\S{1,60} )?is (?:unknown|disabled|not registered) (?:at|to|by)"
        r"|gave \S+ no token \(invalid_client\)|(?:client|service)[ _]secret (?:is |was )?(?:wrong|"
        r"refused|rejected|invalid|(?:does not|did not|didn't|doesn't) match)"
        r"|refused the (?:credentials?|secret) of",
        "client",
        "service",
        "refused the",
    ),
    phrase(
        Sign.PASSWORD_WRONG,
        r"(?:wrong|invalid|incorrect|bad) (?:user(?:name)?(?: or |/))?password"
        r"|password (?:is |was )?(?:wrong|incorrect|invalid|does not match|mismatch)"
        r"|invalid (?:login|username) (?:or|and) password|bad credentials\b|BadCredentials"
        r"|login failed\b|failed login\b|invalid_grant[^|]{0,40}password",
        "password",
        "bad credentials",
        "badcredentials",
        "login failed",
        "failed login",
    ),
    phrase(
        Sign.WORKLOAD_KEY_REFUSED,
        r"invalid_grant\W{1,6}(?:error_description\W{1,6})?Invalid JWT Signature"
        r"|Invalid JWT Signature|invalid[_ ]grant\W{1,6}(?:error_description\W{1,6})?(?:Invalid "
        r"grant: )?account (?:not found|has been (?:deleted|disabled))"
        r"|service account key (?:\S+ )?(?:was |has been |is )?(?:deleted"
        r"|disabled|expired|not found|invalid)|invalid_grant[^|]{0,40}key (?:id )?\S* ?"
        r"(?:not found|deleted|disabled)|private key (?:has been )?(?:deleted|disabled|revoked)",
        "jwt signature",
        "account",
        "invalid_grant",
        "private key",
    ),
    phrase(
        Sign.KEY_UNREADABLE,
        r"could not (?:deserialize|parse|load|read) (?:the )?(?:provided )?(?:key|public key|"
        r"private key|pem)|unable to (?:load|parse|read) (?:the )?(?:pem|key|private key|public key"
        r"|signing key)|no start line|MalformedFraming|PEM routines|DECODER routines::unsupported"
        r"|(?:invalid|malformed|bad) (?:pem|key format|private key|public key|signing key"
        r"|rsa key)\b"
        r"|failed to (?:parse|decode|load|read) (?:the )?(?:pem|(?:rsa |ec |private |public |"
        r"signing )?key)\b|asn\.?1 (?:parsing |decod\w+ )?error|asn1: (?:structure|syntax) error"
        r"|must be (?:PKCS|SPKI)\S* formatted|illegal base64 (?:data|character)"
        r"|(?:key|pem)\b[^|;]{0,40}incorrect padding|InvalidKey(?:Error|Exception|SpecException)\b"
        r"|key must be PEM encoded|asymmetric key or x509 certificate and should not"
        r"|valid PEM|DECODER_ROUTINES|InvalidData\(InvalidByte|pem: (?:no|failed)"
        r"|signing key (?:\S+ )?(?:is )?(?:unusable|unreadable)",
        "key",
        "pem",
        "start line",
        "framing",
        "decoder",
        "asn",
        "formatted",
        "base64",
    ),
    phrase(
        Sign.HEADER_ILLEGAL,
        r"illegal header (?:value|name)|invalid character in header content|ERR_INVALID_CHAR"
        r"|invalid (?:http )?header (?:value|field value)|invalid header field value"
        r"|(?:line break|newline|return character|leading white ?space|CR or LF)s? [^|]{0,40}header"
        r"|header value (?:must|should) not contain|headers? (?:may|must) not contain"
        r"|(?:character|carriage return|null byte|newline)[^|]{0,40}(?:detected|found) in headers?"
        r"|(?:leading whitespace|return character)[^|]{0,80}header (?:value|name)"
        r"|potential header injection|Newline or carriage return"
        r"|invalid return character or leading space in header"
        r"|invalid trailing whitespace",
        "header",
        "err_invalid_char",
        "carriage",
        "trailing whitespace",
    ),
    phrase(
        Sign.CREDENTIAL_MISSING,
        rf"missing (?:JWT in|cookie [\"']?\w*(?:token|session|auth|jwt)|or malformed jwt|"
        rf"[\"'`]?(?:authorization|bearer|x-api-key|auth)[\"'`]? (?:header|token))"
        rf"|\ba (?:bearer )?token is required|(?:request|call|message|handshake|client|caller|"
        rf"headers?) (?:does not|doesn't|did not|didn't) (?:contain|carry|include|have|bring) "
        rf"(?:an?"
        rf" |any |the )?{_CREDENTIAL}|auth(?:orization)?[ _]header (?:is |was )?(?:empty|expected|"
        rf"required)\b|(?:^|bearer |access |auth )token (?:is |was )?(?:empty|not provided)\b"
        rf"|empty (?:bearer|authorization|auth) (?:token|header)|token could not be parsed from "
        rf"the "
        rf"request|nil json web token|you need to sign in or sign up before|\bjwt (?:is )?missing\b"
        rf"|password was provided for basic authentication|no (?:session|auth) cookie"
        rf"|no x-api-key\b|(?:calls?|requests?|connections?|handshakes?|callers?|clients?) without "
        rf"(?:an? |any )?(?:valid )?{_CREDENTIAL} (?:was |were )?(?:refused|rejected|denied|closed"
        rf"|turned away)|expected an? {_CREDENTIAL},? (?:but )?(?:got|found) (?:none|nothing)"
        rf"|missing_(?:authorization|bearer|credentials?|auth)\w*|authorization_header_missing"
        rf"|authorization_missing|token_required\b|token not provided|no API key found in request",
        "missing",
        "token",
        "header",
        "jwt",
        "sign in",
        "was provided",
        "no ",
        "without",
        "expected a",
        "does not",
        "doesn't",
        "did not",
        "didn't",
    ),
    phrase(
        Sign.NOT_AUTHENTICATED,
        r"token_not_valid\b|token not valid for any token type|(?:token )?(?:is )?invalid or "
        r"(?:has )?expired|expired or (?:is )?invalid\b|IDX10000\b|AuthenticateError\b"
        r"|(?:auth\w*|identity) (?:middleware|guard|filter)[^|;]{0,20}\b(?:rejected|refused|denied)"
        r"|credentials (?:were |are )?(?:refused|rejected|not valid|invalid)\b"
        r"|(?:handshake|upgrade) (?:\w+ )?(?:refused|rejected|failed)[^|;]{0,30}\b(?:401|403)\b"
        r"|http 401\b|status(?:[ _]?code)?[ :=]+401\b|\b401 unauthori[sz]ed",
        "valid",
        "authenticateerror",
        "refused",
        "rejected",
        "denied",
        "401",
        "403",
    ),
    phrase(
        Sign.CLIENT_REFUSED,
        r"invalid_client_credentials|CLIENT_LOGIN_ERROR|error=client_not_found"
        r"|AADSTS(?:7000215|7000222|700016)\b|(?:client|service)[ _]secret (?:for|of) \S{1,60} "
        r"(?:is "
        r"|was )?(?:wrong|refused|rejected|invalid|does not match|did not match|is not the one)"
        r"|unknown (?:service|client) id\b|client \S{1,60} is not (?:known|registered)\b",
        "client",
        "service",
        "aadsts",
    ),
    phrase(
        Sign.PASSWORD_WRONG,
        r"invalid (?:email|user(?:name)?|login|e-mail) or password|invalid login credentials"
        r"|unable to log in with provided credentials|no active account found with the given"
        r"|invalid_user_credentials|CredentialsSignin\b|credentials do not match our records"
        r"|password check failed|login attempt failed|user_not_found, type=LOGIN_ERROR",
        "password",
        "credentials",
        "account",
        "login attempt",
    ),
    phrase(
        Sign.WORKLOAD_KEY_REFUSED,
        r"InvalidClientTokenId\b|InvalidAccessKeyId\b|UnrecognizedClientException\b"
        r"|AWS Access Key Id you provided does not exist|security token included in the request is "
        r"invalid\b",
        "invalidclient",
        "invalidaccess",
        "unrecognizedclient",
        "access key id",
        "security token",
    ),
    phrase(
        Sign.HEADER_ILLEGAL,
        r"unexpected char 0x[0-9a-f]+ at \d+ in \S+ value|header value contains prohibited "
        r"character"
        r"|new-?line characters are not allowed in header|the format of value 'Bearer|header "
        r"field value "
        r"cannot include CR|is not valid header value|InvalidHeaderValue\b|failed to parse header "
        r"value"
        r"|invalid value for header",
        "unexpected char",
        "header",
        "format of value",
    ),
    phrase(
        Sign.KEY_UNREADABLE,
        r"InvalidKeyType(?:Error)?\b|must be an asymmetric key|not valid key material"
        r"|WeakKeyException"
        r"|must be a PEM encoded|^key is of invalid type|: key is of invalid type|IDX10(?:720|653"
        r"|630)\b"
        r"|no supported key formats were found|could not parse PKey|unable to validate key|cannot "
        r"be "
        r"coerced into a private key|key provided is shorter than|InvalidKeyFormat\b"
        r"|InvalidRsaKey\b"
        r"|PEM_read_bio_PrivateKey|could not decode PEM|no PEM block|asn1 encoding routines"
        r"|loading service "
        r"account info|no key could be detected|(?:key|secret) is not in PEM",
        "key",
        "pem",
        "asn1",
        "idx10",
        "service account info",
    ),
)  # fmt: skip
