"""What lines of other people's programs mean, and which only look as if they meant it."""

from pathlib import Path

import pytest

from netra_ops.diagnosis.signs.lexicon.every import PHRASES, SILENCED_BY
from netra_ops.diagnosis.signs.meaning import Lexicon
from netra_ops.diagnosis.signs.sign import Sign

HARMLESS = Path(__file__).parents[3] / "corpus" / "harmless_log_lines.txt"

SAID: dict[Sign, tuple[str, ...]] = {
    Sign.SIGNATURE_REFUSED: (
        "jwt.exceptions.InvalidSignatureError: Signature verification failed",
        "jose.exceptions.JWTError: Signature verification failed.",
        "joserfc.errors.BadSignatureError: bad_signature: ",
        "JsonWebTokenError: invalid signature",
        "JWSSignatureVerificationFailed: signature verification failed",
        "attempting to decode the Jwt: Signed JWT rejected: Invalid signature",
        "JWT signature does not match locally computed signature. JWT validity cannot be asserted",
        "The Token's Signature resulted invalid when verified using the Algorithm: HmacSHA256",
        "token signature is invalid: crypto/rsa: verification error",
        "failed to verify signature: failed to verify id token signature",
        "oidc: malformed jwt: go-jose/go-jose: error in cryptographic primitive",
        "session cookie rejected: MAC does not verify",
        "netra.tokens: the signature is not right",
    ),
    Sign.TOKEN_EXPIRED: (
        "jwt.exceptions.ExpiredSignatureError: Signature has expired",
        "expired_token: The token is expired",
        "TokenExpiredError: jwt expired",
        'JWTExpired: "exp" claim timestamp check failed',
        "Jwt expired at 2026-03-01T10:00:00Z",
        "JWT expired at 2026-03-01T10:00:00Z. Current time: 2026-03-01T10:00:31Z",
        "The Token has expired on 2026-03-01T10:00:00Z.",
        "token has invalid claims: token is expired",
        "oidc: token is expired (Token Expiry: 2026-03-01 10:00:00 +0000 UTC)",
        "Token expired, 1700000000 < 1700000031",
    ),
    Sign.TOKEN_TOO_EARLY: (
        "ImmatureSignatureError: The token is not yet valid (iat)",
        "Token used too early, 1700000000 < 1700000001. Check that your clock is right.",
        "NotBeforeError: jwt not active",
        '"nbf" claim timestamp check failed',
        "invalid_token: The token is not valid yet",
        "The token is not valid as it was issued in the future",
        "token is not valid yet",
        "Token used before issued",
        "The Token can't be used before 2026-03-01T10:00:00Z.",
        "the token was issued in the future",
    ),
    Sign.ISSUER_REFUSED: (
        "jwt.exceptions.InvalidIssuerError: Invalid issuer",
        "JsonWebTokenError: jwt issuer invalid. expected: https://id.shop.example/",
        'JWTClaimValidationFailed: unexpected "iss" claim value',
        'invalid_claim: Invalid claim: "iss"',
        "An error occurred while attempting to decode the Jwt: The iss claim is not valid",
        "The Claim 'iss' value doesn't match the required issuer.",
        "token has invalid issuer",
        'oidc: id token issued by a different provider, expected "https://a" got "https://b"',
        "Wrong issuer. 'iss' should be one of the following: ['accounts.google.com']",
        "the token is another issuer's",
    ),
    Sign.AUDIENCE_REFUSED: (
        "jwt.exceptions.InvalidAudienceError: Audience doesn't match",
        "jose.exceptions.JWTClaimsError: Invalid audience",
        "jwt audience invalid. expected: orders",
        'unexpected "aud" claim value',
        "The aud claim is not valid",
        "The Claim 'aud' value doesn't contain the required audience.",
        "token has invalid audience",
        'oidc: expected audience "orders" got ["billing"]',
        "Token has wrong audience orders, expected one of ['billing']",
        "the token is meant for billing, not for us",
    ),
    Sign.KEY_ID_UNKNOWN: (
        'PyJWKClientError: Unable to find a signing key that matches: "2025-11-a"',
        "SigningKeyNotFoundError: Unable to find a signing key that matches '2025-11-a'",
        "JWKSNoMatchingKey: no applicable key found in the JSON Web Key Set",
        "Signed JWT rejected: Another algorithm expected, or no matching key(s) found",
        "ValueError: Certificate for key id 2025-11-a not found.",
        "token rejected: unknown kid",
        "the token names a key that the issuer does not publish",
    ),
    Sign.CLAIM_TYPE_REFUSED: (
        "jwt.exceptions.InvalidSubjectError: Subject must be a string",
        "jose.exceptions.JWTClaimsError: Subject must be a string.",
        "Issued At claim (iat) must be an integer.",
    ),
    Sign.TOKEN_MALFORMED: ("DecodeError: Not enough segments", "JsonWebTokenError: jwt malformed"),
    Sign.TOKEN_REVOKED: (
        "UnauthorizedError: The token has been revoked.",
        "the token, its session or its subject was revoked",
    ),
    Sign.REFRESH_REUSED: ("refresh token reuse detected for session 8",),
    Sign.CREDENTIAL_MISSING: (
        "UnauthorizedError: No authorization token was found",
        "Error: No auth token",
        "rejected GET: no bearer token",
        "403 Not authenticated: no Authorization header",
        "Authorization header missing",
        "JsonWebTokenError: jwt must be provided",
        "the request carried no credential",
        "Authentication credentials were not provided.",
    ),
    Sign.NOT_AUTHENTICATED: (
        "403: Not authenticated",
        "Full authentication is required to access this resource",
        "Could not validate credentials",
        'the orders service answered 401 {"detail":"nope"}',
    ),
    Sign.NOT_PERMITTED: ("403 Forbidden", "insufficient_scope: orders.write is needed"),
    Sign.CLIENT_REFUSED: (
        '{"error":"invalid_client"}',
        "client authentication failed for collector",
        "unauthorized_client",
    ),
    Sign.WORKLOAD_KEY_REFUSED: (
        "google.auth.exceptions.RefreshError: ('invalid_grant: Invalid JWT Signature.', {})",
        "invalid_grant: Invalid grant: account not found",
    ),
    Sign.KEY_UNREADABLE: (
        "ValueError: Could not deserialize key data. The data may be in an incorrect format",
        "ValueError: Unable to load PEM file. MalformedFraming",
        "Error: error:1E08010C:DECODER routines::unsupported",
        "error:0909006C:PEM routines:get_name:no start line",
        "asn1: structure error: tags don't match",
        'TypeError: "pkcs8" must be PKCS#8 formatted string',
        "InvalidKeyError: Could not parse the provided public key.",
    ),
    Sign.HEADER_ILLEGAL: (
        "httpx.LocalProtocolError: Illegal header value b'...'",
        'TypeError [ERR_INVALID_CHAR]: Invalid character in header content ["authorization"]',
        (
            "requests.exceptions.InvalidHeader: Invalid leading whitespace, reserved character(s), "
            "or return character(s) in header value"
        ),
        'net/http: invalid header field value for "Authorization"',
        "ValueError: Newline, carriage return, or null byte detected in headers.",
    ),
    Sign.CHECK_PASSED_OVER: (
        "token check failed, continuing as anonymous",
        "falling back to anonymous user",
        "authentication check skipped",
        "Created session for user None",
        "requests will be anonymous",
    ),
    Sign.NOT_CONFIGURED: (
        "JWT_SECRET is not set",
        "SERVICE_SECRET: not configured",
        "missing environment variable JWT_SECRET",
        "KeyError: 'JWT_SECRET'",
        "RuntimeError: Missing required environment variable: SESSION_KEY",
        "Could not resolve placeholder 'jwt.secret' in value \"${jwt.secret}\"",
        "secretOrPrivateKey must have a value",
        "google.auth.exceptions.DefaultCredentialsError: Your default credentials were not found.",
        "TypeError: JwtStrategy requires a secret or key",
    ),
    Sign.VALUE_EMPTY: ("JWT_SECRET is empty", "HMAC key data must not be empty"),
    Sign.VALUE_WITH_BLANKS: ("JWT_SECRET has trailing whitespace",),
    Sign.DEFAULT_KEY: (
        "APP_KEY not set, using the default development key",
        "WARNING using insecure default secret key",
    ),
    Sign.KEY_GENERATED: (
        "no key given, generated a random signing key",
        "Using generated security password: (hidden)",
    ),
    Sign.REFERENCE_TEXT: (
        "JWT_SECRET looks like a reference",
        "invalid url '${AUTH_URL}'",
    ),
    Sign.FALLBACK_FILE: (
        "secret store unreachable, using cached configuration",
        "configuration not read in time: deadline exceeded; using /etc/tiller/defaults.yaml",
    ),
    Sign.SESSION_MIDDLEWARE: (
        "AssertionError: SessionMiddleware must be installed to access request.session",
        "RuntimeError: The session is unavailable because no secret key was set.",
    ),
    Sign.KEY_ROTATED: ("signing key 2026-01 rotated", "rotated signing keys"),
    Sign.CONNECTION_REFUSED: (
        "ConnectionRefusedError: [Errno 111] Connect call failed ('10.1.2.3', 8001)",
        "Error: connect ECONNREFUSED 10.1.2.3:8001",
        "httpx.ConnectError: All connection attempts failed",
        "dial tcp 10.1.2.3:8001: connect: connection refused",
        "requests.exceptions.ConnectionError: Failed to establish a new connection",
        "connect() failed (111: Connection refused) while connecting to upstream",
        "Cannot connect to host auth:8001 ssl:default",
    ),
    Sign.HOST_UNKNOWN: (
        "socket.gaierror: [Errno -2] Name or service not known",
        "Error: getaddrinfo ENOTFOUND auth.internal",
        "dial tcp: lookup auth.internal on 169.254.169.254:53: no such host",
        "java.net.UnknownHostException: auth.internal",
    ),
    Sign.TIMED_OUT: (
        "httpx.ReadTimeout: timed out",
        "Error: connect ETIMEDOUT 10.1.2.3:443",
        "context deadline exceeded",
        "AxiosError: timeout of 5000ms exceeded",
        "upstream timed out (110: Connection timed out) while reading response header",
    ),
    Sign.DEPENDENCY_FAILED: (
        "Couldn't retrieve remote JWK set: 503",
        "identity service answered 503",
        "auth service unavailable",
        'HTTP Request: POST https://auth/token "HTTP/1.1 502 Bad Gateway"',
    ),
    Sign.NOT_JSON: (
        "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
        "invalid character '<' looking for beginning of value",
        "ContentTypeError: Attempt to decode JSON with unexpected mimetype: text/html",
    ),
    Sign.BREAKER_OPEN: (
        "pybreaker.CircuitBreakerError: Timeout not elapsed yet, circuit breaker still open",
        "Error: Breaker is open",
        "CallNotPermitted: CircuitBreaker 'auth' is OPEN and does not permit further calls",
        "circuit 'identity' open after 4 failures",
    ),
    Sign.CERTIFICATE_EXPIRED: (
        "Error: certificate has expired",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired",
        "x509: certificate has expired or is not yet valid",
    ),
    Sign.CERTIFICATE_REFUSED: ("self-signed certificate in certificate chain",),
    Sign.DATABASE_SILENT: (
        'connection to server at "db" (10.1.2.3), port 5432 failed: Connection refused',
        "FATAL: the database system is starting up",
        "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure",
        "Can't connect to MySQL server on 'db' (111)",
    ),
    Sign.DATABASE_PASSWORD: (
        'FATAL:  password authentication failed for user "app"',
        "Access denied for user 'app'@'10.1.2.3' (using password: YES)",
    ),
    Sign.POOL_EXHAUSTED: (
        "QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00",
        "HikariPool-1 - Connection is not available, request timed out after 30000ms (total=9, ",
        "FATAL: sorry, too many clients already",
    ),
    Sign.POOL_WAITED: (
        "HikariPool-1 - Connection is not available, request timed out after 30000ms",
        "psycopg_pool.PoolTimeout: couldn't get a connection after 30.00 sec",
        "timeout exceeded when trying to connect",
    ),
    Sign.UPGRADE_MISSING: (
        "websockets.exceptions.InvalidUpgrade: missing Connection header",
        "connection rejected (426 Upgrade Required)",
        "websocket: the client is not using the websocket protocol: 'upgrade' token not found",
    ),
    Sign.SUBPROTOCOL: (
        "websockets.exceptions.NegotiationError: no subprotocols supported",
        "subprotocols were offered, and not ours",
    ),
    Sign.ORIGIN_REFUSED: (
        "websockets.exceptions.InvalidOrigin: invalid Origin header: https://evil.example",
        "Origin https://shop.example is not allowed",
        "Access has been blocked by CORS policy",
        "Not allowed by CORS",
    ),
    Sign.PLATFORM_REFUSED: (
        (
            "The request was not authenticated. Either allow unauthenticated invocations or set "
            "the proper Authorization header."
        ),
        'Bearer error="invalid_token" error_description="The access token could not be verified"',
        "Your client does not have permission to get URL / from this server.",
    ),
    Sign.SECRET_PERMISSION: (
        "Permission denied on secret: projects/1/secrets/jwt-key/versions/latest for Revision",
    ),
    Sign.SECRET_VERSION: (
        "Secret Version [projects/1/secrets/jwt-key/versions/3] is in DESTROYED state.",
        "Secret projects/1/secrets/jwt-key/versions/latest was not found",
    ),
    Sign.NOT_READY: (
        "Revision 'orders-00002-bbb' is not ready and cannot serve traffic.",
        "The user-provided container failed to start and listen on the port defined by PORT=8080",
    ),
    Sign.STARTING: ("Started server process [1]", "Starting gunicorn 23.0.0"),
    Sign.STARTED: (
        "Application startup complete.",
        "Started OrdersApplication in 3.2 seconds (process running for 3.9)",
        "orders is listening",
    ),
    Sign.EXITED: ("Container called exit(1).", "Worker (pid:12) exited with code 3"),
    Sign.MODULE_MISSING: (
        "ModuleNotFoundError: No module named 'jose'",
        "Error: Cannot find module './lib/Prices'",
        "java.lang.NoClassDefFoundError: com/nimbusds/jose/JOSEException",
        'Error loading ASGI app. Could not import module "app.main".',
    ),
    Sign.START_FAILED: (
        "Application startup failed. Exiting.",
        "APPLICATION FAILED TO START",
        "Reason: Worker failed to boot.",
        "Error: listen EADDRINUSE: address already in use :::8080",
    ),
    Sign.OUT_OF_MEMORY: ("Memory limit of 512 MiB exceeded with 530 MiB used.",),
    Sign.SESSION_CREATED: ("SERVICE USER SESSION: Created session for service user_id='x'",),
    Sign.TOKEN_ISSUED: ("issued access token (sub=pavel)", "token issued to collector"),
    Sign.LOGGED_IN: ("login ok for hana94",),
    Sign.AUTHENTICATED: ("user hana94 authenticated", "token verified"),
    Sign.CONFIGURED: ("Loaded SERVICE_SECRET from IsolatedEnvironment",),
}
LOOK_ALIKES = (
    "signature verified",
    "the token is not expired",
    "token never expired in this run",
    "GET /reports/token-expired 200",
    "expired_token: 0, bad_signature: 0, refused: 0",
    "errors=0 invalid_signature=0 token_expired=false",
    "Hint: check that the token has not expired",
    "Check whether the signature verification failed elsewhere",
    "retry on ECONNREFUSED is enabled",
    "timeout=30 pool_size=5 connect_timeout=10",
    "POOL_TIMEOUT is set",
    "session store ready: timeouts set to 30 s",
    "Slow query (120 ms): SELECT * FROM orders",
    "no invalid signature was met today",
    "cleaned up expired tokens=0",
    "feature flag circuit_open=false",
    "order 17 packed",
    "tile sent",
)
REFUSALS = frozenset(
    sign
    for sign in SAID
    if sign
    not in {
        *(Sign.STARTING, Sign.STARTED, Sign.AUTHENTICATED, Sign.SESSION_CREATED),
        *(Sign.TOKEN_ISSUED, Sign.LOGGED_IN, Sign.CONFIGURED, Sign.KEY_ROTATED),
    }
)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    """Give a lexicon, whose memory the tests share as a log's lines do."""
    return Lexicon()


