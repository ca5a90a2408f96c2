"""Made-up logs of incidents, in which most templates have one to ten lines and are known.

Each style is what one kind of system writes: templates whose places in braces are filled at
random from `VALUES`. Used by `grouping.py`; knows nothing of the miner.
"""

# ruff: noqa: E501 -- A line of a log is as long as it is.

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SEEDS: Final = range(8)


def _listed(words: str) -> list[str]:
    return words.split()


_WORDS: Final = {
    "user": _listed(
        "alice bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy"
    ),
    "service": _listed(
        "billing-api checkout cart search-indexer mailer auth-gateway ledger profile"
    ),
    "table": _listed("users orders order_items sessions invoices payments audit_log threads"),
    "column": _listed("email user_id created_at amount status tenant_id run_state"),
    "module": _listed("app.settings stripe redis.asyncio yaml celery_app utils.cache numpy"),
    "name": _listed("timeout retries region pool_size dsn token_url currency"),
    "class": _listed("OrderCreated UserSync InvoiceJob ThumbnailTask NightlyReport WebhookRetry"),
    "queue": _listed("emails default high-priority webhooks exports"),
    "topic": _listed("orders.v1 payments.events user-changes audit"),
    "namespace": _listed("default production kube-system payments monitoring"),
    "key": _listed("session:abc cart:9 rate:login lock:invoice user:77:profile"),
    "file": _listed("views.py models.py tasks/mail.py services/pay.py db/session.py"),
    "func": _listed("create_order charge load_user send_mail commit refresh_token"),
    "reason": _listed("EOF timeout refused reset"),
    "env": _listed("DATABASE_URL STRIPE_KEY REDIS_HOST JWT_SECRET SENTRY_DSN"),
}

