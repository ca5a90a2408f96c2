"""What Google's audit entries say was done: who may invoke, secrets, keys, revisions. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from netra_ops.diagnosis.signs.meaning import Meaning
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.logs.entries import Audit

_ID: Final = re.compile(r"/(?:secrets|services|serviceAccounts|revisions|keys)/([^/\s]+)")
_SECRET_METHODS: Final = (
    "AddSecretVersion",
    "DisableSecretVersion",
    "DestroySecretVersion",
    "EnableSecretVersion",
    "UpdateSecret",
    "DeleteSecret",
)
_KEY_METHODS: Final = ("DeleteServiceAccountKey", "DisableServiceAccountKey")
_ACCOUNT_METHODS: Final = ("DisableServiceAccount", "DeleteServiceAccount")
_TRAFFIC_METHODS: Final = ("ReplaceService", "UpdateService", "CreateService")
_K8S_SECRET: Final = re.compile(r"\bk8s\b.*\bsecrets\.(?:patch|update|replace|create)\b")
_INVOKER: Final = "roles/run.invoker"
_ACCESSOR: Final = "roles/secretmanager.secretAccessor"


def audit_meanings(audit: Audit, payload: Mapping[str, Any]) -> list[Meaning]:
    """Give what an audit entry means; what was refused was not done."""
    method = (audit.method or "").rsplit(".", 1)[-1]
    resource = audit.resource or ""
    if audit.status:
        return []
    if method in _SECRET_METHODS or _K8S_SECRET.search(audit.method or ""):
        return [Meaning(Sign.SECRET_CHANGED, f"{method} {_last_id(resource)}")]
    if method in _KEY_METHODS or method in _ACCOUNT_METHODS:
        return [Meaning(Sign.WORKLOAD_KEY_DELETED, f"{method} {_account(resource)}")]
    if method in ("SetIamPolicy", "SetIAMPolicy"):
        return _of_policy(audit, resource, payload)
    if method in _TRAFFIC_METHODS and "run" in (audit.service or audit.method or ""):
        return [Meaning(Sign.DEPLOYED, _last_id(resource))]
    return []


def _of_policy(audit: Audit, resource: str, payload: Mapping[str, Any]) -> list[Meaning]:
    removed, added = _deltas(payload)
    about = _last_id(resource)
    changed = [*(f"removed {_member(m)}" for r, m in removed if r == _INVOKER)]
    changed += [f"added {_member(m)}" for r, m in added if r == _INVOKER]
    if changed:
        return [Meaning(Sign.INVOKER_CHANGED, f"{about}: {', '.join(changed)}")]
    if any(role == _ACCESSOR for role, _ in removed):
        return [Meaning(Sign.SECRET_CHANGED, f"SetIamPolicy {about}")]
    if not removed and not added and _is_of_run(audit):
        return [Meaning(Sign.INVOKER_CHANGED, about)]
    return []


def _is_of_run(audit: Audit) -> bool:
    return "run.googleapis.com" in (audit.service or "") or ".run." in (audit.method or "")


def _deltas(payload: Mapping[str, Any]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Read which roles were taken from and given to whom."""
    removed: list[tuple[str, str]] = []
    added: list[tuple[str, str]] = []
    for holder in ("serviceData", "metadata"):
        data = payload.get(holder)
        delta = data.get("policyDelta") if isinstance(data, dict) else None
        deltas = delta.get("bindingDeltas") if isinstance(delta, dict) else None
        for one in deltas if isinstance(deltas, list) else ():
            if isinstance(one, dict):
                pair = (str(one.get("role")), str(one.get("member")))
                (removed if one.get("action") == "REMOVE" else added).append(pair)
    return removed, added


def _member(member: str) -> str:
    """Name a member by its kind alone, unless it is everybody."""
    if member in ("allUsers", "allAuthenticatedUsers"):
        return member
    return member.partition(":")[0]


def _last_id(resource: str) -> str:
    found = _ID.findall(resource)
    return found[0] if found else resource.rsplit("/", 1)[-1]


def _account(resource: str) -> str:
    """Name a service account by what stands before the `@`."""
    found = re.search(r"/serviceAccounts/([^/@\s]+)", resource)
    return found[1] if found else "a service account"
