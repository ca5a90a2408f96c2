"""How often a fact is seen in incidents of any cause: what makes a sighting telling or not. Pure.

The figures are estimates of which only the order of magnitude matters; the reliability table of
`benchmarks/diagnosis.py` shows what they are worth. A fact that is not listed is as usual as
`RARELY` says: things that decide are rare in everybody else's incidents.
"""

from types import MappingProxyType
from typing import Final

from netra_ops.diagnosis.facts import Fact

RARELY: Final = 0.003
"""Of a fact that hardly any other cause shows."""

_USUAL: Final = MappingProxyType(
    {
        # What goes with many causes says little of any.
        Fact.FAILURES: 0.95,
        Fact.ALL_REFUSED: 0.35,
        Fact.PART_REFUSED: 0.4,
        Fact.BEGAN_WITH_REVISION: 0.45,
        Fact.BEGAN_WITHOUT_REVISION: 0.35,
        Fact.CONFIGURATION_UNCHANGED: 0.4,
        Fact.USERS_FAIL: 0.6,
        Fact.USERS_UNAFFECTED: 0.3,
        Fact.SERVICE_CALLS_FAIL: 0.35,
        Fact.OPEN_ROUTES_WORK: 0.5,
        Fact.SIGNATURE_REFUSED: 0.2,
        Fact.LOGIN_WORKS_LATER_FAILS: 0.2,
        Fact.CREDENTIAL_MISSING: 0.08,
        Fact.CLIENT_REFUSED: 0.06,
        Fact.TOKEN_EXPIRED: 0.12,
        Fact.AUDIT_USER_REASONS: 0.09,
        Fact.KEY_CHANGED: 0.12,
        Fact.START_FAILED: 0.01,
        Fact.RESTART_LOOP: 0.08,
        Fact.REVISION_NOT_READY: 0.03,
        Fact.CODE_ERROR: 0.01,
        Fact.COMMIT_TOUCHES_IDENTITY: 0.2,
        Fact.COMMIT_TOUCHES_DEPENDENCIES: 0.15,
        Fact.ONLY_LIBRARIES_CHANGED: 0.03,
        Fact.COMMIT_TOUCHES_MIDDLEWARE: 0.1,
        Fact.COMMIT_TOUCHES_NAMES: 0.12,
        Fact.OTHER_SERVICE_CALLS_SUCCEED: 0.12,
        Fact.GOOD_CREDENTIAL_WORKS: 0.15,
        Fact.INSTANCES_DISAGREE: 0.015,
        Fact.SPLIT_BY_INSTANCE: 0.05,
        Fact.MIXED_WITHIN_INSTANCES: 0.08,
        Fact.ONE_INSTANCE_ONLY: 0.06,
        Fact.CURED_BY_RESTART: 0.05,
        Fact.CONFINED_TO_NEW_INSTANCES: 0.05,
        Fact.LATEST_REFERENCED: 0.15,
        Fact.SECRET_CHANGED_AT_ONSET: 0.06,
        Fact.SOCKETS_ONLY: 0.1,
        Fact.FAILS_AT_ONCE: 0.3,
        Fact.FAILS_AFTER_TIMEOUT: 0.08,
        Fact.FEW_SUBJECTS: 0.12,
        Fact.FEW_REQUESTS_MANY_LINES: 0.08,
        Fact.ON_EARLIER_REVISIONS_TOO: 0.1,
        Fact.NOT_CONFIGURED_SAID: 0.03,
        Fact.KEYS_DIFFER: 0.01,
        Fact.AUTH_SERVICE_SILENT: 0.01,
        Fact.BREAKER_OPEN_SAID: 0.02,
        Fact.DEPENDENCY_HEALTHY: 0.12,
        Fact.KEY_ID_UNKNOWN: 0.03,
        Fact.KEY_STILL_PUBLISHED: 0.06,
        Fact.KEY_NOT_PUBLISHED: 0.04,
        Fact.INGRESS_OR_ACCOUNT_CHANGED: 0.03,
        Fact.PLATFORM_REFUSED_CALLER: 0.04,
        Fact.REFUSED_BEFORE_CONTAINER: 0.06,
        Fact.USUAL_RATE: 0.08,
        Fact.GROWS_SLOWLY: 0.1,
        Fact.URL_CHANGED: 0.015,
        Fact.ISSUER_REFUSED: 0.005,
        Fact.DATABASE_SILENT: 0.004,
        Fact.AUDIT_KEY_ROTATED: 0.02,
        Fact.AUDIT_KEY_WITHDRAWN: 0.003,
        Fact.ROLLED_BACK: 0.08,
        Fact.REDIRECTED: 0.008,
        Fact.DIRECT_WORKS_PROXY_FAILS: 0.03,
        Fact.UNKNOWN_PATHS: 0.015,
    }
)


def usual(fact: Fact) -> float:
    """Give the share of all incidents that show a fact where the evidence could, in (0, 1)."""
    return _USUAL.get(fact, RARELY)