STYLES: Final[dict[str, tuple[str, ...]]] = {
    "web app": (
        "GET {path} {code} in {ms}ms",
        "User {user} logged in from {ip}",
        "User {user} logged out",
        "Login failed for user {user}: invalid password",
        "Login failed for user {user}: account locked",
        "Payment of {money} for order {num} was declined by the bank",
        "Payment provider answered {code} after {ms} ms",
        "Session {hex} expired",
        "Order {num} created by {user} with {small} items",
        "Order {num} cancelled by {user}",
        "Could not send mail to {email}: connection refused",
        "Rate limit reached for {ip}",
        "Slow query ({ms} ms): SELECT * FROM {table}",
        "Feature flag {name} is not known, using default",
        "Missing environment variable {env}",
        "Template {file} not found",
        "CSRF check failed for {path}",
        "Cache miss for key {key}",
        "Starting worker {small} of {small}",
        "Shutting down",
    ),
    "json messages": (
        "request_finished method=GET path={path} status={code} duration_ms={ms}",
        "request_failed method=POST path={path} error=timeout request_id={uuid}",
        "token_rejected reason=expired subject={uuid} issuer={url}",
        "token_rejected reason=bad_signature subject={uuid} issuer={url}",
        "upstream_unreachable service={service} attempt={small} wait={sec}s",
        "upstream_recovered service={service} after={sec}s",
        "circuit_opened service={service} failures={small}",
        "circuit_closed service={service}",
        "database_pool_exhausted size={small} waiting={small}",
        "session_opened principal={uuid} kind=user",
        "session_opened principal={service} kind=service",
        "configuration_missing variable={env}",
        "socket_closed code={code} reason=going-away connection={hex}",
        "socket_closed code={code} reason=policy-violation connection={hex}",
        "run_started run={uuid} agent={service}",
        "run_finished run={uuid} tokens={num} seconds={sec}",
        "migration_applied revision={hex} seconds={sec}",
    ),
    "last lines of traces": (
        "ModuleNotFoundError: No module named '{module}'",
        "ImportError: cannot import name '{func}' from '{module}' ({pyfile})",
        "KeyError: '{name}'",
        "AttributeError: 'NoneType' object has no attribute '{name}'",
        "AttributeError: module '{module}' has no attribute '{func}'",
        "TypeError: {func}() missing 1 required positional argument: '{name}'",
        "TypeError: {func}() got an unexpected keyword argument '{name}'",
        "ValueError: invalid literal for int() with base 10: '{user}'",
        "ConnectionRefusedError: [Errno 111] Connection refused",
        "ConnectionResetError: [Errno 104] Connection reset by peer",
        "FileNotFoundError: [Errno 2] No such file or directory: '{file}'",
        "PermissionError: [Errno 13] Permission denied: '{unixpath}'",
        "asyncio.exceptions.TimeoutError",
        "RuntimeError: Event loop is closed",
        "redis.exceptions.ConnectionError: Error {small} connecting to {host}:{port}. Connection refused.",
        "json.decoder.JSONDecodeError: Expecting value: line {small} column {small} (char {num})",
        'java.lang.NullPointerException: Cannot invoke "{class}.{func}()" because "{name}" is null',
        "java.net.SocketTimeoutException: Read timed out after {ms}ms",
        "java.lang.OutOfMemoryError: Java heap space",
        "panic: runtime error: index out of range [{small}] with length {small}",
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "TypeError: Cannot read properties of undefined (reading '{name}')",
        "Error: connect ECONNREFUSED {ip}:{port}",
        "Error: getaddrinfo ENOTFOUND {host}",
    ),
    "kubernetes": (
        "Successfully assigned {namespace}/{pod} to {node}",
        'Pulling image "{image}"',
        'Successfully pulled image "{image}" in {sec}s',
        'Failed to pull image "{image}": rpc error: code = NotFound desc = failed to resolve reference',
        "Created container {service}",
        "Started container {service}",
        "Back-off restarting failed container {service} in pod {pod}_{namespace}({uuid})",
        "Liveness probe failed: HTTP probe failed with statuscode: {code}",
        "Readiness probe failed: HTTP probe failed with statuscode: {code}",
        'Readiness probe failed: Get "http://{ip}:{port}/health": dial tcp {ip}:{port}: connect: connection refused',
        "Stopping container {service}",
        "Scaled up replica set {service}-{hash} to {small}",
        "Scaled down replica set {service}-{hash} to {small}",
        "0/{small} nodes are available: {small} Insufficient memory.",
        "0/{small} nodes are available: {small} Insufficient cpu.",
        'MountVolume.SetUp failed for volume "{service}-config" : configmap "{service}-config" not found',
        "Node {node} status is now: NodeNotReady",
        "Node {node} status is now: NodeReady",
        "Memory cgroup out of memory: Killed process {num} ({service}) total-vm:{num}kB",
        "Evicting pod {namespace}/{pod} because of memory pressure",
    ),
    "gunicorn": (
        "[{num}] [INFO] Booting worker with pid: {num}",
        "[{num}] [INFO] Worker exiting (pid: {num})",
        "[{num}] [CRITICAL] WORKER TIMEOUT (pid:{num})",
        "[{num}] [ERROR] Worker (pid:{num}) exited with code {small}",
        "[{num}] [ERROR] Worker (pid:{num}) was sent SIGKILL! Perhaps out of memory?",
        "[{num}] [ERROR] Exception in worker process",
        "[{num}] [INFO] Handling signal: term",
        "[{num}] [INFO] Handling signal: int",
        "[{num}] [INFO] Shutting down: Master",
        "[{num}] [INFO] Starting gunicorn 21.2.0",
        "[{num}] [INFO] Listening at: http://0.0.0.0:{port} ({num})",
        "[{num}] [INFO] Using worker: uvicorn.workers.UvicornWorker",
        "Started server process [{num}]",
        "Finished server process [{num}]",
        "Waiting for application startup.",
        "Application startup complete.",
        "Application startup failed. Exiting.",
        '{ip}:{port} - "GET {path} HTTP/1.1" {code}',
        '{ip}:{port} - "POST {path} HTTP/1.1" {code}',
        "Container called exit({small}).",
        'Default STARTUP TCP probe succeeded after {small} attempt for container "{service}" on port {port}.',
    ),
    "databases": (
        '(psycopg.errors.UniqueViolation) duplicate key value violates unique constraint "{table}_{column}_key"',
        '(psycopg.errors.ForeignKeyViolation) insert or update on table "{table}" violates foreign key constraint "{table}_{column}_fkey"',
        '(psycopg.errors.UndefinedTable) relation "{table}" does not exist',
        '(psycopg.errors.UndefinedColumn) column "{column}" of relation "{table}" does not exist',
        "QueuePool limit of size {small} overflow {small} reached, connection timed out, timeout {sec}",
        "(sqlite3.OperationalError) database is locked",
        "(sqlite3.OperationalError) no such table: {table}",
        "(sqlite3.OperationalError) no such column: {column}",
        'connection to server at "{host}" ({ip}), port {port} failed: Connection refused',
        'connection to server at "{host}" ({ip}), port {port} failed: FATAL: password authentication failed for user "{user}"',
        "FATAL: remaining connection slots are reserved for superusers",
        "deadlock detected: process {num} waits for ShareLock on transaction {num}; blocked by process {num}",
        "canceling statement due to statement timeout",
        "checkpoint complete: wrote {num} buffers ({sec}%); write={sec} s, sync={sec} s",
        'automatic vacuum of table "app.public.{table}": index scans: {small}',
        "Lost connection to MySQL server at '{host}', system error: {small}",
        "MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk",
        "Running upgrade {hex} -> {hex}, add {column} to {table}",
        "Redis key {key} evicted, used memory {num} bytes",
    ),
    "queues and jobs": (
        "Task {module}.{func}[{uuid}] received",
        "Task {module}.{func}[{uuid}] succeeded in {sec}s: None",
        "Task {module}.{func}[{uuid}] raised unexpected: ConnectionError('{reason}')",
        "Task {module}.{func}[{uuid}] retry: Retry in {small}s",
        "Consumer group {service} lag on {topic} partition {small} is {num}",
        "Consumer group {service} rebalancing, generation {small}",
        "Published {class} to {topic} offset {num}",
        "Failed to publish {class} to {topic}: broker not available",
        "Broker {small} at {host}:{port} is down",
        "Job {class} started",
        "Job {class} finished in {ms} ms",
        "Job {class} failed after {small} attempts: {reason}",
        "Dead letter queue {queue} has {num} messages",
        "Queue {queue} is empty",
        "Worker {node} went offline",
        "Worker {node} came online",
        "Lock {key} held by {pod} for {sec} s, giving up",
        "Missed heartbeat from {service}@{node}",
        "Scheduler: Sending due task {name} ({module}.{func})",
    ),
}


