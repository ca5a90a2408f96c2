"""What can be observed in a bundle: the vocabulary between what observes and what weighs. Pure.

A fact is a statement that is true or false of an incident. An observer says that it was seen, or
that it is not so though the evidence would have shown it; of the rest it says nothing. A fact says
what is there, never why: none names a cause.
"""

from enum import Enum
from typing import Final

LOGS: Final = frozenset({"logs.ndjson"})
CONFIGURED: Final = frozenset({"revisions.json", "fingerprints.json"})
COMMITS: Final = frozenset({"commits.json"})
PROBES: Final = frozenset({"probes.json"})
AUDIT: Final = frozenset({"audit.ndjson"})
TRAFFIC: Final = frozenset({"traffic.json", "revisions.json"})


class Fact(Enum):
    """Every fact there is: what it states, and the files of which any may show it."""

    def __init__(self, means: str, shown_by: frozenset[str]) -> None:
        """Keep both."""
        self.means = means
        self.shown_by = shown_by

    @property
    def code(self) -> str:
        """Its name, as it is written in reports."""
        return self.name.lower()

    # What programs say of tokens and credentials.
    SIGNATURE_REFUSED = "A token's signature did not fit the key.", LOGS
    TOKEN_EXPIRED = "A token came after its end.", LOGS
    TOKEN_TOO_EARLY = "A token came before it was valid or issued.", LOGS
    ISSUER_REFUSED = "A token's issuer was not the expected one.", LOGS
    AUDIENCE_REFUSED = "A token was made for another audience.", LOGS
    KEY_ID_UNKNOWN = "A token named a key that the verifier did not have.", LOGS
    SUBJECT_NOT_TEXT = "A claim, such as the subject, was of a type refused.", LOGS
    TOKEN_REVOKED = "A token or session was refused because it was ended.", LOGS | AUDIT
    REFRESH_REUSED = "A refresh token came a second time.", LOGS | AUDIT
    CREDENTIAL_MISSING = "A request carried no credential at all.", LOGS
    CLIENT_REFUSED = "The auth service refused a client (invalid_client).", LOGS
    WORKLOAD_KEY_REFUSED = "The platform refused a workload's own key.", LOGS
    KEY_UNREADABLE = "A key or PEM could not be parsed.", LOGS
    HEADER_ILLEGAL = "A value could not stand in a header.", LOGS
    ANONYMOUS_SERVED = (
        "Who was nobody was served as if they were somebody, or a failed check was passed over.",
        LOGS,
    )
    # What programs say of their configuration.
    NOT_CONFIGURED_SAID = "A program said that a variable or secret is not set.", LOGS
    EMPTY_SAID = "A program said that a variable is set and empty.", LOGS
    DEFAULT_KEY_SAID = "A program said that it uses a default, weak or placeholder key.", LOGS
    KEY_GENERATED_SAID = (
        "A program, or a commit, said that a key of its own is made at start.",
        LOGS | COMMITS,
    )
    REFERENCE_TEXT_SAID = (
        "A program met a reference, such as ${NAME}, where a value should be.",
        LOGS,
    )
    FALLBACK_FILE_SAID = "A program said that it uses a cached or fallback configuration.", LOGS
    SESSION_MIDDLEWARE_SAID = "A request's session was used and never installed.", LOGS | PROBES
    # What was called and did not answer as it should.
    AUTH_SERVICE_SILENT = (
        "Calls to the auth service or its keys were refused, timed out, or failed with 5xx.",
        LOGS,
    )
    AUTH_HOST_UNKNOWN = "The auth service's name had no address.", LOGS
    HTML_INSTEAD_OF_JSON = "A page came where JSON was expected from the auth service.", LOGS
    FOREIGN_ENVIRONMENT_CALLED = (
        "The auth service's address or a token's issuer is of another environment.",
        LOGS | CONFIGURED | PROBES,
    )
    BREAKER_OPEN_SAID = "A circuit breaker refused calls without making them.", LOGS | PROBES
    BREAKER_OPEN_AFTER_RECOVERY = (
        "A breaker stayed open while the same dependency answered others, or a probe.",
        LOGS | PROBES,
    )
    CERTIFICATE_EXPIRED_SAID = "A certificate was refused as expired.", LOGS
    DATABASE_SILENT = "The database refused connections, or did not answer in time.", LOGS | PROBES
    DATABASE_PASSWORD_REFUSED = (
        "The database refused the service's name or password.",
        LOGS | PROBES,
    )
    POOL_EXHAUSTED_SAID = "No connection of the pool was free in time.", LOGS | PROBES
    REDIRECT_BEFORE_REFUSAL = "Refused requests had been redirected just before.", LOGS
    # WebSockets and browsers.
    UPGRADE_MISSING = (
        "A handshake came without its Upgrade or Connection header, or as HTTP/1.0.",
        LOGS | PROBES,
    )
    SUBPROTOCOL_SAID = "A handshake failed over its subprotocol.", LOGS | PROBES
    ORIGIN_REFUSED_SAID = "A browser's origin was refused.", LOGS | PROBES
    SOCKETS_END_AT_ONE_AGE = "Most sockets ended at the same age, whatever they did.", LOGS | PROBES
    PREFLIGHT_REFUSED = "OPTIONS requests got 401 or 403.", LOGS | PROBES
    PREFLIGHT_WITHOUT_CORS = (
        "A refused preflight came back without any header that tells a browser what it may.",
        PROBES | LOGS,
    )
    # What the platform says.
    PLATFORM_REFUSED_CALLER = "The platform refused callers in its own words.", LOGS | PROBES
    PLATFORM_SAID_401 = (
        "It refused them with 401: their token was not for this service.",
        LOGS | PROBES,
    )
    PLATFORM_SAID_403 = "It refused them with 403: they may not invoke the service.", LOGS | PROBES
    SECRET_PERMISSION_SAID = (
        "The platform may not read a secret for the service.",
        LOGS | CONFIGURED,
    )
    SECRET_VERSION_SAID = (
        "A secret's version is missing, disabled or destroyed.",
        LOGS | CONFIGURED | PROBES,
    )
    KIND_CONFLICT_SAID = (
        "The platform refused a deployment: a name is plain and was to be a secret, or reversed.",
        LOGS,
    )
    REVISION_NOT_READY = "A revision did not become ready.", LOGS | CONFIGURED
    INVOKER_CHANGED = (
        "Who may invoke the service was changed before the onset, or is not who should.",
        LOGS | PROBES,
    )
    SECRET_CHANGED_AT_ONSET = (
        "A secret got a new version, or lost one, shortly before the onset.",
        LOGS | PROBES | AUDIT,
    )
    WORKLOAD_KEY_DELETED = (
        "A workload's key was deleted or disabled before the onset, or has ended.",
        LOGS | PROBES,
    )
    # What programs say of themselves.
    MODULE_MISSING = "Code imported a module or file that is not in the image.", LOGS
    START_FAILED = "A start-up check failed, or an exception was raised while starting.", LOGS
    RESTART_LOOP = "The program exited and was started again, repeatedly.", LOGS
    CODE_ERROR = (
        "Requests failed by an error of the project's own code (TypeError and the like).",
        LOGS,
    )
    CODE_ERROR_IN_IDENTITY = "That code reads the caller's identity.", LOGS
    # How failures lie in time, and over revisions, instances, callers and requests.
    FAILURES = "Something failed in the window, by log or probe.", LOGS | PROBES
    BEGAN_WITH_REVISION = (
        (
            "Failures began with a revision's first traffic, absent before with enough "
            "traffic to have shown."
        ),
        LOGS,
    )
    BEGAN_WITHOUT_REVISION = (
        "Failures began on a revision that had served well before, without a deploy.",
        LOGS,
    )
    ON_EARLIER_REVISIONS_TOO = (
        "The same signature is on revisions from before the suspect one.",
        LOGS,
    )
    ALL_REFUSED = (
        "Since the onset all, or nearly all, authenticated requests of the affected kind failed.",
        LOGS,
    )
    PART_REFUSED = "Since the onset a part failed and a part succeeded, mixed in time.", LOGS
    SPLIT_BY_INSTANCE = (
        "Of one revision some instances failed always and others never.",
        LOGS | PROBES,
    )
    MIXED_WITHIN_INSTANCES = (
        "Of one revision every instance both failed and succeeded, mixed in time.",
        LOGS,
    )
    ONE_INSTANCE_ONLY = "Of several instances that served, exactly one failed.", LOGS
    OLD_TOKENS_REFUSED = (
        "Tokens issued before a moment failed, later ones passed.",
        LOGS | AUDIT | PROBES,
    )
    NEW_TOKENS_REFUSED = (
        "Tokens issued after a moment failed, earlier ones passed.",
        LOGS | AUDIT | PROBES,
    )
    CURED_BY_RESTART = "Failures ended with a new instance of the same revision.", LOGS
    CONFINED_TO_NEW_INSTANCES = (
        "Instances that started after a moment failed, older ones of the same revision did not.",
        LOGS,
    )
    GROWS_SLOWLY = "The share of failures grew over the window.", LOGS
    RARE_AND_NEAR_ISSUE = (
        "Few tokens failed, all within seconds of their issue, and passed when tried again.",
        LOGS,
    )
    FEW_SUBJECTS = "The failures are of few of many subjects or clients.", LOGS
    FEW_REQUESTS_MANY_LINES = "Few distinct requests wrote several error lines each.", LOGS
    SESSION_BEFORE_REFUSAL = (
        (
            "In the failing requests a session or credential had been made successfully "
            "before the refusal."
        ),
        LOGS,
    )
    OTHER_SERVICE_CALLS_SUCCEED = (
        "Other service calls under the same identity succeeded in the same window.",
        LOGS | AUDIT,
    )
    SERVICE_CALLS_FAIL = "A service's own calls to get or use its identity failed.", LOGS | AUDIT
    USERS_FAIL = "Users' requests failed.", LOGS
    USERS_UNAFFECTED = "Users' requests went on succeeding.", LOGS
    LOGIN_WORKS_LATER_FAILS = (
        "Log-in succeeded, and what its token was used for failed.",
        LOGS | PROBES,
    )
    FAILS_AT_ONCE = "Failing calls ended within milliseconds.", LOGS
    FAILS_AFTER_TIMEOUT = "Failing requests took one fixed time of seconds.", LOGS
    OPEN_ROUTES_WORK = "Routes that need no identity went on answering.", LOGS
    REFUSED_BEFORE_CONTAINER = (
        "Refused requests left a request entry and no line of the program.",
        LOGS,
    )
    SOCKETS_ONLY = "Handshakes or sockets failed and plain requests did not.", LOGS | PROBES
    UNKNOWN_PATHS = "Refusals are mixed with 404 and 405 on paths that nobody else asks for.", LOGS
    ONE_TESTING_CLIENT = (
        "The failures are of one client that tests: its name, agent or users say so.",
        LOGS,
    )
    OLDER_THAN_ASKED = "The failures are older than the window that was asked for.", LOGS
    NOT_SERVING_ANY_MORE = "What failed is a service or revision that serves nobody any more.", LOGS
    USUAL_RATE = "Failures of this kind came before at the same rate, and jump nowhere.", LOGS
    SINGLE_REFUSALS = (
        "Single requests were refused as on any day, and people were served around them.",
        LOGS,
    )
    # Configuration as it was deployed.
    VARIABLE_LOST = (
        "A plain variable of the last good revision is not in the first bad one.",
        CONFIGURED | LOGS,
    )
    SECRET_REFERENCE_LOST = (
        "A secret reference of the last good revision is not in the first bad one.",
        CONFIGURED,
    )
    VARIABLE_RENAMED = (
        "A variable is there under another name than what reads it, or its peer, expects.",
        CONFIGURED,
    )
    KIND_SWITCHED = "A name went from plain to secret or back.", CONFIGURED
    KEY_CHANGED = (
        "A signing key's value or version changed with the first bad revision.",
        CONFIGURED,
    )
    ISSUER_CHANGED = "The configured issuer changed with the first bad revision.", CONFIGURED
    AUDIENCE_CHANGED = "The configured audience changed with the first bad revision.", CONFIGURED
    URL_CHANGED = "The auth service's address changed with the first bad revision.", CONFIGURED
    CUSTOM_AUDIENCES_LOST = "The platform's custom audiences are fewer than before.", CONFIGURED
    INGRESS_OR_ACCOUNT_CHANGED = (
        "Ingress, service account or invoker settings changed, or are not as they should be.",
        CONFIGURED | PROBES,
    )
    VALUE_EMPTY = "A variable of identity is set and empty.", CONFIGURED
    VALUE_IS_REFERENCE_TEXT = (
        "A value is a reference or a secret's name instead of what it refers to.",
        CONFIGURED,
    )
    VALUE_IS_PLACEHOLDER = "A value is a known default or placeholder.", CONFIGURED
    VALUE_CARRIES_BLANKS = (
        "A value of identity has blanks or line breaks at its beginning or end.",
        CONFIGURED | LOGS,
    )
    VALUE_CARRIES_QUOTES = "A value of identity stands in quotation marks.", CONFIGURED | LOGS
    VALUE_SHORTENED = (
        "A value came in with fewer characters than are stored, or than it must have.",
        CONFIGURED | LOGS | PROBES,
    )
    KEYS_AGREE = "Issuer and verifier have the same key as it is.", CONFIGURED
    KEYS_AGREE_STRIPPED = (
        "The keys, or secrets, are equal once blanks and line breaks at the ends are taken away.",
        CONFIGURED,
    )
    KEYS_AGREE_UNQUOTED = "They are equal once quotes are taken away.", CONFIGURED
    KEYS_AGREE_DECODED = "They are equal once one is decoded from base64.", CONFIGURED
    KEYS_AGREE_UNESCAPED = "They are equal once escapes such as \\n are resolved.", CONFIGURED
    KEYS_DIFFER = "Issuer and verifier have different keys in every form.", CONFIGURED
    SERVICE_SECRETS_DIFFER = "A service's secret is not the registered one in any form.", CONFIGURED
    ISSUERS_DIFFER = (
        "Issuer and verifier are configured with different issuers.",
        CONFIGURED | PROBES,
    )
    AUDIENCES_DIFFER = (
        "Caller and callee are configured with different audiences.",
        CONFIGURED | PROBES,
    )
    LATEST_REFERENCED = "A secret is referenced by `latest`.", CONFIGURED
    CONFIGURATION_UNCHANGED = (
        (
            "No variable, reference or audience differs between the last good and the first "
            "bad revision."
        ),
        CONFIGURED,
    )
    # Traffic, commits, probes, audit.
    NEWEST_WITHOUT_TRAFFIC = (
        "The newest ready revision gets no traffic; an older one is named.",
        TRAFFIC | PROBES,
    )
    ROLLED_BACK = "Traffic went back to an earlier revision within the window.", TRAFFIC
    FAILS_ON_ROLLBACK_TARGET = (
        "After traffic went back, the revision it went to failed too.",
        TRAFFIC | LOGS,
    )
    OTHER_REVISION_ANSWERED = "A probe of a revision was answered by another one.", PROBES | LOGS
    COMMIT_TOUCHES_IDENTITY = (
        "A commit before the onset touches code that decides identity.",
        COMMITS,
    )
    COMMIT_TOUCHES_DEPENDENCIES = (
        "A commit before the onset touches the lock file or requirements.",
        COMMITS,
    )
    ONLY_LIBRARIES_CHANGED = (
        (
            "All that was committed between the last good and the first bad revision is versions "
            "of libraries, or the failing library's among them."
        ),
        COMMITS,
    )
    COMMIT_TOUCHES_MIDDLEWARE = (
        "A commit before the onset touches middleware, CORS or proxy configuration.",
        COMMITS,
    )
    COMMIT_TOUCHES_NAMES = (
        "A commit before the onset touches settings, or renames a variable.",
        COMMITS,
    )
    COMMIT_TOUCHES_FAILING_FILE = (
        "A commit before the onset touches a file of the failing traceback.",
        COMMITS,
    )
    UNAUTHENTICATED_ADMITTED = (
        "A probe without or with a bad credential was admitted.",
        PROBES | LOGS,
    )
    ORIGIN_DECIDES = (
        "A handshake with an Origin was refused and the same without one was not.",
        PROBES | LOGS,
    )
    SUBPROTOCOL_DECIDES = "A handshake's success depends on its subprotocol.", PROBES
    DIRECT_WORKS_PROXY_FAILS = (
        "The same request works directly and fails through the proxy.",
        PROBES,
    )
    REDIRECTED = (
        "A probe, or callers, were redirected before being refused; directly it works.",
        PROBES | LOGS,
    )
    DEPENDENCY_HEALTHY = (
        (
            "The auth service answered a direct probe, or other callers, while calls to it "
            "were said to fail."
        ),
        PROBES | LOGS,
    )
    DEPENDENCY_DOWN = "A direct probe of the auth service or its keys failed.", PROBES
    CLOCKS_DIFFER = "Two clocks differ by more than a second.", PROBES | LOGS
    CERTIFICATE_EXPIRED = "A probe met a certificate past its end.", PROBES
    INSTANCES_DISAGREE = "The same probe got different answers from different instances.", PROBES
    GOOD_CREDENTIAL_WORKS = (
        "A probe with a good credential was answered well in the window.",
        PROBES,
    )
    KEY_STILL_PUBLISHED = (
        "The key by which refused tokens were signed is in the published set.",
        PROBES,
    )
    KEY_NOT_PUBLISHED = (
        "The key by which refused tokens were signed is not in the published set.",
        PROBES,
    )
    AUDIT_WRONG_SECRET = "A client is recorded as refused for a wrong secret.", AUDIT | LOGS
    AUDIT_UNKNOWN_CLIENT = "A client is recorded as refused: unknown, or disabled.", AUDIT | LOGS
    AUDIT_KEY_ROTATED = (
        "The audit record, or a log, has a key rotation before the onset.",
        AUDIT | LOGS,
    )
    AUDIT_KEY_WITHDRAWN = (
        "The audit record has a signing key withdrawn at once, with all that it signed.",
        AUDIT,
    )
    AUDIT_USER_REASONS = (
        (
            "The audit record gives ordinary reasons for users' refusals: expired, revoked, "
            "reused, wrong password."
        ),
        AUDIT,
    )
    SECRET_NEWER_THAN_INSTANCES = (
        "A secret got a new version, and what reads it was started before.",
        LOGS | CONFIGURED | AUDIT,
    )
