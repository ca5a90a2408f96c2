"""What drivers and pools of databases say: SQLAlchemy, asyncpg, psycopg, pg, HikariCP, MySQL."""

from typing import Final

from netra_ops.diagnosis.signs.phrase import phrase
from netra_ops.diagnosis.signs.sign import Sign

_REFUSED: Final = (
    r"(?:connection to \S{1,120} refused|connection refused|ECONNREFUSED|UnknownHostException"
    r"|could not (?:connect|translate)|connect timed out|connection attempt failed"
    r"|communications link failure)"
)
_UNLESS_REFUSED: Final = r"(?![^|]{0,400}" + _REFUSED + ")"
"""Who waited for a pool's connection in vain did so for want of a database, where that is said."""

PHRASES: Final = (
    phrase(
        Sign.POOL_EXHAUSTED,
        r"QueuePool limit of size|connection pool (?:is |was )?(?:exhausted|full|empty|timeout)"
        r"|pool (?:is )?exhausted|too many clients already|remaining connection slots are reserved"
        r"|Connection is not available, request timed out after \d+ ?ms[^|;]{0,4}\(total=[1-9]"
        r"|PoolExhausted|Timed out fetching a new "
        r"connection from the connection pool|pool_exhausted|database_pool_exhausted"
        r"|no (?:free |available )?connections? (?:in|of|from) (?:the )?pool|too many connections"
        r"|sorry, too many clients"
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
        r"|FATAL: +role \S+ does not exist|\brole \"[^\"]{1,80}\" does not exist"
        r"|ER_ACCESS_DENIED_ERROR"
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
    phrase(
        Sign.POOL_EXHAUSTED,
        r"the pool '[^']{1,60}' has already \d+ requests waiting|max connections exceeded, timed "
        r"out"
        r"|checking out a connection from connection pool|^(?:error: )?queue limit reached"
        r"|Timeout failure stats \(total=[1-9]|timeout waiting for idle object"
        r"|connection pool has been exhausted|obtaining a connection from the pool|obtain a "
        r"connection "
        r"from the pool|all pooled connections were in use"
        r"|cannot connect to server: too many|all \d+ (?:pool|database|db) connections are (?:in "
        r"use|"
        r"busy)|pool: no connection within|waited [\d.]+ ?s for a connection, gave up|(?:could not|"
        r"couldn't|cannot) check out a (?:database )?connection|(?:^|[\s\"])53300\b",
        "pool",
        "waiting",
        "max connections",
        "queue limit",
        "idle object",
        "dropped from queue",
        "wait_timeout",
        "too many",
        "connections are",
        "for a connection",
        "check out",
        "53300",
    ),
    phrase(
        Sign.DATABASE_PASSWORD,
        r"issue connecting to your database with your username|authentication failed against "
        r"database"
        r"|(?:Mongo\w*Error|OperationFailure): authentication failed|SequelizeAccessDeniedError"
        r"|login failed for user '|ORA-01017|WRONGPASS\b|role \"[^\"]{1,80}\" is not permitted to "
        r"log "
        r"in|IAM user authentication failed|user is locked, ORA-|\[1045\]"
        r"|invalid username-password pair",
        "database with",
        "against database",
        "authentication failed",
        "accessdenied",
        "login failed for",
        "ora-0",
        "wrongpass",
        "not permitted to log",
        "iam user",
        "[1045]",
        "username-password",
    ),
    phrase(
        Sign.DATABASE_SILENT,
        r"could not translate host name [^|]{1,80} to address|P1017\b|server has closed the "
        r"connection"
        r"|SequelizeConnection\w*Error|Mongo(?:Network|ServerSelection|oseServerSelection)\w*"
        r"|ServerSelectionTimeoutError|PROTOCOL_CONNECTION_LOST|PSQLException: (?:connection to"
        r"|this "
        r"connection has been closed|an I/O error)|failed to obtain JDBC connection|failed to "
        r"connect "
        r"to `?(?:host=|user=)|\bdriver: bad connection|NpgsqlException(?: \(\w+\))?: (?:failed to "
        r"connect|exception while)|establishing a connection to SQL Server"
        r"|ConnectionNotEstablished\b"
        r"|SQLSTATE\[(?:HY000|08\w{3})\] \[(?:2002|2003|2006|2013|7)\]|error communicating with "
        r"database"
        r"|Postgrex\.Protocol[^|]{0,60}failed to connect|the database is not available|database "
        r"ping "
        r"failed|ORA-125\d\d|database (?:did not|does not) answer",
        "to address",
        "p1017",
        "has closed the connection",
        "sequelizeconnection",
        "mongo",
        "serverselection",
        "connection_lost",
        "psqlexception",
        "jdbc",
        "failed to connect",
        "bad connection",
        "npgsqlexception",
        "sql server",
        "notestablished",
        "sqlstate",
        "with database",
        "database",
        "ora-125",
    ),
    phrase(
        Sign.POOL_WAITED,
        r"(?:Connection is not available, request timed out after (?!\d+ ?ms[^|;]{0,4}\(total=\d)"
        r"|PoolTimeout\b|couldn't get a connection after|timeout exceeded when trying to connect"
        r"|Timeout acquiring a connection|Knex: Timeout acquiring"
        r"|SequelizeConnectionAcquireTimeoutError|ResourceRequest timed out"
        r"|acquisition timeout while waiting for new connection|PoolAcquireTimeout\w*"
        r"|acquire (?:a )?connection from (?:the )?pool|PoolTimedOut\b|pool timed out while waiting"
        r"|connection not available and request was dropped from queue|\bquery_wait_timeout\b)"
        + _UNLESS_REFUSED,
        "not available",
        "pool",
        "connection",
        "acquir",
        "trying to connect",
        "resourcerequest",
        "wait_timeout",
    ),
    phrase(
        Sign.DATABASE_SILENT,
        r"(?:request timed out after \d+ ?ms[^|;]{0,4}|Timeout failure stats )\(total=0,"
        r"|PSQLException: the connection attempt failed|connection is not available, request timed "
        r"out after[^|]{0,400}" + _REFUSED + r"|(?:pool|acquir\w*|connection)\b[^|]{0,200}"
        r"caused by:[^|]{0,120}connection to \S+ refused",
        "(total=0",
        "psqlexception",
        "not available",
        "caused by",
    ),
    phrase(
        Sign.POOL_EXHAUSTED,
        r"(?:could not|cannot|can't|couldn't|unable to|failed to) (?:obtain|get|acquire|borrow"
        r"|take) an? (?:database |db )?connection (?:from|of|in) (?:the )?pool"
        r"|\br2d2: timed out|\btimed out waiting for (?:an? )?connection$|timed out in bb8"
        r"|deadpool[^|;]{0,40}timeout",
        "pool",
        "r2d2",
        "waiting for",
        "bb8",
    ),
)  # fmt: skip
