"""What HAProxy is told: its configuration and its maps, rendered from a state. Pure.

Per service there is one place where requests come in, and one for each slot where they go out. Two
maps say where a request goes: `SERVICE.split.map` whose turn it is, `SERVICE.tags.map` which host
names reach a revision whatever the split is. Both hold slot and revision in one value, so that
where a request goes and what it is counted as cannot come apart.

Requests that say they are a probe take turns of their own. With one count for both, a probe after
each request of a user's would take every second turn, and one of them might miss a revision.

Only names of a checked form, addresses and numbers are written here. What a client sent is written
into the request log alone, bounded, and as JSON.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from netra_ops.platform.local.front.model import (
    SLOTS,
    Applied,
    FrontRevision,
    FrontService,
    FrontState,
)
from netra_ops.platform.local.front.shares import TURNS

SOCKET: Final = "admin.sock"
SERVER: Final = "s"
NOWHERE: Final = ("127.0.0.1", 1)
"""The address of a slot without a revision; it is closed besides."""

_UNAVAILABLE: Final = (
    '{"type":"https://netra.invalid/problems/revision_unavailable",'
    '"title":"The revision that was to answer is not there.",'
    '"status":%d,"code":"revision_unavailable"}'
)
_NOTHING_SERVES: Final = (
    '{"type":"https://netra.invalid/problems/nothing_serves",'
    '"title":"No revision serves at present.","status":503,"code":"nothing_serves"}'
)
_UNKNOWN_TAG: Final = (
    '{"type":"https://netra.invalid/problems/unknown_tag",'
    '"title":"No revision has this tag.","status":404,"code":"unknown_tag"}'
)
_PROBLEM: Final = "content-type application/problem+json"

_GLOBAL: Final = f"""\
global
  stats socket unix@{SOCKET} mode 600 level admin
  maxconn 4096
  nbthread 2
  # A second process at the same address must fail, not share its requests.
  noreuseport
  no strict-limits
  tune.bufsize 16384
  tune.http.maxhdr 101

defaults
  mode http
  option dontlognull
  # Each request gets a connection of its own to its revision. One that was kept could be closed by
  # the revision just then, and the failure would be counted against it.
  option http-server-close
  # One revision's failure is never another's request, nor a second try.
  retries 0
  timeout http-request 10s
  timeout http-keep-alive 60s
  timeout client 60s
  timeout client-fin 10s
  timeout connect 1s
  timeout queue 1s
  timeout server 300s
  timeout tunnel 2h
  http-error status 502 {_PROBLEM} string '{_UNAVAILABLE % 502}'
  http-error status 503 {_PROBLEM} string '{_UNAVAILABLE % 503}' hdr Retry-After 1
  http-error status 504 {_PROBLEM} string '{_UNAVAILABLE % 504}'
"""

# Within a line of the log, what may be absent is written with what follows it, since an empty
# value would be written as a hyphen; and microseconds are padded by adding a million.
_MICROSECONDS: Final = "mod(1000000),add(1000000),concat(.),bytes(1,6)"
_TIMESTAMP: Final = f'"timestamp":"%[date,utime(%Y-%m-%dT%H:%M:%S)].%[date(0,us),{_MICROSECONDS}]Z"'
_TAKEN: Final = "date(0,us),sub(txn.begin)"
_LATENCY: Final = f'"latency":"%[{_TAKEN},div(1000000)].%[{_TAKEN},{_MICROSECONDS}]s"'

_FRONTEND: Final = """\

frontend {name}
  bind {bind} proto h1
  maxconn 2000
  log stdout len 8192 format raw local0
  log-format '{{{timestamp},"severity":"%[var(txn.severity,INFO)]","httpRequest":{{"requestMethod":\
"%[var(txn.method)]","requestUrl":"%[var(txn.path)]","status":%ST,{latency},"remoteIp":"%ci",\
"protocol":"HTTP/%[var(txn.version,1.1)]"%[var(txn.agent,}})],"resource":{{"type":\
"cloud_run_revision","labels":{{"service_name":"{name}"%[var(txn.resource,}})]}},"labels":\
{{"netra/termination":"%ts"%[var(txn.labels,}})]}}'
  error-log-format '{{{timestamp},"severity":"WARNING","httpRequest":{{"status":%ST,"remoteIp":\
"%ci"}},"resource":{{"type":"cloud_run_revision","labels":{{"service_name":"{name}"}}}},"labels":\
{{"netra/termination":"%ts"}}}}'
  tcp-request content set-var(txn.begin) date(0,us)
  http-request set-var(txn.method) method,bytes(0,32),json
  http-request set-var(txn.path) path,bytes(0,1024),json
  http-request set-var(txn.version) req.ver
  http-request set-var-fmt(txn.agent) \
',"userAgent":"%[req.fhdr(user-agent),bytes(0,256),regsub([^ -~],?,g),json]"}}' \
if {{ req.fhdr_cnt(user-agent) gt 0 }}
  http-request set-var(txn.host) req.hdr(host),host_only,lower
  http-request set-var(txn.via) str(split)
  http-request set-var(txn.via) str(tag) if {{ var(txn.host) -m sub -- --- }}
  http-request set-var(txn.probe) req.fhdr(x-netra-probe) \
