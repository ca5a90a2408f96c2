"""A repair proven against services over real sockets."""

from collections.abc import Sequence

import pytest

from fakes.configurations import AUTH, BACKEND
from fakes.netra_over_http import SERVICES, FakeNetra, fake_netra
from netra.clock import SystemClock
from netra.secret import Secret
from netra_ops.diagnosis.signs.tally import Caller
from netra_ops.findings import Verdict
from netra_ops.proof.document import Proof
from netra_ops.proof.proving import Case, Target, proven
from netra_ops.proof.signature import Again, Signature
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import Credentials, ServiceCredential


def proof_of(netra: FakeNetra, service: str, again: Sequence[Again]) -> Proof:
    """Prove that requests of a service, all of which failed, fail no more."""
    signature = Signature(
        service=service,
        kinds=frozenset({"key_id_unknown"}),
        failed=40,
        tried=40,
        again=tuple(again),
        evidence=("logs.ndjson:1",),
    )
    credentials = Credentials(
        netra.url,
        ServiceCredential(BACKEND, Secret(SERVICES[BACKEND])),
        operator=ServiceCredential("netra-ops", Secret(SERVICES["netra-ops"])),
        issued_as=netra.url,
    )
    clock = SystemClock()
    with Asker(clock) as asker:
        case = Case(bundle="incident", cause=None, signature=signature)
        return proven(case, Target(url=netra.url, credentials=credentials), asker, clock)


def asked_for(path: str, caller: Caller) -> Again:
    """Give a request that failed."""
    return Again(method="GET", path=path, caller=caller, statuses=(401,), evidence="logs.ndjson:1")


def part(proof: Proof, name: str) -> tuple[Verdict, str]:
    """Give what a proof says of one of its parts."""
    (found,) = (one for one in proof.parts if one.name == name)
    return found.verdict, found.says


@pytest.mark.parametrize("service", [BACKEND, "orders"])
def test_what_failed_is_asked_again_where_it_failed(service: str) -> None:
    """As often as it takes, as the same kind of caller."""
    with fake_netra() as netra:
        proof = proof_of(netra, service, [asked_for("/api/me", Caller.USER)])
        times = netra.asked.count("GET /api/me")

    verdict, says = part(proof, "reproduction")
    assert verdict is Verdict.PASS
    assert "made again 20 times" in says
    assert times >= 20


def test_what_failed_at_the_auth_service_is_not_asked_of_the_backend() -> None:
    """A backend that has no such path would prove nothing by not failing as the other did."""
    with fake_netra() as netra:
        proof = proof_of(netra, AUTH, [asked_for("/revocations", Caller.SERVICE)])
        asked = list(netra.asked)

    verdict, says = part(proof, "reproduction")
    assert verdict is Verdict.PASS
    assert "got tokens" in says
    assert "GET /revocations" not in asked