@dataclass(frozen=True)
class IncidentLog:
    """Lines in order, and of each line the template that made it."""

    style: str
    seed: int
    lines: tuple[str, ...]
    templates: tuple[str, ...]


def _value(slot: str, rng: random.Random) -> str:
    def hexed(length: int) -> str:
        return "".join(rng.choice("0123456789abcdef") for _ in range(length))

    made: dict[str, Callable[[], str]] = {
        "num": lambda: str(rng.randrange(10, 99999)),
        "small": lambda: str(rng.randrange(1, 20)),
        "ms": lambda: str(rng.randrange(2, 9000)),
        "sec": lambda: f"{rng.uniform(0.01, 60):.3f}",
        "code": lambda: str(rng.choice((200, 201, 302, 400, 401, 403, 404, 500, 502, 503, 1001))),
        "port": lambda: str(rng.choice((80, 443, 5432, 6379, 8000, 8080, 9092))),
        "ip": lambda: ".".join(str(rng.randrange(1, 255)) for _ in range(4)),
        "hex": lambda: hexed(12),
        "hash": lambda: "".join(rng.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(10)),
        "uuid": lambda: "-".join(hexed(n) for n in (8, 4, 4, 4, 12)),
        "money": lambda: f"{rng.uniform(1, 900):.2f} EUR",
        "email": lambda: f"{rng.choice(_WORDS['user'])}@example.{rng.choice(('com', 'org'))}",
        "url": lambda: f"https://auth-{rng.randrange(9)}.example.com/issuer",
        "host": lambda: (
            f"{rng.choice(('db', 'cache', 'kafka', 'mail'))}-{rng.randrange(9)}.internal"
        ),
        "node": lambda: f"gke-pool-{rng.randrange(3)}-{hexed(8)}",
        "image": lambda: f"registry.example.com/{rng.choice(_WORDS['service'])}:{hexed(7)}",
        "pyfile": lambda: f"/app/{rng.choice(_WORDS['file'])}",
        "unixpath": lambda: rng.choice(("/var/run/app.sock", "/data/uploads", "/etc/ssl/key.pem")),
    }
    if slot == "pod":
        return f"{rng.choice(_WORDS['service'])}-{made['hash']()}-{hexed(5)}"
    if slot == "path":
        return rng.choice(
            (
                "/api/orders",
                f"/api/orders/{rng.randrange(9999)}",
                "/health",
                "/login",
                f"/users/{rng.choice(_WORDS['user'])}/profile",
                "/api/search?q=shoes&page=2",
            )
        )
    return made[slot]() if slot in made else rng.choice(_WORDS[slot])


def _fill(template: str, rng: random.Random) -> str:
    parts = template.split("{")
    line = parts[0]
    for part in parts[1:]:
        slot, _, rest = part.partition("}")
        line += _value(slot, rng) + rest
    return line


def incident_log(style: str, seed: int) -> IncidentLog:
    """Make one log: two templates are loud, the others have one to ten lines each."""
    rng = random.Random(f"{style} {seed}")  # noqa: S311 -- Made-up logs are no secret.
    templates = STYLES[style]
    loud = set(rng.sample(templates, 2))
    made = [
        (_fill(template, rng), template)
        for template in templates
        for _ in range(rng.randrange(60, 200) if template in loud else rng.randrange(1, 11))
    ]
    rng.shuffle(made)
    lines, labels = zip(*made, strict=True)
    return IncidentLog(style, seed, lines, labels)
