"""What is said of calls to others: not reached, too slow, broken, redirected, left alone.

What was called is decided apart, by `called`; databases have words of their own.
"""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

PHRASES: Final = (
    phrase(
        Sign.CONNECTION_REFUSED,
        r"connection (?:was )?refused\b|ECONNREFUSED|ConnectionRefused(?:Error)?\b"
        r"|connect call failed|all connection attempts failed|cannot connect to host"
        r"|failed to establish a new connection|no live upstreams|no healthy upstream"
        r"|could not be asked: no connection\b(?! within)|actively refused|no route to host"
        r"|EHOSTUNREACH|ENETUNREACH|network is unreachable|upstream connect error",
        "refused",
        "connect",
        "upstream",
        "no route",
        "unreach",
    ),
    phrase(
        Sign.HOST_UNKNOWN,
        r"name or service not known|getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)|ENOTFOUND\b"
        r"|EAI_AGAIN|NXDOMAIN|temporary failure in name resolution|no such host\b"
        r"|nodename nor servname|no address associated with hostname|UnknownHostException"
        r"|NameResolutionError|failed to resolve (?:host|[\"'])|host not found in upstream"
        r"|could not translate host name|could not resolve host|gaierror",
        "name",
        "addrinfo",
        "notfound",
        "eai_again",
        "nxdomain",
        "no such host",
        "hostname",
        "unknownhost",
        "resolve",
        "host not found",
        "gaierror",
    ),
    phrase(
        Sign.TIMED_OUT,
        r"\b(?:timed?[ -]?out)\b(?!s? ?[=:(]| (?:not elapsed|of|is|was|set|config|value|seconds"
        r"|ms)\b)"
        r"|ETIMEDOUT|ESOCKETTIMEDOUT|(?:Read|Connect|Write|Connection|Socket|Request|Headers|Body|"
        r"Gateway)Timeout(?:Error|Exception)?\b|TimeoutError\b|TimeoutException\b"
        r"|deadline[ _]exceeded|timeout of \d+ ?ms exceeded|timeout exceeded"
        r"|(?:no (?:connection|answer)|could not be sent) within the time allowed"
        r"|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT|operation was aborted due to timeout",
        "time",
        "deadline",
    ),
    phrase(
        Sign.DEPENDENCY_FAILED,
        r"(?:auth|identity|token|user|idp|oidc|jwks|keycloak|account)[\w -]{0,24}"
        r"(?:service|server|provider|endpoint|api|client|backend|feed)?[^|;.]{0,40}\b(?:unavailable"
        r"|unreachable|could not be (?:asked|reached|read)|is down|not reachable|not responding|"
        r"cannot be (?:asked|reached|read))"
        r"|(?:could not|couldn't|cannot|can't|failed to|unable to|error) (?:to )?(?:fetch(?:ing)?|"
        r"retriev(?:e|ing)|load(?:ing)?|refresh(?:ing)?|get(?:ting)?|download(?:ing)?|reach|obtain|"
        r"request)(?:ing)? (?:\w+ ){0,3}(?:jwks|jwk set|json web key set|openid configuration|"
        r"signing keys|public keys|keys from|discovery document|access token|service token|token "
        r"from|auth\w*|data from the url)(?![^|;]{0,120}\b(?:status(?: ?code)?|HTTP|answered|"
        r"returned|responded|got|response(?: code)?)\W{1,3}(?:with |code |status ){0,2}4(?:0\d"
        r"|2\d)\b)"
        r"|couldn't retrieve remote jwk set|oidc: failed to get keys|expected 200 ok from the json "
        r"web key set|fail to fetch data from the url"
        r"|(?:answered|returned|responded|replied|got|status(?: code)?"
        r"|error)[ :=]+(?:with )?(?:an? "
        r")?(?:http )?(?:status )?(?:code )?(?:500|502|503|504)\b"
        r"|\b(?:502|503|504)\b[\s:\"'|-]{1,4}(?:server error[: ]*)?(?:bad gateway|service "
        r"(?:temporarily )?unavailable|gateway time-?out)|server error '5\d\d"
        r"|(?:upstream|dependency)[^|;.]{0,30}(?:unavailable|failed|unreachable|down)\b"
        r"|ECONNRESET|connection reset by peer|server disconnected without|socket hang up"
        r"|remote end closed connection|the connection broke while|upstream prematurely closed",
        "unavailable",
        "unreachable",
        "reach",
        "asked",
        "read",
        "down",
        "respond",
        "fetch",
        "retriev",
        "load",
        "get",
        "obtain",
        "json web key set",
        "50",
        "upstream",
        "dependency",
        "reset",
        "disconnected",
        "hang up",
        "closed connection",
        "connection broke",
    ),
    phrase(
        Sign.NOT_JSON,
        r"unexpected token (?:'?<'?|< )[^|]{0,60}|<!doctype[^|]{0,60}is not valid json"
        r"|(?:html|text/html)[^|;]{0,50}(?:instead of|where|expected|not)[^|;]{0,30}json"
        r"|expected (?:application/)?json[^|;]{0,40}(?:html|text/html|<)"
        r"|unexpected (?:mimetype|content[- ]type):? *[^|;]{0,20}(?:text/html|html)"
        r"|attempt to decode JSON with unexpected mimetype: text/html"
        r"|invalid character '<' looking for beginning of value|answer (?:is|was) (?:not|no) json"
        r"|not (?:valid )?json: *<|Could not extract response: no suitable HttpMessageConverter"
        r"[^|]{0,120}text/html",
        "json",
        "unexpected token",
        "mimetype",
        "content-type",
        "content type",
        "'<'",
        "text/html",
        "<!doctype",
    ),
    phrase(
        Sign.REDIRECTED,
        r"(?:redirect(?:ed|ing)?|location)\b[^|;]{0,60}https?://|\b(?:301|302|307|308)\b[\s:\"'|-]"
        r"{0,4}(?:moved permanently|found|temporary redirect|permanent redirect|redirect)"
        r"|following redirect|redirected from http|authorization header (?:was )?(?:dropped|removed"
        r"|stripped) (?:on|by|after|across) (?:\w+ )?redirect|redirecting (?:http )?to https"
        r"|authorization[^|;]{0,60}not carried|redirect(?:ed)? followed"
        r"|redirect[^|]{0,60}(?:removed|dropped|stripped|lost) (?:the )?authorization"
        r"|redirect response '3\d\d",
        "redirect",
        "location",
        "moved permanently",
    ),
    phrase(
        Sign.BREAKER_OPEN,
        r"(?:circuit(?:[ _-]?breaker)?|breaker)s? (?:[\"'`]?(?P<breaker>(?!(?:is|was|state|now"
        r"|still|has|are|changed|on|for|stays|remains)\b)"
        r"[\w.:-]{1,60})[\"'`]? )?"
        r"(?:is |was |still |now |has |been |currently |stays |remains |went |turned |state[ :=]+"
        r"|changed (?:state )?(?:from \w+ )?to )*open(?:ed)?\b(?! ?=| to close)"
        r"|breaker is open|circuit_(?:breaker_)?open(?:ed)?\b|EOPENBREAKER|CircuitBreaker"
        r"(?:Open)?(?:Error|Exception)\b|CallNotPermitted(?:Exception)?|does not permit further "
        r"calls|CircuitOpen(?:Error|Exception)?\b|open circuit\b|circuit is open"
        r"|CircuitBreaker '(?P<name>[^']{1,60})' is (?:OPEN|HALF_OPEN) and"
        r"|state transition from \w+ to OPEN\b|breaker[^|;]{0,40}(?:refus|reject|fail)\w* fast"
        r"|call not made: (?:the )?(?:circuit|breaker)",
        "breaker",
        "circuit",
        "permit",
    ),
    phrase(
        Sign.BREAKER_CLOSED,
        r"(?:circuit(?:[ _-]?breaker)?|breaker)s? (?:[\"'`]?(?P<breaker>(?!(?:is|was|state|now"
        r"|still|has|are|changed|on|for|stays|remains)\b)"
        r"[\w.:-]{1,60})[\"'`]? )?"
        r"(?:is |was |now |has |been |again |went |changed (?:state )?(?:from \w+ )?to "
        r")*closed\b(?! ?(?:->|=>|→|to open))"
        r"|circuit_(?:breaker_)?closed\b|state transition from \w+ to CLOSED\b|breaker recovered",
        "breaker",
        "circuit",
        "to closed",
    ),
    phrase(
        Sign.CERTIFICATE_EXPIRED,
        r"certificate(?: \S+)? (?:has |is |was |had )?expired|CERT_HAS_EXPIRED|certificate_expired"
        r"|certificate has expired or is not yet valid|expired certificate|cert(?:ificate)? expired"
        r"|NotAfter: |CertificateExpiredException|tls: (?:failed to verify certificate: )?x509: "
        r"certificate has expired|ssl[^|]{0,40}certificate expired|notAfter=?\W? ?in the past"
        r"|notAfter=[^|;]{1,40} (?:is |lies )?(?:in the past|over|past)\b",
        "certificate",
        "cert_",
        "cert ",
        "notafter",
    ),
    phrase(
        Sign.CERTIFICATE_REFUSED,
        r"certificate[_ ]verify[_ ]failed|self[- ]signed certificate|unable to get (?:local )?"
        r"issuer certificate|x509: certificate|UNABLE_TO_VERIFY_LEAF_SIGNATURE|PKIX path building "
        r"failed|hostname mismatch|certificate is not (?:yet )?valid|SSLHandshakeException"
        r"|SSLCertVerificationError|certificate is valid for [^|]{1,60}, not",
        "certificate",
        "x509",
        "leaf_signature",
        "pkix",
        "hostname mismatch",
        "sslhandshake",
        "sslcert",
    ),
    phrase(
        Sign.CLOCK_DIFFERS,
        r"clock (?:skew|drift|offset)(?: of| is| detected| too)[^|;]{0,30}|clocks? (?:differ|is off"
        r"|are off|out of sync|not in sync|jumped)|system (?:clock|time) (?:is )?(?:wrong|ahead|"
        r"behind|off)|time (?:is )?not synchroni[sz]ed|your computer's clock is set correctly"
        r"|token must be a short-lived token|check your iat and exp values|NTP[^|;]{0,40}(?:"
        r"unsynchroni[sz]ed|not synchroni[sz]ed|lost|offset)|clock is \S+ (?:s|ms|seconds) "
        r"(?:ahead|behind)",
        "clock",
        "time",
        "short-lived",
        "iat and exp",
        "ntp",
    ),
    phrase(
        Sign.CONNECTION_REFUSED,
        r"failed to open TCP connection|connection to \S{1,120} (?:was )?refused\b"
        r"|failed to connect to \S{1,120} port \d|cURL error 7\b"
        r"|:econnrefused\b|backend '[^']{1,80}' has no server available|failed to make connection "
        r"to backend|no connection established|ECONNABORTED\b(?!: timeout)|connect: cannot assign",
        "connect",
        "curl error",
        "has no server",
        "econnaborted",
    ),
    phrase(
        Sign.HOST_UNKNOWN,
        r"could not be resolved \(\d|:nxdomain\b|cannot resolve host|ConnectorDNSError|DNS "
        r"(?:lookup|"
        r"resolution) (?:failed|error)|\bESERVFAIL\b|\bSERVFAIL\b|dns error\b|cURL error 6\b"
        r"|DnsNameResolver\w*Exception|no such host is known|failed to lookup address",
        "resolve",
        "dns",
        "servfail",
        "nxdomain",
        "curl error",
        "such host",
        "lookup address",
    ),
    phrase(
        Sign.TIMED_OUT,
        r"AbortError: (?:the|this) operation was aborted|configured HttpClient\.Timeout of"
        r"|Net::OpenTimeout|Net::ReadTimeout|request (?:to \S{1,120} )?aborted after [\d.]+ ?m?s"
        r"|gave up (?:waiting|on) [^|;]{0,60}after [\d.]+ ?(?:ms|s|seconds)\b|no (?:answer"
        r"|response|"
        r"reply) (?:from|by|of) \S{1,80} (?:with)?in [\d.]+ ?(?:ms|s|seconds)\b|:timeout\}"
        r"|terminated without sending a response|(?:did not|didn't) (?:answer|respond|reply) "
        r"(?:with)?in (?:the )?(?:time|[\d.]+ ?(?:ms|s|seconds)\b)|:etimedout\b",
        "abort",
        "timeout",
        "gave up",
        "within",
        " in ",
        "terminated without",
        "etimedout",
    ),
    phrase(
        Sign.DEPENDENCY_FAILED,
        r"IDX208(?:03|04|07)\b|jwks (?:remote |async )?fetch\w*[^|;]{0,120}fail|response code "
        r"(?:500|"
        r"502|503|504)\b|does not indicate success: (?:500|502|503|504)\b"
        r"|RestClient::(?:BadGateway|"
        r"ServiceUnavailable|GatewayTimeout|InternalServerError)|\bEPIPE\b|SocketException: "
        r"(?:connection reset|broken pipe)",
        "idx208",
        "jwks",
        "response code",
        "success:",
        "restclient",
        "epipe",
        "socketexception",
    ),
    phrase(
        Sign.DEPENDENCY_FAILED,
        r"https?://\S{1,200}: EOF\b|proxy error: EOF|unexpected EOF\b[^|;]{0,40}(?:response|reply|"
        r"answer)|ServerDisconnectedError|server disconnected\b|PrematureClose|connection "
        r"prematurely closed|EOFError \(end of file reached\)|empty reply from server"
        r"|IncompleteMessage|connection closed before message completed|reason: :closed\}"
        r"|health check (?:of \S{1,80} )?failed: ?(?:500|502|503|504)|code = Unavailable\b"
        r"|(?:auth\w*|identity|token|idp|oidc|introspection|session)[\w -]{0,30} (?:is not "
        r"(?:answer|"
        r"respond)ing|(?:gave|failed) [^|;]{0,20}\b(?:500|502|503|504)\b|failed \(status[ "
        r"=:]+5\d\d)"
        r"|\bext[_ ]authz[_ ](?:error|timeout)\b|could not reach the (?:\w+ )?(?:auth|token"
        r"|identity|session|user)\w*|(?:auth\w*"
        r"|identity|"
        r"token|user|session|account) (?:service|server|backend|api) (?:is )?down\b|14 "
        r"UNAVAILABLE\b",
        "eof",
        "disconnected",
        "premature",
        "empty reply",
        "incompletemessage",
        "before message",
        ":closed",
        "unavailable",
        "answering",
        "responding",
        "50",
        "could not reach",
        "authz",
        "down",
    ),
    phrase(
        Sign.NOT_JSON,
        r"(?:JSONDecodeError|ParserError|JsonParse|JsonReader|JsonException|DecodeError)[^|]{0,160}"
        r"(?:'<|<!doctype|<html|\(\"<\"\)|value: <)|application/json,? got \"?text/html"
        r"|(?:answered|replied|responded|came back) with (?:an? )?html\b|got (?:an? )?html (?:page|"
        r"document|body)|is not json \(content-type text/html|'<' is an invalid start of a value"
        r"|unexpected character \('<'|while parsing value: <|error decoding response body: "
        r"expected value",
        "<",
        "response body",
        "text/html",
        "html",
    ),
    phrase(
        Sign.REDIRECTED,
        r"\b(?:followed|answered|answers|got|was redirected \(|redirected with) ?(?:an? )?(?:301"
        r"|302|"
        r"307|308)\b|stripped authorization on redirect"
        r"|\b(?:after|behind|through|via) (?:an? )?(?:HTTP )?(?:301|302|307|308)\b(?! ?(?:ms|s|m|b"
        r"|bytes|requests?|seconds|rows|items)\b)|\b(?:301|302|307|308) (?:from|to|for) \S{0,12}"
        r"https?://",
        "30",
        "redirect",
    ),
    phrase(
        Sign.BREAKER_OPEN,
        r"circuit short-circuited and is OPEN|\bshort-circuited\b(?: and fallback failed| for|:|$)"
        r"|breaker\b[^|;]{0,50}(?:->|=>|→| to) ?open\b|(?:breaker|circuit)\b[^|;]{0,40}\btripped\b"
        r"|error::redlight\b|OpenCircuitError\b|BrokenCircuitException|fuse blown\b"
        r"|(?:breaker|circuit) (?:is |was )?(?:blown|isolated)\b|IsolatedCircuitException"
        r"|\bfuse [\w:.-]{1,60} (?:is |was )?blown\b|(?:circuit|breaker)[^|;]{0,40}\b(?:calls? )?"
        r"not permitted\b|circuit (?:to|for|of) \S{1,60} (?:is |still )?open\b|(?:rejected|refused|"
        r"skipped|denied|blocked) by (?:the |an? )?(?:open )?(?:circuit|breaker)\b",
        "circuit",
        "breaker",
        "redlight",
        "fuse",
    ),
    phrase(
        Sign.BREAKER_CLOSED,
        r"breaker\b[^|;]{0,50}(?:->|=>|→) ?closed\b|circuit[ -]?breaker for \S{1,60} (?:is |was )?"
        r"closed\b",
        "breaker",
    ),
    phrase(
        Sign.CERTIFICATE_EXPIRED,
        r"certificate is invalid[^|]{0,80}NotTimeValid|invalid peer certificate: Expired\b|SSL "
        r"alert "
        r"number 45\b|certificate (?:of|for) \S{1,120} (?:is |has |was )?expired\b|PKIX path "
        r"validation failed[^|]{0,120}validity check failed|:certificate_expired\b",
        "certificate",
        "ssl alert",
        "pkix",
    ),
    phrase(
        Sign.CERTIFICATE_REFUSED,
        r"unable to verify the first certificate|UNABLE_TO_GET_ISSUER_CERT|SELF_SIGNED_CERT"
        r"|remote certificate is invalid|no alternative certificate subject name|does not match "
        r"certificate's altnames|ERR_TLS_CERT_ALTNAME_INVALID|invalid peer certificate: (?!Expired)"
        r"\w+|:unknown_ca\b|alert unknown ca\b|unknown certificate authority|peer did not return a "
        r"certificate|alert certificate required|RemoteCertificate(?:NameMismatch|ChainErrors)"
        r"|no required SSL certificate was sent|HandshakeFailure: certificate",
        "certificate",
        "_cert",
        "unknown ca",
        "unknown_ca",
    ),
    phrase(
        Sign.CLOCK_DIFFERS,
        r"clock was stepped by|server time differs|time (?:drift|skew) (?:of|detected)|time "
        r"jumped by"
        r"|clock (?:is )?(?:ahead|behind)\b|clock synchronized: no|RequestTimeTooSkewed|clock leap "
        r"detected|clock is off by|difference between the request time and the current time",
        "clock",
        "time ",
        "tooskewed",
    ),
)  # fmt: skip
