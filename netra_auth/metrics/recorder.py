"""What this process counted since it started, as Prometheus has it.

Logins, refusals and everything else that is recorded are counted by their audit rows, so that the
two never disagree; what leaves no row of its own (a good access token, a client's good proof) is
counted where it happens. Every label has few values, none of them chosen by a caller.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, generate_latest

from netra_auth.audit import Act, AuditEvent, Outcome
from netra_auth.metrics.reasons import counted_reason

_STAGES: Final = {
    AuditEvent.LOGIN: ("user", "login"),
    AuditEvent.CLIENT_AUTHENTICATION: ("service", "client"),
    AuditEvent.ACCESS_REFUSED: ("any", "access"),
}
"""Which recorded acts are authentications: of what kind of principal, and where."""


class Metrics:
    """The counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._authentications = self._counter(
            "netra_auth_authentications",
            "Authentications, by who was to be established, where, and how it ended.",
            ("kind", "stage", "outcome", "reason"),
        )
        self._acts = self._counter(
            "netra_auth_audited_acts",
            "Acts in the audit record, by event and outcome.",
            ("event", "outcome"),
        )
        self._mails = self._counter(
            "netra_auth_mails",
            "What became of mails that were asked for: sent, put_off (each time), withheld from"
            " everybody but who asked, or given_up.",
            ("purpose", "outcome"),
        )
        self._tokens = self._counter(
            "netra_auth_tokens_issued",
            "Answers of the token endpoint that carried tokens, by grant.",
            ("grant",),
        )

    def observe(self, act: Act) -> None:
        """Count an act that was recorded."""
        self._acts(act.event.value, act.outcome.value).inc()
        if act.event not in _STAGES:
            return
        kind, stage = _STAGES[act.event]
        if act.outcome is Outcome.REFUSED:
            reason = counted_reason(act.reason)
            self._authentications(kind, stage, act.outcome.value, reason).inc()
        elif act.event is AuditEvent.LOGIN:
            self.authenticated(kind, stage)

    def authenticated(self, kind: str, stage: str) -> None:
        """Count that somebody proved who they are."""
        self._authentications(kind, stage, Outcome.SUCCESS.value, "").inc()

    def token_issued(self, grant: str) -> None:
        """Count an answer of the token endpoint."""
        self._tokens(grant).inc()

    def mail(self, purpose: str, outcome: str) -> None:
        """Count what became of a mail; both words are of this service's own making."""
        self._mails(purpose, outcome).inc()

    def exposition(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, told: str, labels: tuple[str, ...]) -> Callable[..., Counter]:
        """Make a counter, and give what finds it for some labels' values."""
        return cache(Counter(name, told, labels, registry=self._registry).labels)
