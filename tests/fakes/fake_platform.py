"""A platform that keeps everything in memory, and does at any call what a test says.

Its revisions answer nothing: what was asked of them is what the test says it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fakes.configurations import AUTH, BACKEND, pair
from netra.schema_fit import SchemaJudgement
from netra.secret import Secret
from netra_ops.candidates.candidate import Candidate, Form, Place, Setting
from netra_ops.findings import CouldNotTell, Failed, UsageRefused
from netra_ops.platform.port import Change, Observed, Plan, Revision, ServiceState

WHOLE: Final = 100


class Killed(BaseException):
    """The gate dies: after this, nothing that it does takes place any more."""


def candidate(service: str, values: Mapping[str, str]) -> Candidate:
    """Give a configuration of plain values, as an env file would."""
    place = Place(f"{service}.env")
    settings = tuple(Setting(name, place, Secret(value)) for name, value in values.items())
    return Candidate(service, Form.ENV_FILE, place, settings)


@dataclass
class FakePlatform:
    """Two services with one revision each, and what is to happen at which call.

    Attributes:
        at_call: Called with the name of each method, before it does anything; may raise.
        after_call: Called with the name of each method that changes something, once it did.
        traffic: Says what was asked of each revision of a service between two times.
        fit: What is said of schemas.
        calls: The methods that were called.
    """

    revisions: dict[str, dict[str, Revision]] = field(default_factory=dict)
    made_with: dict[str, Candidate] = field(default_factory=dict)
    at_call: Callable[[str], None] = lambda _name: None
    after_call: Callable[[str], None] = lambda _name: None
    traffic: Callable[[str, float, float], Mapping[str, Observed]] = lambda *_: {}
    fit: Callable[[str, str], SchemaJudgement | None] = lambda *_: None
    calls: list[str] = field(default_factory=list)
    made: int = 1

    def begin(self, service: str, values: Mapping[str, str]) -> Revision:
        """Have a service that serves by one revision."""
        revision = Revision(service, f"{service}-00001-aaa", "code:first", WHOLE)
        self.revisions[service] = {revision.name: revision}
        self.made_with[revision.name] = candidate(service, values)
        return revision

    def split(self, service: str) -> dict[str, int]:
        """Say who serves, without a call."""
        return {one.name: one.percent for one in self.revisions[service].values() if one.percent}

    def services(self) -> tuple[str, ...]:
        """Name the services."""
        self._called("services")
        return tuple(self.revisions)

    def state(self, service: str) -> ServiceState:
        """Look at a service."""
        self._called("state")
        if service not in self.revisions:
            raise UsageRefused(f"There is no service {service}.")
        revisions = tuple(self.revisions[service].values())
        return ServiceState(service, f"http://{service}.localhost", revisions)

    def planned(self, service: str, change: Change) -> Plan:
        """Merge a change into what serves."""
        self._called("planned")
        if service not in self.revisions:
            raise UsageRefused(f"There is no service {service}.")
        if change.removed & change.values.keys():
            raise UsageRefused("A variable is set and taken away.")
        serving = [name for name, percent in self.split(service).items() if percent == WHOLE]
        before = self.made_with[serving[0]] if serving else None
        after = _changed(before or candidate(service, {}), change)
        code = str(change.code) if change.code else "code:first"
        peers = tuple(
            self.made_with[name]
            for other in self.revisions
            if other != service
            for name in self.split(other)
        )
        name = f"{service}-{self.made + 1:05}-bbb"
        return Plan(service, name, code, before, after, peers)

    def create(self, plan: Plan, tag: str) -> Revision:
        """Make the revision."""
        self._called("create")
        self.made += 1
        address = f"http://{tag}---{plan.service}.localhost"
        revision = Revision(plan.service, plan.name, plan.code, 0, tag, address)
        self.revisions[plan.service][plan.name] = revision
        self.made_with[plan.name] = plan.after
        self.after_call("create")
        return revision

    def shift(self, service: str, split: Mapping[str, int]) -> None:
        """Share the traffic."""
        self._called("shift")
        known = self.revisions[service]
        if unknown := split.keys() - known.keys():
            raise Failed(f"There is no revision {unknown.pop()}.")
        for name, one in known.items():
            percent = split.get(name, 0)
            known[name] = replace(one, percent=percent, is_running=one.is_running or percent > 0)
        self.after_call("shift")

    def retire(self, service: str, revision: str) -> None:
        """Take a revision out of service."""
        self._called("retire")
        one = self.revisions[service].get(revision)
        if one is None:
            raise Failed(f"There is no revision {revision}.")
        if one.percent:
            raise Failed(f"{revision} has traffic.")
        self.revisions[service][revision] = replace(one, is_running=False, tag=None, address=None)
        self.after_call("retire")

    def configuration(self, service: str, revision: str) -> Candidate:
        """Give what a revision was made with."""
        self._called("configuration")
        if revision not in self.revisions[service]:
            raise Failed(f"There is no revision {revision} of {service}.")
        return self.made_with[revision]

    def schema_fit(self, service: str, code: str) -> SchemaJudgement | None:
        """Say what the test says."""
        self._called("schema_fit")
        return self.fit(service, code)

    def observed(self, service: str, since: float, until: float) -> Mapping[str, Observed]:
        """Say what the test says."""
        self._called("observed")
        return self.traffic(service, since, until)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.at_call(name)


def fake_platform() -> FakePlatform:
    """Give a platform on which both services serve, with configurations that agree."""
    platform = FakePlatform()
    auth, backend = pair()
    platform.begin(AUTH, auth)
    platform.begin(BACKEND, backend)
    return platform


def silent(name: str) -> Callable[[str], None]:
    """Have one method not be answered."""

    def at_call(called: str) -> None:
        if called == name:
            raise CouldNotTell(f"The platform does not answer ({name}).")

    return at_call


def _changed(before: Candidate, change: Change) -> Candidate:
    place = Place("the command line")
    settings = {one.name: one for one in before.settings if one.name not in change.removed}
    for name, value in change.values.items():
        settings[name] = Setting(name, place, value)
    for name, reference in change.references.items():
        settings[name] = Setting(name, place, reference=reference)
    return replace(before, settings=tuple(settings.values()))
