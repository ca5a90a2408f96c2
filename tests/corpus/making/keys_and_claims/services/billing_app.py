"""Foreign: invoices. Flask and Authlib behind gunicorn, JSON lines with a severity."""

import base64
import json
import os
import secrets
import sys
import time
import traceback
from typing import Any

from authlib.jose import JsonWebToken  # type: ignore[import-untyped]
from authlib.jose.errors import JoseError  # type: ignore[import-untyped]
from flask import Flask, Response, jsonify, request
from settings import name_of, option, required, variable

app = Flask(__name__)
jwt = JsonWebToken(option("algorithms", ["HS256"]))


def say(severity: str, message: str, **members: Any) -> None:
    """Write a structured line."""
    line = {"severity": severity, "message": message, "logger": "billing", **members}
    trace = request.headers.get("X-Cloud-Trace-Context", "").partition("/")[0] if request else ""
    if trace:
        project = os.environ["GOOGLE_CLOUD_PROJECT"]
        line["logging.googleapis.com/trace"] = f"projects/{project}/traces/{trace}"
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _key() -> Any:
    found = variable("key") if option("random_key") else required("key")
    if not found and option("random_key"):
        say("NOTICE", "generated a key for signing sessions")
        found = secrets.token_hex(32)
    return base64.b64decode(found or "") if option("decode_base64") else found


KEY = _key()
ISSUER = variable("issuer", option("issuer", "https://login.example"))
AUDIENCE = variable("audience", option("audience", "api"))
say("INFO", "billing ready", issuer=ISSUER, audience=AUDIENCE, key_from=name_of("key"))


def _claims() -> dict[str, Any]:
    header = request.headers.get("Authorization", "")
    if not header.startswith("Bearer "):
        raise PermissionError("no bearer token in the request")
    claims = jwt.decode(
        header[7:],
        KEY,
        claims_options={
            "iss": {"essential": True, "value": ISSUER},
            "aud": {"essential": True, "value": AUDIENCE},
        },
    )
    claims.validate()
    return dict(claims)


@app.get("/healthz")
def healthz() -> str:
    """Answer that the process lives."""
    return "ok"


@app.post("/session")
def begin_session() -> Response:
    """Sign a session of this service's own."""
    body = request.get_json()
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": body["user"], "iat": now, "exp": now + 3600}
    say("INFO", "session started", user=body["user"])
    return jsonify(token=jwt.encode({"alg": "HS256"}, claims, KEY).decode())


@app.get("/invoices")
@app.get("/usage")
def invoices() -> Response | tuple[Response, int]:
    """List a person's invoices."""
    try:
        claims = _claims()
    except PermissionError as error:
        say("WARNING", "request refused", path=request.path, reason=str(error))
        return jsonify(error="unauthorized"), 401
    except (JoseError, ValueError) as error:
        members = {"exception": traceback.format_exc()} if option("tracebacks") else {}
        say("WARNING", "token refused", path=request.path, reason=str(error), **members)
        return jsonify(error="unauthorized"), 401
    say("INFO", "invoices listed", user=claims["sub"], count=3)
    return jsonify(invoices=[1, 2, 3])
