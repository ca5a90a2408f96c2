"""What is said of WebSockets and browsers: uvicorn, websockets, ws, socket.io, CORS."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

PHRASES: Final = (
    phrase(
        Sign.UPGRADE_MISSING,
        r"(?:missing|invalid|no|without(?: an?| the)?|lacks?(?: the| an?)?|absent|empty) "
        r"[\"'`]?(?:Upgrade|Connection)[\"'`]? (?:or connection )?header"
        r"|InvalidUpgrade\b|(?:upgrade|connection)[\"'`]? header (?:is |was )?(?:missing|absent"
        r"|not "
        r"(?:set|present|found)|empty|stripped|lost)|Can \"Upgrade\" only to \"WebSocket\""
        r"|\"Connection\" must be \"Upgrade\"|Handshake status 426|426 Upgrade Required"
        r"|HTTP_UPGRADE is not defined|HTTP_UPGRADE: ?\)"
        r"|HTTP_CONNECTION: (?:close|keep-alive)\b|not a websocket (?:handshake|request|upgrade)"
        r"|(?:the client is|client is) not using the websocket protocol|'upgrade' token not found"
        r"|'websocket' token not found|expected HTTP/1\.1|unsupported HTTP version: HTTP/1\.0"
        r"|did not (?:contain|carry|have|include) (?:an? )?(?:upgrade|connection) header"
        r"|plain (?:http )?(?:GET|request) on (?:the )?(?:websocket|/ws)|(?:handshake|upgrade)"
        r"[^|;]{0,60}HTTP/1\.0|invalid Connection header|invalid upgrade (?:request|header)",
        "upgrade",
        "connection",
        "websocket",
        "http/1",
    ),
    phrase(
        Sign.SUBPROTOCOL,
        r"(?:no|unsupported|unknown|invalid|missing|unexpected|empty|bad) (?:common |matching |"
        r"acceptable |requested |offered )*sub-?protocols?\b|sub-?protocols? (?:\S{1,40} )?(?:was "
        r"|is |were |are )?(?:not (?:negotiated|supported|offered|"
        r"accept(?:ed|able)|ours|selected|known|"
        r"allowed)|offered, and not ours|mismatch|missing|refused|rejected|unsupported)"
        r"|InvalidSubprotocol|NegotiationError[^|;]{0,40}subprotocol|could not negotiate "
        r"(?:a )?sub-?protocol|server sent (?:an? )?(?:no |invalid )?subprotocol"
        r"|Sec-WebSocket-Protocol[\"'`]? (?:header )?(?:is |was )?(?:missing|empty|invalid|not)"
        r"|invalid Sec-WebSocket-Protocol|client requested no subprotocol",
        "protocol",
    ),
    phrase(
        Sign.ORIGIN_REFUSED,
        r"origin (?:header )?(?:[\"'`]?(?P<host>(?:https?://)?[\w.:-]{1,80}|null)[\"'`]? )?(?:is |"
        r"was )?(?:not (?:allowed|permitted|in (?:the )?(?:allow\w*|ALLOWED\w*))|refused|rejected|"
        r"denied|blocked|disallowed|forbidden|invalid)|InvalidOrigin|(?:invalid|disallowed|foreign|"
        r"unexpected|forbidden|blocked|bad|untrusted) origin\b|origin_refused|blocked by CORS"
        r"|not allowed by (?:CORS|Access-Control-Allow-Origin)|CORS (?:check |request |preflight )?"
        r"(?:failed|refused|denied|rejected|blocked|error)|Origin checking failed"
        r"|disallowed CORS (?:origin|method|headers?)|origin does not match",
        "origin",
        "cors",
    ),
    phrase(
        Sign.SOCKET_CLOSED,
        r"(?:websocket|web socket|socket|ws|connection)s? (?:\S{1,60} )?(?:was |has been |is )?"
        r"(?:closed|disconnected|ended)\b[^|]{0,60}?\b(?:code[ :=]*)?(?P<code>1\d{3}|4\d{3})\b"
        r"|(?:close[ _]code|closeCode)[\"' :=]+(?P<close>1\d{3}|4\d{3})\b|websocket_closed"
        r"|ConnectionClosed(?:Error|OK)\b|abnormal closure|no close frame received"
        r"|(?:websocket|socket) (?:\S{1,60} )?(?:disconnected|closed)\b",
        "closed",
        "disconnected",
        "ended",
        "close",
        "abnormal",
    ),
    phrase(
        Sign.SOCKET_OPENED,
        r"(?:websocket|web socket|socket) (?:\S{1,60} )?(?:connected|opened|accepted|established)\b"
        r"|\"WebSocket [^\"]*\" \[accepted\]|websocket connection (?:opened|accepted|established)"
        r"|^connection open$|new (?:websocket|socket) connection\b",
        "connected",
        "opened",
        "accepted",
        "established",
        "connection",
    ),
    phrase(
        Sign.UPGRADE_MISSING,
        r"(?:rejected WebSocket connection: HTTP|unexpected server response:?) 426"
        r"|no CONNECTION upgrade hdr|^upgrade required$|bad "
        r"handshake method|invalid (?:Upgrade|Connection) header: |WebSocket protocol violation"
        r"|unsupported version: \S{1,20} not found in 'Sec-Websocket-Version'"
        r"|[\"']Connection[\"'] header "
        r"value is not|missing Sec-WebSocket-Key|header did not include [\"']?upgrade"
        r"|(?:missing|no|without|lacks?|lost) (?:the |an? )?[\"'`]?(?:Upgrade|Connection): ?"
        r"(?:upgrade|websocket)\b"
        r"|\bupgrade_failed\b|(?:websocket|ws) upgrade (?:is |was )?(?:not (?:enabled|allowed|"
        r"configured|supported)|disabled|stripped)",
        "websocket",
        "426",
        "upgrade",
        "handshake method",
        "connection",
    ),
    phrase(
        Sign.SUBPROTOCOL,
        r"invalid or duplicated subprotocol|invalid or unacceptable Sec-WebSocket-Protocol|client "
        r"protocols [^|]{1,80} don't overlap|Sec-WebSocket-Protocol' header (?:value [^|]{1,80} "
        r"does not "
        r"match|but no response)",
        "protocol",
    ),
    phrase(
        Sign.ORIGIN_REFUSED,
        r"request origin [^|]{1,120} (?:is not authorized for host|does not have permission)|is "
        r"not an "
        r"accepted origin|invalid CORS request|HTTP Origin header [^|]{0,120}didn't match|CORS "
        r"policy "
        r"execution failed|could not check origin for|blocked cross-origin request|(?:rejected"
        r"|refused|"
        r"denied|blocked) (?:the |a )?(?:websocket|socket|handshake|connection|request) (?:from"
        r"|of) "
        r"(?:the )?origin",
        "origin",
        "cors",
    ),
    phrase(
        Sign.SOCKET_CLOSED,
        r"WebSocketDisconnect(?:: code=|\()(?P<code>[14]\d{3})|websocket: close "
        r"(?P<close>[14]\d{3})\b"
        r"|StatusAbnormalClosure|(?:client|socket) (?:\S{1,60} )?disconnect(?:ed)?: (?:transport"
        r"|ping|"
        r"client|server)|client namespace disconnect|^connection closed$",
        "disconnect",
        "websocket: close",
        "abnormalclosure",
        "connection closed",
    ),
    phrase(
        Sign.SOCKET_OPENED,
        r"client (?:\S{1,60} )?connected (?:via|over|by) (?:websocket|socket)"
        r"|^Started GET \"[^\"]*\" \[WebSocket\]|\b(?:ws|websocket|socket)[_.:-](?:open|connect|"
        r"accept)(?:ed)?\b|\bws (?:opened|connected|accepted)\b|client (?:\S{1,60} )?connected$",
        "connected",
        "[websocket]",
        "ws",
        "websocket",
        "socket",
    ),
    phrase(
        Sign.SOCKET_CLOSED,
        r"^Finished \"[^\"]*\" \[WebSocket\]|\b(?:ws|websocket|socket)[ _.:-](?:connection[ _])?"
        r"(?:clos(?:ed?|ing)|end(?:ed)?|lost|drop(?:ped)?|gone|disconnect(?:ed)?)\b"
        r"|\bclient (?:\S{1,60} )?(?:disconnected|dropped|gone)\b"
        r"|CloseStatus ?\[code=(?P<status>[14]\d{3})",
        "[websocket]",
        "closestatus",
        "ws",
        "websocket",
        "socket",
        "client",
    ),
    phrase(
        Sign.ORIGIN_REFUSED,
        r"origin\b\W{1,3}(?:header )?(?:value )?[\"'`]?(?:https?://|null\b)[^\s|;]{0,120} (?:is "
        r"|was )?"
        r"(?:not (?:allowed|permitted|whitelisted|allow-?listed|listed|trusted|(?:in|on) (?:the "
        r")?(?:"
        r"allow|white|safe|trust)\S*)|denied|unlisted)"
        r"|(?:unlisted|unknown|untrusted|unauthori[sz]ed|unapproved|mismatched) origin\b"
        r"|(?:reject|refus|deny|denie|block)\w*\b[^|;]{0,40}\b(?:due to|because of|by|for) (?:the "
        r"|its "
        r")?origin\b|(?:rejected|refused|denied|blocked) origin\b|origin mismatch"
        r"|(?:upgrade|handshake|websocket|ws|connection) (?:was |is )?(?:denied|refused"
        r"|rejected)\b[^|;]"
        r"{0,20}\borigin=|\borigin is (?:null or )?not (?:permitted|allowed)|origin not (?:in|on) "
        r"(?:the )?"
        r"(?:allow|white|list)|no matching \w*allowed_origin\w*|allowed_origin\w* (?:does|did) not "
        r"match",
        "origin",
    ),
    phrase(
        Sign.SUBPROTOCOL,
        r"no (?:mutually|commonly) supported sub-?protocol|requested sub-?protocols?\b[^"
        r"|;]{0,60}\b(?:"
        r"none|not) supported|Sec-WebSocket-Protocol[\"'`]? header must not be present"
        r"|sub-?protocol (?:negotiation|selection) (?:has )?failed|none of the (?:requested"
        r"|offered) "
        r"(?:sub-?)?protocols (?:is|are|was) (?:supported|known|acceptable)|requested "
        r"subprotocol\(s\) "
        r"not supported|no (?:\w+ )?sub-?protocol in Sec-WebSocket-Protocol",
        "protocol",
    ),
    phrase(
        Sign.UPGRADE_MISSING,
        r"(?:invalid|unsupported|bad) HTTP version(?: for websockets?)?:? (?:HTTP/)?1\.0"
        r"|HTTP/1\.0 (?:requests?|connections?|clients?) (?:can(?:not|'t)|must not) be upgraded"
        r"|(?:connection|upgrade) header (?:is|was) [\"'`]?[\w-]{1,30}[\"'`]?,? (?:and not"
        r"|expected|"
        r"instead of|not) [\"'`]?(?:upgrade|websocket)|ConnectionNotUpgradable"
        r"|InvalidConnectionHeader"
        r"|InvalidUpgradeHeader|[\"'`]Upgrade[\"'`] header did not (?:include|contain)|bad upgrade "
        r"request",
        "http/1.0",
        "header",
        "upgrad",
    ),
    phrase(
        Sign.UPGRADE_MISSING,
        r"\bupgrade[=:] ?(?:-(?![\w-])|\"\"|''|(?:none|null|nil|absent|missing)\b)"
        r"|(?:connection|upgrade) header (?:lacks"
        r"|without|has no|says) \W?(?:upgrade|websocket|close|keep-alive)"
        r"|HTTP/1\.0[^|;]{0,30}\bwithout (?:an? |the )?upgrade\b",
        "upgrade",
    ),
    phrase(
        Sign.ORIGIN_REFUSED,
        r"(?:reject|refus|deny|denie)\w*\b[^|;]{0,60}[(\[]origin[ =:]+[\"']?https?:",
        "origin",
    ),
)  # fmt: skip
