"""What drivers and pools of databases say: SQLAlchemy, asyncpg, psycopg, pg, HikariCP, MySQL."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

PHRASES: Final = (
    phrase(
        Sign.POOL_EXHAUSTED,
        r"QueuePool limit of size|connection pool (?:is |was )?(?:exhausted|full|empty|timeout)"
        r"|pool (?:is )?exhausted|too many clients already|remaining connection slots are reserved"
        r"|Connection is not available, request timed out after|PoolTimeout\b|PoolExhausted"
        r"|couldn't get a connection after|timeout exceeded when trying to connect"
        r"|Timeout acquiring a connection|Knex: Timeout acquiring|Timed out fetching a new "
        r"connection from the connection pool|pool_exhausted|database_pool_exhausted"
        r"|no (?:free |available )?connections? (?:in|of|from) (?:the )?pool|too many connections"
        r"|sorry, too many clients|SequelizeConnectionAcquireTimeoutError|ResourceRequest timed out"
        r"|no connection became free|no more connections allowed|every connection was busy"
        r"|pool timeout|waiting for a free "
        r"(?:database )?connection",
        "pool",
        "clients",
        "slots",
        "not available",
        "connection",
        "acquir",
        "trying to connect",
    ),
    phrase(
        Sign.DATABASE_PASSWORD,
        r"password authentication failed|Access denied for user|InvalidPassword(?:Error)?\b"
        r"|InvalidAuthorizationSpecification|no password supplied|\b28P01\b|\b28000\b"
        r"|SASL authentication failed|SCRAM[^|;]{0,40}(?:fail|must be a string|mismatch)"
        r"|FATAL: +role \S+ does not exist|ER_ACCESS_DENIED_ERROR"
        r"|pg_hba.conf rejects|no pg_hba.conf entry",
        "password",
        "access denied",
        "authorizationspec",
        "28p01",
        "28000",
        "sasl",
        "scram",
        "role",
        "access_denied",
        "pg_hba",
    ),
    phrase(
        Sign.DATABASE_SILENT,
        r"could not connect to server|database system is (?:starting up|shutting down|in recovery)"
        r"|Can't connect to (?:local )?MySQL server|Lost connection to MySQL|MySQL server has gone "
        r"away|server closed the connection unexpectedly|terminating connection due to"
        r"|connection to server (?:at|on) [^|]{1,120}failed: (?!FATAL: +(?:password|role|sorry|"
        r"remaining))"
        r"|(?:database|postgres\w*|mysql|sql ?server|cloud ?sql|\bdb\b)[^|;]{0,50}\b(?:unavailable|"
        r"unreachable|not reachable|is down|connection (?:failed|lost|error|timeout)|cannot be "
        r"opened|cannot be reached|could not be (?:reached|opened)|did not answer)"
        r"|could not (?:connect to|reach|open) (?:the )?(?:database|postgres\w*|mysql|\bdb\b|store)"
        r"|(?:unable|failed) to (?:connect to|reach|open) (?:the )?(?:database|postgres\w*|mysql|"
        r"\bdb\b)|Communications link failure|CannotConnectNow|DatabaseUnavailable\b"
        r"|store cannot be opened|Can't reach database server|SequelizeConnection(?:Refused|"
        r"TimedOut)?Error|Connection terminated (?:unexpectedly|due to connection timeout)"
        r"|InterfaceError[^|;]{0,80}connection (?:is|was) closed"
        r"|connection was closed in the middle"
        r"|ConnectionDoesNotExistError|The connection attempt failed\.",
        "server",
        "database",
        "postgres",
        "mysql",
        "sql",
        "db",
        "terminating",
        "link failure",
        "connectnow",
        "terminated",
        "doesnotexist",
        "connection attempt",
        "store",
        "interfaceerror",
        "in the middle",
    ),
)  # fmt: skip