@pytest.mark.parametrize(
    ("sign", "line"), [(sign, line) for sign, lines in SAID.items() for line in lines]
)
def test_a_line_means_what_its_library_means(lexicon: Lexicon, sign: Sign, line: str) -> None:
    """A line in a library's own words shows its sign, and no other refusal beside it."""
    found = {one.sign for one in lexicon.meanings(line)}

    assert sign in found
    assert not (found & REFUSALS) - {sign, Sign.START_FAILED, Sign.NOT_CONFIGURED}


@pytest.mark.parametrize("line", LOOK_ALIKES)
def test_what_only_looks_so_shows_nothing(lexicon: Lexicon, line: str) -> None:
    """Denials, counts of nothing, advice, settings and paths show no failure."""
    assert not {one.sign for one in lexicon.meanings(line)} & REFUSALS


def test_harmless_lines_tell_no_cause_of_a_key_or_a_database(lexicon: Lexicon) -> None:
    """Lines that speak of secrets in passing say nothing of databases, modules and certificates."""
    for line in HARMLESS.read_text().splitlines():
        signs = {one.sign for one in lexicon.meanings(line)} if line[:1] != "#" else set()

        assert not signs & {
            *(Sign.DATABASE_PASSWORD, Sign.DATABASE_SILENT, Sign.POOL_EXHAUSTED),
            *(Sign.MODULE_MISSING, Sign.CERTIFICATE_EXPIRED, Sign.KEY_GENERATED),
            *(Sign.BREAKER_OPEN, Sign.HEADER_ILLEGAL, Sign.START_FAILED, Sign.CODE_ERROR),
            *(Sign.FALLBACK_FILE, Sign.UPGRADE_MISSING),
        }, line


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("JWT_SECRET is not set", "JWT_SECRET"),
        ("RuntimeError: Missing required environment variable: SESSION_KEY", "SESSION_KEY"),
        ("ModuleNotFoundError: No module named 'jose'", "jose"),
        ("Secret Version [projects/1/secrets/jwt-key/versions/3] is in DISABLED state.", "jwt-key"),
        ("circuit 'identity' open after 4 failures", "identity"),
        ("circuit breaker is open", None),
        ("Subject must be a string", "Subject"),
    ],
)
def test_what_a_line_is_about(lexicon: Lexicon, line: str, subject: str | None) -> None:
    """The subject is the variable, module, secret, breaker or claim that a line names."""
    assert [one.subject for one in lexicon.meanings(line)] == [subject]


def test_a_bare_refusal_says_nothing_more(lexicon: Lexicon) -> None:
    """`403 Not authenticated` alone is that, and no reason."""
    assert [one.sign for one in lexicon.meanings("403 Not authenticated")] == [
        Sign.NOT_AUTHENTICATED
    ]


def test_texts_that_differ_in_numbers_keep_what_numbers_mean(lexicon: Lexicon) -> None:
    """A status is no mere number: what was remembered of 404 is not said of 401."""
    first = lexicon.meanings("orders answered 404 after 12 ms")
    second = lexicon.meanings("orders answered 401 after 12 ms")

    assert (first, [one.sign for one in second]) == ([], [Sign.NOT_AUTHENTICATED])


def test_every_phrase_can_be_found_and_every_silence_is_of_a_sign_with_words() -> None:
    """No phrase lacks what it is looked up by, in lower case, and no rule is of no phrase."""
    with_words = {one.sign for one in PHRASES}

    assert all(one.needs and all(need == need.lower() for need in one.needs) for one in PHRASES)
    assert set(SILENCED_BY) <= with_words
