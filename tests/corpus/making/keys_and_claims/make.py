"""Makes the bundles on keys, claims and callers anew: all of them, or those named.

From the folder `tests`, with two Pythons that have the services' libraries:

    python -m corpus.making.keys_and_claims.make --today VENV/bin/python --before OLD/bin/python [NAME…]

The first has fastapi 0.165.0, starlette 1.10.0, uvicorn 0.54.0, PyJWT 2.15.1, Flask 3.1.3,
Authlib 1.9.10, gunicorn 27.0.1, joserfc 1.8.0, python-jose 3.5.0, structlog 26.1.0, httpx 0.28.1,
requests 2.34.2 and aiohttp 3.14.5; the second fastapi 0.115.6 and PyJWT 2.9.0 with uvicorn.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from corpus.making.keys_and_claims import claims, lost, values
from corpus.making.keys_and_claims.scene import Troupe, look


@dataclass(frozen=True, slots=True)
class Incident:
    """One bundle: its name, what makes it, its look and what is particular about it."""

    name: str
    script: Callable[..., None]
    look: int
    options: Mapping[str, Any] = field(default_factory=dict)


def _of(name: str, script: Callable[..., None], number: int, **options: Any) -> Incident:
    return Incident(name, script, number, options)


INCIDENTS: Final = (
    _of(
        "partner-sync-503-since-release",
        lost.partner_gone,
        1,
        service="orders-api",
        variable="SHIPFAST_TOKEN",
    ),
    _of(
        "courier-handover-stopped",
        lost.partner_gone,
        2,
        service="purchases",
        variable="POSTMARK_KEY",
        bare=True,
    ),
    _of(
        "warehouse-quiet-but-green",
        lost.feature_off,
        3,
        service="order-desk",
        variable="WMS_API_KEY",
    ),
    _of(
        "weekly-report-403",
        lost.caller_lost_its_secret,
        4,
        worker="nightly-sync",
        target="report-builder",
        variable="REPORTS_BEARER",
    ),
    _of(
        "reports-500-after-apply",
        lost.reference_lost,
        5,
        service="insights",
        variable="IDP_SIGNING_SECRET",
    ),
    _of(
        "stats-auth-not-configured",
        lost.reference_lost,
        6,
        service="stats-api",
        variable="AUTH_SHARED_SECRET",
        bare=True,
    ),
    _of("dunning-401-everyone", lost.emptied, 7, service="dunning", variable="SESSION_SIGNING_KEY"),
    _of(
        "light-theme-release-401",
        lost.placeholder,
        8,
        service="shop-orders",
        variable="JWT_SECRET",
        default="change-me-in-production",
        logged=False,
    ),
    _of(
        "development-key-in-use",
        lost.placeholder,
        9,
        service="ticket-orders",
        variable="APP_SECRET",
        default="dev-secret-key",
        logged=True,
    ),
    _of(
        "template-rollout-401",
        lost.unresolved,
        10,
        service="memo-service",
        variable="NOTES_JWT_KEY",
        value="${JWT_KEY}",
    ),
    _of(
        "memo-bad-signature",
        lost.unresolved,
        11,
        service="jotter",
        variable="TOKEN_SECRET",
        value="jwt-signing-key-staging",
    ),
    _of(
        "billing-yaml-applied",
        lost.kind_switched,
        12,
        service="invoicing",
        variable="JWT_VERIFY_KEY",
    ),
    _of("flag-removed-nothing-else", lost.harmless_deploy, 13, service="orders-web"),
    _of(
        "base-image-upgrade-401",
        values.spoilt_key,
        20,
        service="orders-api",
        module="orders_api",
        variable="TOKEN_KEY",
        how="newline",
    ),
    _of(
        "invoices-refused-all-day",
        values.spoilt_key,
        21,
        service="payments-ledger",
        module="billing_app",
        variable="AUTH_JWT_KEY",
        how="crlf",
        signs_with="JWT_KEY",
    ),
    _of(
        "notes-own-secret",
        values.spoilt_key,
        22,
        service="notes",
        module="notes_app",
        variable="NOTES_KEY",
        how="quotes",
    ),
    _of(
        "insights-401-after-release",
        values.spoilt_key,
        23,
        service="insights",
        module="reports_app",
        variable="JWT_SHARED",
        how="other",
        signs_with="JWT_SHARED",
    ),
    _of(
        "journal-secret-moved",
        values.spoilt_key,
        24,
        service="journal-api",
        module="notes_app",
        variable="SESSION_KEY",
        how="space",
        as_reference=False,
    ),
    _of(
        "ledger-401-literal",
        values.spoilt_key,
        25,
        service="accounts-web",
        module="billing_app",
        variable="LEDGER_AUTH_KEY",
        how="single",
        as_reference=False,
    ),
    _of(
        "purchases-bad-signatures",
        values.spoilt_key,
        26,
        service="purchases",
        module="orders_api",
        variable="HS256_SECRET",
        how="other",
        signs_with="HS256_SECRET",
        as_reference=False,
    ),
    _of(
        "orders-401-no-prints",
        values.spoilt_key,
        27,
        service="order-desk",
        module="orders_api",
        variable="AUTH_KEY",
        how="newline",
        without=("fingerprints.json",),
    ),
    _of(
        "billing-refuses-no-prints",
        values.spoilt_key,
        28,
        service="invoicing",
        module="billing_app",
        variable="JWT_VERIFY",
        how="other",
        without=("fingerprints.json", "traffic.json"),
    ),
    _of(
        "report-keys-reencoded",
        values.encoded_key,
        29,
        service="report-builder",
        module="reports_app",
        variable="REPORT_JWT_KEY",
        issuer_decodes=False,
    ),
    _of(
        "notes-401-new-secret-store",
        values.encoded_key,
        30,
        service="jotter",
        module="notes_app",
        variable="JOTTER_TOKEN_KEY",
        issuer_decodes=False,
    ),
    _of(
        "export-job-crashes",
        values.header_value,
        31,
        worker="dispatcher",
        target="orders-api",
        variable="ORDERS_TOKEN",
        library="httpx",
    ),
    _of(
        "nightly-export-500",
        values.header_value,
        32,
        worker="nightly-sync",
        target="shop-orders",
        variable="SHOP_BEARER",
        library="requests",
    ),
    _of(
        "relay-export-value-error",
        values.header_value,
        33,
        worker="relay-worker",
        target="purchases",
        variable="PURCHASES_KEY",
        library="aiohttp",
    ),
    _of(
        "memo-does-not-start",
        values.escaped_pem,
        34,
        service="memo-service",
        module="notes_app",
        variable="LOGIN_PUBLIC_PEM",
        how="written",
    ),
    _of(
        "orders-401-pipeline-file",
        values.escaped_pem,
        35,
        service="orders-api",
        module="orders_api",
        variable="JWT_PUBLIC_KEY",
        how="cut",
    ),
    _of(
        "billing-half-of-sessions",
        values.random_per_process,
        36,
        service="billing",
        variable="BILLING_SESSION_KEY",
        workers=2,
    ),
    _of(
        "two-instances-disagree",
        values.random_per_process,
        37,
        service="accounts-web",
        variable="COOKIE_KEY",
        workers=1,
    ),
    _of(
        "rotation-at-noon",
        values.not_reloaded,
        38,
        service="shop-orders",
        module="orders_api",
        variable="TOKEN_KEY",
        told=True,
    ),
    _of(
        "rotation-billing-left-behind",
        values.not_reloaded,
        39,
        service="invoicing",
        module="billing_app",
        variable="VERIFY_KEY",
        told=False,
    ),
    _of(
        "orders-401-address-map",
        claims.issuer_changed,
        50,
        service="orders-api",
        module="orders_api",
        variable="AUTH_ISSUER",
        whose="verifier",
    ),
    _of(
        "invoices-refused-new-domain",
        claims.issuer_changed,
        51,
        service="invoicing",
        module="billing_app",
        variable="OIDC_ISSUER",
        whose="issuer",
    ),
    _of(
        "notes-claim-iss",
        claims.issuer_changed,
        52,
        service="notes",
        module="notes_app",
        variable="TOKEN_ISS",
        whose="issuer",
        bare=True,
    ),
    _of(
        "reports-new-domain",
        claims.issuer_changed,
        53,
        service="report-builder",
        module="reports_app",
        variable="LOGIN_ISSUER",
        whose="verifier",
    ),
    _of(
        "stats-audience-renamed",
        claims.audience_changed,
        54,
        service="stats-api",
        module="reports_app",
        variable="JWT_AUD",
        new="stats-api",
    ),
    _of(
        "purchases-aud",
        claims.audience_changed,
        55,
        service="purchases",
        module="orders_api",
        variable="TOKEN_AUDIENCE",
        new="https://purchases.example/",
    ),
    _of(
        "collector-html-401",
        claims.front_audience,
        56,
        worker="collector",
        service="orders-api",
        variable="ID_TOKEN_AUDIENCE",
        reset=False,
    ),
    _of(
        "service-file-applied-html-401",
        claims.front_audience,
        57,
        worker="nightly-collector",
        service="order-desk",
        variable="TARGET_AUDIENCE",
        reset=True,
    ),
    _of(
        "everybody-is-null",
        claims.half_renamed,
        58,
        service="shop-orders",
        module="orders_api",
        old="JWT_SECRET",
        new="AUTH_TOKEN_KEY",
    ),
    _of(
        "reports-auth-not-configured",
        claims.half_renamed,
        59,
        service="insights",
        module="reports_app",
        old="REPORTS_JWT_KEY",
        new="REPORTS_AUTH_KEY",
        side="settings",
    ),
    _of(
        "desk-anonymous-after-cleanup",
        claims.half_renamed,
        60,
        service="order-desk",
        module="orders_api",
        old="SESSION_KEY",
        new="DESK_SESSION_KEY",
        side="settings",
    ),
    _of(
        "nobody-logged-in-anywhere",
        claims.half_renamed,
        61,
        service="ticket-orders",
        module="orders_api",
        old="TOKEN_SECRET",
        new="TICKET_TOKEN_SECRET",
        without=("revisions.json", "commits.json", "traffic.json"),
    ),
    _of(
        "start-page-before-login",
        claims.made_optional,
        62,
        service="orders-api",
        module="orders_api",
    ),
    _of("notes-open-to-all", claims.made_optional, 63, service="journal-api", module="notes_app"),
    _of(
        "null-users-in-orders",
        claims.made_optional,
        64,
        service="purchases",
        module="orders_api",
        without=("probes.json", "traffic.json"),
    ),
    _of("weekly-update-401", claims.subject_must_be_text, 65, service="order-desk", named=False),
    _of("bump-then-401", claims.subject_must_be_text, 66, service="orders-api", named=True),
    _of(
        "pull-job-stopped-signing-in",
        claims.refused_otherwise,
        67,
        worker="puller",
        service="shop-orders",
    ),
)


def main() -> None:
    """Make what is asked for."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--today", type=Path, required=True)
    asked.add_argument("--before", type=Path, required=True)
    asked.add_argument("names", nargs="*")
    options = asked.parse_args()
    troupe = Troupe(options.today.absolute(), options.before.absolute())
    for incident in INCIDENTS:
        if not options.names or incident.name in options.names:
            incident.script(incident.name, look(incident.look), troupe, **incident.options)


if __name__ == "__main__":
    main()
