"""Each fault that started it all is put back into a copy of the code; its regression must notice.

The faults are written as replacements in the code as it is, so a fault that no longer matches
anything fails here and must be written anew.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[2]
_COPIED: Final = ("netra", "netra_backend", "tests/fakes", "tests/regressions")
_BACKEND: Final = "netra_backend/app"


@dataclass(frozen=True)
class Fault:
    """A fault as replacements in files, and the regression test that must fail with it."""

    name: str
    noticed_by: str
    replacements: tuple[tuple[str, str, str], ...]


_FAULTS: Final = (
    Fault(
        "a-every-session-is-the-services",
        "test_misattribution.py::test_a_caller_without_a_good_credential_is_refused_as_itself",
        (
            (
                f"{_BACKEND}/dependencies.py",
                "    request: Request, principal: Caller\n) -> AsyncIterator[PrincipalSession]:",
                "    request: Request\n) -> AsyncIterator[PrincipalSession]:",
            ),
            (
                f"{_BACKEND}/dependencies.py",
                "    require(Permission.SESSIONS_OPEN, record)\n",
                (
                    "    from netra.policy import CredentialMethod\n"
                    "    from netra.principal import ServicePrincipal\n"
                    "    record.method = CredentialMethod.BEARER\n"
                    "    record.principal = principal = ServicePrincipal(\n"
                    "        'netra-backend', frozenset({'sessions:open'}), 'none', 9e9\n"
                    "    )\n"
                ),
            ),
        ),
    ),
    Fault(
        "b-route-errors-become-session-failures",
        "test_misattribution.py::test_an_exception_in_a_route_is_the_routes_own",
        (
            (
                f"{_BACKEND}/dependencies.py",
                "        record.stage = Stage.HANDLER\n        yield session\n",
                "        yield session\n",
            ),
        ),
    ),
    Fault(
        "c-own-credential-takes-users-down",
        "test_outages.py::test_a_wrong_service_secret_harms_no_user",
        (
            (
                f"{_BACKEND}/routes/health.py",
                "    if report.status is HealthStatus.DOWN:\n",
                "    if report.status is not HealthStatus.OK:\n",
            ),
        ),
    ),
    Fault(
        "c-the-alarm-is-a-flood",
        "test_outages.py::test_a_wrong_service_secret_harms_no_user",
        (
            (
                "netra/telemetry/once_per_interval.py",
                "            return None\n",
                "            return window.suppressed\n",
            ),
        ),
    ),
    Fault(
        "d-a-header-names-the-service",
        "test_identity_sources.py::test_no_header_makes_a_caller",
        (
            (
                f"{_BACKEND}/auth_integration/auth.py",
                "        presented = credential_of_request(headers, query)\n",
                (
                    "        from netra.principal import ServicePrincipal\n"
                    "        for name in headers.getlist('X-Service-Id'):\n"
                    "            granted = frozenset({'sessions:open', 'service:status'})\n"
                    "            return (\n"
                    "                ServicePrincipal(name, granted, 'none', 9e9),\n"
                    "                CredentialMethod.BEARER,\n"
                    "            )\n"
                    "        presented = credential_of_request(headers, query)\n"
                ),
            ),
        ),
    ),
    Fault(
        "d-a-trailer-names-the-caller",
        "test_identity_sources.py::test_a_trailer_is_no_credential",
        (
            (
                f"{_BACKEND}/http_server.py",
                "        if self._exchange.owes_body:\n            return\n        if len(self",
                "        if len(self",
            ),
        ),
    ),
    Fault(
        "d-a-prefix-makes-a-service",
        "test_identity_sources.py::test_no_claim_makes_a_user_a_service",
        (
            (
                "netra/tokens/claims.py",
                "    if claims.session_id is None:\n        return ServicePrincipal(",
                "    if claims.subject.startswith('service:'):\n        return ServicePrincipal(",
            ),
            (
                "netra/tokens/claims.py",
                "    if _USER_SUBJECT.fullmatch(claims.subject) is None:",
                "    if not claims.subject:",
            ),
        ),
    ),
    Fault(
        "e-the-answer-goes-out-before-the-commit",
        "test_misattribution.py::test_a_failing_commit_is_not_a_success",
        (
            (
                f"{_BACKEND}/dependencies.py",
                'Depends(get_request_scoped_db_session, scope="function")',
                "Depends(get_request_scoped_db_session)",
            ),
        ),
    ),
    Fault(
        "f-the-next-word-is-eaten",
        "test_redaction_meaning.py::test_a_sentence_keeps_its_meaning",
        (
            (
                "netra/telemetry/redaction/named_values.py",
                "    for pattern in (_NAMED, _PAIR, _FLAG):",
                (
                    '    text = re.sub(r"(?i)(secret\\w*\\W+)\\w+", r"\\1[redacted]", text)\n'
                    "    for pattern in (_NAMED, _PAIR, _FLAG):"
                ),
            ),
        ),
    ),
    Fault(
        "f-values-in-a-repr-are-shown",
        "test_redaction_meaning.py::test_a_value_is_hidden_wherever_it_stands",
        (
            (
                "netra/telemetry/redaction/named_values.py",
                "    for pattern in (_NAMED, _PAIR, _FLAG):",
                "    for pattern in ():",
            ),
        ),
    ),
    Fault(
        "g-refused-tokens-count-as-outages",
        "test_outages.py::test_bad_tokens_leave_the_breaker_closed",
        (
            (
                f"{_BACKEND}/auth_integration/auth.py",
                (
                    "await RequestAuthenticator(verifier).authenticate(\n"
                    '            request.headers, request.scope.get("query_string", b"")\n'
                    "        )\n"
                ),
                (
                    "await request.app.state.netra.auth_breaker.call(\n"
                    "lambda: RequestAuthenticator(verifier).authenticate(request.headers)\n"
                    "        )\n"
                ),
            ),
            (
                f"{_BACKEND}/clients/circuit_breaker.py",
                "        except AuthServiceUnreachable:\n",
                "        except Exception:\n",
            ),
        ),
    ),
    Fault(
        "h-an-outage-refuses-unknown-keys",
        "test_outages.py::test_an_auth_service_down_for_a_minute",
        (
            (
                "netra/tokens/key_source.py",
                (
                    "        if self._last_error is not None or keys is None:\n"
                    "            raise self._unreachable()\n"
                    "        self._remember_absent(kid)\n"
                ),
                "        self._remember_absent(kid)\n",
            ),
        ),
    ),
    Fault(
        "h-an-outage-forgets-known-keys",
        "test_outages.py::test_an_auth_service_down_for_a_minute",
        (
            (
                "netra/tokens/key_source.py",
                '            self._last_error = f"{type(error).__name__}: {error}"\n',
                (
                    '            self._last_error = f"{type(error).__name__}: {error}"\n'
                    "            self._keys = None\n"
                ),
            ),
        ),
    ),
)


@pytest.mark.long
@pytest.mark.parametrize("fault", _FAULTS, ids=lambda fault: fault.name)
def test_the_fault_is_noticed(fault: Fault, tmp_path: Path) -> None:
    """With the fault back in the code, its regression test fails."""
    for folder in _COPIED:
        shutil.copytree(
            _ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(_ROOT / file, tmp_path / file)
    for path, found, put_back in fault.replacements:
        source = (tmp_path / path).read_text()
        assert source.count(found) == 1, f"the fault no longer matches {path}"
        (tmp_path / path).write_text(source.replace(found, put_back))

    run = subprocess.run(  # noqa: S603 - our own interpreter on our own tests
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            f"tests/regressions/{fault.noticed_by}",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1, run.stdout[-4000:] + run.stderr[-1000:]
    assert "failed" in run.stdout