if {{ req.fhdr_cnt(x-netra-probe) eq 1 }} {{ req.fhdr(x-netra-probe) -m reg ^[a-z0-9-]{{1,32}}$ }}
  http-request set-var-fmt(txn.labels) ',"netra/via":"%[var(txn.via)]"}}'
  http-request set-var-fmt(txn.labels) \
',"netra/via":"%[var(txn.via)]","netra/probe":"%[var(txn.probe)]"}}' \
if {{ var(txn.probe) -m found }}
  http-request set-var(txn.pick) var(txn.host),map_str({tags}) if {{ var(txn.via) -m str tag }}
  http-request return status 404 {problem} string '{unknown_tag}' \
if {{ var(txn.via) -m str tag }} !{{ var(txn.pick) -m found }}
  http-request track-sc0 int(1) table {name}.turns \
if {{ var(txn.via) -m str split }} !{{ var(txn.probe) -m found }}
  http-request track-sc0 int(2) table {name}.turns \
if {{ var(txn.via) -m str split }} {{ var(txn.probe) -m found }}
  http-request set-var(txn.pick) sc0_inc_gpc0,mod({turns}),map_str({split}) \
if {{ var(txn.via) -m str split }}
  http-request return status 503 {problem} string '{nothing_serves}' hdr Retry-After 1 \
if !{{ var(txn.pick) -m found }}
  http-request set-var(txn.slot) var(txn.pick),field(1,/)
  http-request set-var(txn.revision) var(txn.pick),field(2,/)
  http-request set-var-fmt(txn.resource) ',"revision_name":"%[var(txn.revision)]"}}'
  http-request del-header x-served-revision
  http-request del-header forwarded
  http-request del-header x-real-ip
  http-request del-header x-forwarded-host
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto http
  http-after-response set-var(txn.severity) str(WARNING) if {{ status ge 400 }}
  http-after-response set-var(txn.severity) str(ERROR) if {{ status ge 500 }}
  http-after-response del-header x-served-revision
  http-after-response set-header x-served-revision %[var(txn.revision)] \
if {{ var(txn.revision) -m found }}
  use_backend {name}.%[var(txn.slot)]

backend {name}.turns
  stick-table type integer size 2 store gpc0
"""


def configuration(state: FrontState) -> str:
    """Write HAProxy's configuration; its paths are relative to the folder it is started in."""
    parts = [_GLOBAL]
    for service in state.services:
        parts.append(_frontend(service))
        occupants = {one.slot: one for one in service.revisions}
        parts += [_backend(service, slot, occupants.get(slot)) for slot in range(SLOTS)]
    return "".join(parts)


def backend_name(service: str, slot: int) -> str:
    """Name what stands for a slot of a service."""
    return f"{service}.{slot}"


def split_file(service: str) -> str:
    """Name the file, and the map, that says whose turn it is."""
    return f"{service}.split.map"


def tags_file(service: str) -> str:
    """Name the file, and the map, of host names that reach a revision."""
    return f"{service}.tags.map"


def maps(applied: Applied) -> dict[str, dict[str, str]]:
    """Give every map by its file's name."""
    found: dict[str, dict[str, str]] = {}
    for service in applied.state.services:
        found[split_file(service.name)] = _split(service, applied.turns.get(service.name, ()))
        found[tags_file(service.name)] = {
            service.host_of(one.tag): _pick(one) for one in service.revisions if one.tag is not None
        }
    return found


def rendered_map(entries: Mapping[str, str]) -> str:
    """Write a map as HAProxy reads it: a key and its value on each line."""
    return "".join(f"{key} {value}\n" for key, value in entries.items())


def _split(service: FrontService, turns: Sequence[str]) -> dict[str, str]:
    picks = {one.name: _pick(one) for one in service.revisions}
    return {str(turn): picks[name] for turn, name in enumerate(turns)}


def _pick(revision: FrontRevision) -> str:
    return f"{revision.slot}/{revision.name}"


def _frontend(service: FrontService) -> str:
    return _FRONTEND.format(
        name=service.name,
        bind=address(service.bind_host, service.bind_port),
        timestamp=_TIMESTAMP,
        latency=_LATENCY,
        tags=tags_file(service.name),
        split=split_file(service.name),
        turns=TURNS,
        problem=_PROBLEM,
        unknown_tag=_UNKNOWN_TAG,
        nothing_serves=_NOTHING_SERVES,
    )


def _backend(service: FrontService, slot: int, revision: FrontRevision | None) -> str:
    host, port = NOWHERE if revision is None else (revision.host, revision.port)
    closed = " disabled" if revision is None else ""
    name = backend_name(service.name, slot)
    return f"\nbackend {name}\n  server {SERVER} {address(host, port)}{closed}\n"


def address(host: str, port: int) -> str:
    """Write an address so that its family is not guessed."""
    return f"ipv6@{host}:{port}" if ":" in host else f"ipv4@{host}:{port}"
