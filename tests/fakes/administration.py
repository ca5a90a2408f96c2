"""The auth service's admin API as its callers see it: every request and answer by its wire type.

A part of `netra_over_http`, which moves bytes and says who asks.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from pydantic import ValidationError

from netra.clock import as_iso
from netra.policy import Permission
from netra.principal import Role
from netra.wire.audit_chain import GENESIS_HASH, chain_hash
from netra.wire.auth_admin import (
    AccountExport,
    AuditPage,
    AuditRecord,
    ChainReport,
    Ended,
    KeyList,
    KeyRecord,
    KeyState,
    NewService,
    RegisteredService,
    RotatedSecret,
    SecretRecord,
    SecretRotation,
    ServiceChange,
    ServiceList,
    ServiceRecord,
    SessionList,
    SessionRecord,
    UserPage,
    UserRecord,
)
from netra.wire.auth_api import WireModel

NOW: Final = 1_800_000_000.0
EVERYTHING: Final = frozenset(
    {"users:admin", "services:admin", "keys:admin", "sessions:admin", "audit:read"}
) | {"profile:read", "sessions:open", "service:status"}
"""What the toolkit holds."""
Reply: TypeAlias = tuple[int, Any]
_NOT_FOUND: Final[Reply] = (404, {"title": "There is no such thing.", "code": "not_found"})
_MORE_THAN_HELD: Final[Reply] = (403, {"title": "A service can only give what it holds itself."})
_OK: Final[Reply] = (204, None)


@dataclass(frozen=True)
class Request:
    """One request to the admin API."""

    method: str
    names: tuple[str, ...]
    query: Mapping[str, str]
    document: Any
    scopes: frozenset[str] = frozenset()


@dataclass
class FakeAdministration:
    """What it keeps; tests put there what they need, and read what was done."""

    users: dict[str, UserRecord] = field(default_factory=dict)
    sessions: dict[str, SessionRecord] = field(default_factory=dict)
    services: dict[str, ServiceRecord] = field(default_factory=dict)
    keys: list[KeyRecord] = field(default_factory=list)
    audit: list[AuditRecord] = field(default_factory=list)
    reasons: list[str | None] = field(default_factory=list)
    key_sets: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    largest_page: int = 500
    ignores_filters: bool = False
    trouble: tuple[int, dict[str, str]] | None = None
    """Status and headers that every answer has, whatever was asked."""
    nonsense: bool = False
    asked: list[Request] = field(default_factory=list)

    def answer(self, request: Request, path: str, scopes: frozenset[str]) -> Reply:
        """Answer as the service would."""
        for scope, method, pattern, act in self._routes():
            found = re.fullmatch(pattern, path)
            if found is None or method != request.method:
                continue
            if scope not in scopes:
                title = "The caller may not do this."
                return 403, {"title": title, "code": "insufficient_scope"}
            names = tuple(unquote(name) for name in found.groups())
            asked = Request(method, names, request.query, request.document, scopes)
            self.asked.append(asked)
            if self.nonsense:
                return 200, {"strange": True}
            try:
                return act(asked)
            except ValidationError as error:
                faults = [
                    {"at": ".".join(map(str, e["loc"])), "problem": e["msg"]}
                    for e in error.errors()
                ]
                return 422, {"title": "Not of the declared shape.", "errors": faults}
        return _NOT_FOUND

    def _routes(self) -> list[tuple[str, str, str, Callable[[Request], Reply]]]:
        user, service = r"/admin/users/([^/]+)", r"/admin/services/([^/]+)"
        return [
            ("users:admin", "GET", "/admin/users", self._list_users),
            ("users:admin", "GET", user, self._show_user),
            ("users:admin", "DELETE", user, self._erase),
            ("users:admin", "POST", f"{user}/(disable|enable)", self._close_user),
            ("users:admin", "GET", f"{user}/export", self._export_user),
            ("users:admin", "DELETE", f"{user}/second-factor", self._one_factor),
            ("sessions:admin", "GET", f"{user}/sessions", self._list_sessions),
            ("sessions:admin", "DELETE", f"{user}/sessions", self._end_all),
            ("sessions:admin", "DELETE", r"/admin/sessions/([^/]+)", self._end),
            ("services:admin", "GET", "/admin/services", self._list_services),
            ("services:admin", "POST", "/admin/services", self._register),
            ("services:admin", "GET", service, self._show_service),
            ("services:admin", "PATCH", service, self._change_service),
            ("services:admin", "POST", f"{service}/(disable|enable)", self._close_service),
            ("services:admin", "POST", f"{service}/secrets", self._rotate_secret),
            ("services:admin", "DELETE", f"{service}/secrets/([^/]+)", self._end_secret),
            ("keys:admin", "GET", "/admin/keys", self._list_keys),
            ("keys:admin", "POST", "/admin/keys/rotate", self._rotate_keys),
            ("keys:admin", "DELETE", "/admin/keys/([^/]+)", self._remove_key),
            ("audit:read", "GET", "/admin/audit", self._list_audit),
            ("audit:read", "GET", "/admin/audit/chain", self._chain),
        ]

    # People and their sessions

    def add_user(self, user_id: str, email: str, *roles: Role) -> None:
        """Put a person there."""
        self.users[user_id] = UserRecord(
            user_id=user_id,
            email=email,
            roles=roles,
            created_at=NOW,
            disabled_at=None,
            has_second_factor=False,
        )

    def _list_users(self, request: Request) -> Reply:
        email = None if self.ignores_filters else request.query.get("email")
        found = [u for _, u in sorted(self.users.items()) if email in (None, u.email)]
        found = [u for u in found if u.user_id > request.query.get("after", "")]
        page = found[: self._size(request)]
        more = page[-1].user_id if len(found) > len(page) else None
        return 200, _body(UserPage(items=tuple(page), next_after=more))

    def _show_user(self, request: Request) -> Reply:
        return self._user(request, lambda user: (200, _body(user)))

    def _erase(self, request: Request) -> Reply:
        return self._user(request, lambda user: (self.users.pop(user.user_id), _OK)[1])

    def _close_user(self, request: Request) -> Reply:
        at = NOW if request.names[1] == "disable" else None
        return self._user(request, lambda user: self._put(user, disabled_at=at))

    def _one_factor(self, request: Request) -> Reply:
        def remove(user: UserRecord) -> Reply:
            if not user.has_second_factor:
                return _NOT_FOUND
            return self._put(user, has_second_factor=False)

        return self._user(request, remove)

    def _export_user(self, request: Request) -> Reply:
        def export(user: UserRecord) -> Reply:
            own = tuple(s for s in self.sessions.values() if s.user_id == user.user_id)
            rows = tuple(r for r in self.audit if user.user_id in (r.actor, r.subject))
            return 200, _body(AccountExport(user=user, sessions=own, consents=(), audit=rows))

        return self._user(request, export)

    def _list_sessions(self, request: Request) -> Reply:
        def sessions(user: UserRecord) -> Reply:
            own = tuple(s for s in self.sessions.values() if s.user_id == user.user_id)
            return 200, _body(SessionList(items=own))

        return self._user(request, sessions)

    def _end_all(self, request: Request) -> Reply:
        def end(user: UserRecord) -> Reply:
            own = [i for i, s in self.sessions.items() if s.user_id == user.user_id]
            for session_id in own:
                del self.sessions[session_id]
            return 200, _body(Ended(ended=len(own)))

        return self._user(request, end)

    def _end(self, request: Request) -> Reply:
        return _NOT_FOUND if self.sessions.pop(request.names[0], None) is None else _OK

    def _user(self, request: Request, act: Callable[[UserRecord], Reply]) -> Reply:
        user = self.users.get(request.names[0])
        return _NOT_FOUND if user is None else act(user)

    def _put(self, user: UserRecord, **changed: Any) -> Reply:
        self.users[user.user_id] = user.model_copy(update=changed)
        return _OK

    # Services

    def _list_services(self, _request: Request) -> Reply:
        return 200, _body(ServiceList(items=tuple(self.services.values())))

    def _register(self, request: Request) -> Reply:
        new = NewService.model_validate(request.document)
        if new.service_id in self.services:
            return 409, {"title": "There is such a service already.", "code": "conflict"}
        if not frozenset(new.scopes) <= request.scopes:
            return _MORE_THAN_HELD
        secret = "made-secret-of-" + new.service_id if new.with_secret else None
        record = ServiceRecord(
            service_id=new.service_id,
            name=new.name,
            scopes=new.scopes,
            audiences=new.audiences,
            grants=new.grants,
            redirect_uris=new.redirect_uris,
            key_ids=(),
            created_at=NOW,
            disabled_at=None,
            secrets=(secret_record("sec_1"),) if secret else (),
        )
        self.services[new.service_id] = record
        self.key_sets[new.service_id] = new.public_jwks
        return 201, _body(RegisteredService(service=record, secret=secret))

    def _show_service(self, request: Request) -> Reply:
        return self._service(request, lambda service: (200, _body(service)))

    def _change_service(self, request: Request) -> Reply:
        change = ServiceChange.model_validate(request.document)
        members = {name: getattr(change, name) for name in change.model_fields_set}
        if "public_jwks" in members:
            self.key_sets[request.names[0]] = members.pop("public_jwks")
        if not frozenset(change.scopes or ()) <= request.scopes:
            return _MORE_THAN_HELD
        return self._service(request, lambda service: self._keep(service, **members))

    def _close_service(self, request: Request) -> Reply:
        at = NOW if request.names[1] == "disable" else None
        return self._service(request, lambda service: self._keep(service, disabled_at=at))

    def _rotate_secret(self, request: Request) -> Reply:
        overlap = SecretRotation.model_validate(request.document).overlap_seconds

        def rotate(service: ServiceRecord) -> Reply:
            made = secret_record(f"sec_{len(service.secrets) + 1}", NOW)
            until = NOW + overlap
            olds = tuple(s.model_copy(update={"valid_until": until}) for s in service.secrets)
            self._keep(service, secrets=(*olds, made))
            rotated = RotatedSecret(
                secret_id=made.secret_id, secret="rotated-secret", others_valid_until=until
            )
            return 201, _body(rotated)

        return self._service(request, rotate)

    def _end_secret(self, request: Request) -> Reply:
        def end(service: ServiceRecord) -> Reply:
            left = tuple(s for s in service.secrets if s.secret_id != request.names[1])
            return _NOT_FOUND if left == service.secrets else self._keep(service, secrets=left)

        return self._service(request, end)

    def _service(self, request: Request, act: Callable[[ServiceRecord], Reply]) -> Reply:
        service = self.services.get(request.names[0])
        if service is None:
            return _NOT_FOUND
        takes_away = request.method in ("GET", "DELETE") or request.names[-1] == "disable"
        held_by_nobody = frozenset(service.scopes) - {p.value for p in Permission}
        if not (takes_away or frozenset(service.scopes) <= request.scopes | held_by_nobody):
            return _MORE_THAN_HELD
        return act(service)

    def _keep(self, service: ServiceRecord, **changed: Any) -> Reply:
        kept = service.model_copy(update=changed)
        self.services[service.service_id] = kept
        return 200, _body(kept)

    # Keys

    def _list_keys(self, _request: Request) -> Reply:
        return 200, _body(KeyList(trust_mode="keyring", items=tuple(self.keys)))

    def _rotate_keys(self, _request: Request) -> Reply:
        made = key_record(f"kid-{len(self.keys) + 1}", KeyState.PUBLISHED)
        self.keys.insert(0, made)
        return 201, _body(made)

    def _remove_key(self, request: Request) -> Reply:
        left = [key for key in self.keys if key.kid != request.names[0]]
        if left == self.keys:
            return _NOT_FOUND
        self.keys = left
        self.reasons.append(request.query.get("reason"))
        return self._list_keys(request)

    # The audit record

    def act(self, event: str, at: float = NOW, **members: Any) -> None:
        """Record something, linked to what was recorded before."""
        before = self.audit[-1].chain_hash if self.audit else GENESIS_HASH
        seq = len(self.audit) + 1
        row: dict[str, Any] = {
            "audit_id": f"aud_{seq}",
            "recorded_at": at,
            "event": event,
            "outcome": "success",
            "actor": "usr_1",
            "client_id": None,
            "subject": None,
            "token_hash": None,
            "reason": None,
            "request_id": f"req_{seq}",
            "address": "127.0.0.1",
            "seq": seq,
        } | members
        linked = {"time": as_iso(at), "chain_hash": chain_hash(before or "", row)}
        self.audit.append(AuditRecord.model_validate(row | linked))

    def _list_audit(self, request: Request) -> Reply:
        query = request.query
        after = int(query.get("after", "0"))
        found = [row for row in self.audit if (row.seq or 0) > after]
        if not self.ignores_filters:
            names = ("event", "outcome", "actor", "client_id", "subject")
            found = [
                row
                for row in found
                if all(getattr(row, name) == query[name] for name in names if name in query)
                and float(query.get("since", "-inf")) <= row.recorded_at
                and row.recorded_at <= float(query.get("until", "inf"))
            ]
        page = found[: self._size(request)]
        more = page[-1].seq if len(found) > len(page) else None
        return 200, _body(AuditPage(items=tuple(page), next_after=more))

    def _chain(self, _request: Request) -> Reply:
        previous, broken = GENESIS_HASH, None
        for row in self.audit:
            if chain_hash(previous, row.model_dump()) != row.chain_hash:
                broken = broken or row.seq
            previous = row.chain_hash or ""
        report = ChainReport(
            is_whole=broken is None,
            rows=len(self.audit),
            head_seq=len(self.audit),
            head_hash=previous,
            broken_at=broken,
            says="Every link holds." if broken is None else f"Broken at {broken}.",
        )
        return 200, _body(report)

    def _size(self, request: Request) -> int:
        return min(int(request.query.get("limit", "100")), self.largest_page)


def secret_record(secret_id: str, at: float = NOW, **members: Any) -> SecretRecord:
    """Make a secret's record."""
    known = {"secret_id": secret_id, "created_at": at, "valid_until": None, "last_used_at": None}
    return SecretRecord.model_validate(known | {"uses": 0} | members)


def key_record(kid: str, state: KeyState) -> KeyRecord:
    """Make a key's record."""
    times = ("published_at", "activated_at", "retired_at", "gone_at", "next_at")
    known = {"kid": kid, "algorithm": "ES256", "state": state, "created_at": NOW}
    return KeyRecord.model_validate(known | dict.fromkeys(times))


def _body(model: WireModel) -> Any:
    return model.model_dump(mode="json")
