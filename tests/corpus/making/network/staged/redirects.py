"""Redirects on the way of a call."""

from datetime import UTC, datetime
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.network.cast import (
    Keyring,
    ago,
    around,
    issuer,
    node,
    people,
    replaced,
    started,
    web,
)
from corpus.making.network.front import Front
from corpus.making.network.gateway import gateway
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.stage import Stage, Tools, commit


async def invoices(stage: Stage, front: Front, times: int, path: str = "/invoices/{n}") -> None:
    """Ask the calling service for something, again and again."""
    for n in range(times):
        await front.call("GET", path.format(n=4100 + n), ip="203.0.113.61")
        await stage.sleep(9)


async def moved_host(tools: Tools) -> None:
    """A gateway redirects to another host what it passed on before; requests drops the header."""
    start = datetime(2026, 5, 13, 10, 44, tzinfo=UTC)
    async with Stage(tools, start, project="coral-fin", location="europe-west1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("c-2")
        sign = await issuer(
            stage, "coral-auth", "https://auth.coral.example", "00021-jay", keys, quiet="1"
        )
        ledger = Front(stage, "coral-ledger", "https://ledger.coral.example")
        await ledger.open()
        env = around(
            stage,
            JWKS_URL=f"{sign.inside}/.well-known/jwks.json",
            ISSUER_URL=sign.url,
            LOGGER="ledger",
        )
        await started(stage, ledger, "00055-olm", web(stage, "resource"), env)
        edge = Front(stage, "coral-gw", "https://internal-api.coral.example")
        await edge.open()
        await gateway(stage, edge, "00012-auk", ledger, "", path="/v1")
        billing = Front(stage, "coral-billing", "https://billing.coral.example")
        await billing.open()
        env = around(
            stage,
            LEDGER_BASE_URL=edge.inside,
            TOKEN_URL=f"{sign.inside}/oauth/token",
            LOG_STYLE="json",
        )
        await started(stage, billing, "00088-yew", web(stage, "caller", "--no-access-log"), env)
        await invoices(stage, billing, 4)
        moved = f"return 301 {ledger.inside}$request_uri;"
        await replaced(
            stage, edge, await gateway(stage, edge, "00013-emu", ledger, moved, path="/v1")
        )
        deployed = stage.now()
        await invoices(stage, billing, 7)
        good = people("probe", 81)[0]
        await good.log_in(sign)
        probes = [
            await edge.probe(
                "through the gateway", "/v1/orders", 200, {"Authorization": f"Bearer {good.token}"}
            ),
            await ledger.probe(
                "ledger directly", "/v1/orders", 200, {"Authorization": f"Bearer {good.token}"}
            ),
        ]
        documents: dict[str, Any] = {
            "probes.json": probes,
            "revisions.json": [
                second_form(x, stage.project, stage.location)
                for x in (
                    Revision("coral-gw", "00012-auk", ago(start, days=70)),
                    Revision("coral-gw", "00013-emu", deployed),
                    Revision(
                        "coral-billing",
                        "00088-yew",
                        ago(start, days=6),
                        {"LEDGER_BASE_URL": edge.url},
                    ),
                )
            ],
            "commits.json": [
                commit(
                    ago(deployed, minutes=14),
                    "Yara Haddad",
                    "Send the old name to the new one",
                    "gateway/nginx.conf",
                ),
                commit(
                    ago(deployed, minutes=50),
                    "Ben Osei",
                    "Round invoices to cents",
                    "billing/money.py",
                ),
            ],
        }
        why = (
            "Since coral-gw-00013-emu the old name answers 301 ({301}) to another host; the "
            "call that follows arrives without Authorization ({sent_authorization}) and gets "
            "401, while the same token passes directly (probes.json#/1)."
        ).replace("({301})", "({/v1/orders 301})")
        expected = Expected(
            "cause_found",
            "redirect_drops_authorization",
            why,
            "process",
            must_not=[
                "caller_without_credential",
                "env_var_lost",
                "service_secret_mismatch",
                "user_token_rejected",
            ],
        )
        stage.freeze("coral-billing-old-name", "coral-billing", "production", expected, documents)
        twin = Expected(
            "insufficient_evidence",
            None,
            "The ledger alone sees calls that get 401 ({GET /v1/orders HTTP/1.1}) and "
            "says nothing of what they carried; who lost the header is not here.",
            "process",
            acceptable=["caller_without_credential", "redirect_drops_authorization"],
            must_not=["env_var_lost", "service_secret_mismatch", "user_token_rejected"],
        )
        stage.freeze(
            "coral-ledger-callee-only",
            "coral-ledger",
            "production",
            twin,
            {},
            services=["coral-ledger"],
        )


async def plain_scheme(tools: Tools) -> None:
    """A caller's address lost its s: https is another origin, for which fetch drops the header."""
    start = datetime(2025, 12, 9, 8, 33, tzinfo=UTC)
    async with Stage(tools, start, project="ochre-mail", location="us-west2") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("kk")
        sign = await issuer(
            stage, "ochre-id", "https://id.ochre.example", "00006-gnu", keys, quiet="1"
        )
        profile = Front(stage, "ochre-profile", "https://profile.ochre.example")
        await profile.open()
        env = around(
            stage,
            JWKS_URL=f"{sign.inside}/.well-known/jwks.json",
            ISSUER_URL=sign.url,
            LOG_STYLE="json",
        )
        await started(stage, profile, "00031-owl", web(stage, "resource"), env)
        edge = Front(stage, "ochre-front", "http://profile.ochre.example")
        await edge.open()
        await gateway(
            stage,
            edge,
            "00002-kea",
            profile,
            f"return 308 {profile.inside}$request_uri;",
            path="/v1",
        )
        mailer = Front(stage, "ochre-mailer", "https://mailer.ochre.example")
        await mailer.open()
        command, env = node(stage, "caller.mjs")
        env |= {"TOKEN_URL": f"{sign.inside}/oauth/token"}
        await started(stage, mailer, "00040-ram", command, env | {"PROFILE_URL": profile.inside})
        await invoices(stage, mailer, 3, "/v1/orders?n={n}")
        new = await started(stage, mailer, "00041-sow", command, env | {"PROFILE_URL": edge.inside})
        await replaced(stage, mailer, new)
        deployed = stage.now()
        await invoices(stage, mailer, 7, "/v1/orders?n={n}")
        revisions = first_forms(
            [
                Revision(
                    "ochre-mailer",
                    "00040-ram",
                    ago(start, days=10),
                    {"PROFILE_URL": "https://profile.ochre.example"},
                ),
                Revision(
                    "ochre-mailer",
                    "00041-sow",
                    deployed,
                    {"PROFILE_URL": "http://profile.ochre.example"},
                ),
            ]
        )
        why = (
            "00041-sow calls http:// where 00040-ram called https:// (revisions.json); each call "
            "is sent on with 308 ({308}) and then refused with 401 though the mailer had a "
            'token ({"redirected": true}).'
        )
        why = why.replace("({308})", "({/v1/orders?n=4100 308})").replace(
            '({"redirected": true})', "({profile service refused})"
        )
        expected = Expected(
            "cause_found",
            "redirect_drops_authorization",
            why,
            "process",
            must_not=[
                "caller_without_credential",
                "service_secret_mismatch",
                "user_token_rejected",
                "signing_key_mismatch",
            ],
        )
        stage.freeze(
            "ochre-mailer-one-letter",
            "ochre-mailer",
            "production",
            expected,
            {
                "revisions.json": revisions,
                "traffic.json": traffic(
                    (ago(start, days=10), "ochre-mailer-00040-ram", 100),
                    (deployed, "ochre-mailer-00041-sow", 100),
                ),
            },
        )
