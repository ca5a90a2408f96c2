"""Judges configurations against their contracts, and against one another. Pure.

Nothing that is said holds a value or a part of one. What cannot be seen is UNKNOWN: neither a pass
nor a failure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from netra.contract import Contract, Examination, Source, Variable, VariableKind, ViolationKind
from netra.contract.flaws import Flaw
from netra.contract.formats import Host, Registry, ServiceUrl, is_loopback
from netra.contract.loader import examine
from netra.contract.service_registry import RegistryInvalid, parse_registry
from netra.contract.urls.hosts import own_machine_flaw
from netra.isolated_environment import IsolatedEnvironment
from netra_ops.candidates.agreement import Agreement, Member, agreements, registration
from netra_ops.candidates.candidate import Candidate, Fault, Place, Setting, shown_name
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.candidates.forms.containers import SECRET
from netra_ops.findings import UsageRefused, Verdict, printable, worst_of

ENVIRONMENT: Final = "ENVIRONMENT"
LISTENS_ON: Final = "HOST"
SERVICE_ID: Final = "SERVICE_ID"
SERVICE_SECRET: Final = "SERVICE_SECRET"  # noqa: S105 - a variable's name
_TO_SEE: Final = "Give its value with --secrets, or let what may read it decide."


@dataclass(frozen=True, slots=True)
class ConfigurationFinding:
    """One thing that was found in a configuration, before a gate makes findings of a revision.

    Attributes:
        verdict: What it means; PASS for what is only told.
        service: The service it is about.
        variable: The variable; empty where it is about the whole.
        problem: A word for its kind.
        says: What is wrong, in words that continue the variable's name.
        fix: What to do, as a sentence.
        place: Where.
    """

    verdict: Verdict
    service: str
    variable: str
    problem: str
    says: str
    fix: str
    place: Place


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, and how much was looked at.

    Attributes:
        findings: What was found, the services in the order they were given.
        services: Whose configurations were judged.
        variables: How many declared variables were looked at.
        comparisons: How many pairs of variables that must be equal were compared.
    """

    findings: tuple[ConfigurationFinding, ...]
    services: tuple[str, ...]
    variables: int
    comparisons: int

    @property
    def verdict(self) -> Verdict:
        """Give the worst of all; where nothing was looked at, nothing is known."""
        looked = [Verdict.PASS] if self.services and self.variables else []
        return worst_of([*looked, *(finding.verdict for finding in self.findings)])


@dataclass(frozen=True, slots=True)
class Judged:
    """One candidate with the contract that holds for it, and what the contract makes of it."""

    candidate: Candidate
    contract: Contract
    examination: Examination


def contract_for(candidate: Candidate, contracts: Sequence[Contract], told: str | None) -> Contract:
    """Find the contract of a candidate: by what was told, by its name, by its SERVICE_ID.

    Raises:
        UsageRefused: None of them leads to one.
    """
    by_service = {contract.service: contract for contract in contracts}
    own = candidate.setting(SERVICE_ID)
    said = own.value.reveal() if own and own.value else None
    for name in (told,) if told is not None else (candidate.name, said):
        if name is not None and name in by_service:
            return by_service[name]
    known = ", ".join(by_service)
    if told is not None:
        raise UsageRefused(
            f"There is no contract for a service {printable(told)!r}. Known are {known}; name the "
            "file of another with --contract."
        )
    raise UsageRefused(
        f"{candidate.place} does not say which service it is of. Say it with --service, one of "
        f"{known}, or name the file of another contract with --contract."
    )


def judge(
    candidates: Iterable[tuple[Candidate, Contract]], fingerprints: Fingerprints
) -> Judgement:
    """Judge candidates, each against its contract, and all of them against one another."""
    judged = tuple(_examined(candidate, contract) for candidate, contract in candidates)
    compared = (*agreements(_members(judged), fingerprints), *_registrations(judged))
    findings = chain(chain.from_iterable(map(_findings, judged)), _disagreements(compared))
    return Judgement(
        tuple(findings),
        tuple(one.contract.service for one in judged),
        sum(len(one.contract.variables) for one in judged),
        len(compared),
    )


def _examined(candidate: Candidate, contract: Contract) -> Judged:
    seen = {s.name: s.value.reveal() for s in candidate.settings if s.value is not None}
    unseen = {s.name for s in candidate.settings if s.value is None}
    return Judged(candidate, contract, examine(contract, IsolatedEnvironment.of(seen), unseen))


def _findings(judged: Judged) -> Iterator[ConfigurationFinding]:
    service = judged.contract.service
    for fault in judged.candidate.faults:
        yield _of_fault(service, fault)
    yield from _violations(judged)
    if judged.candidate.form.refers:
        yield from _of_another_machine(judged)
    for variable in judged.contract.variables:
        yield from _of_reference_rules(judged, variable)
    for one in judged.examination.undecided:
        setting = _setting(judged, judged.contract.variable(one.variable))
        reference = setting.reference if setting else None
        yield ConfigurationFinding(
            Verdict.UNKNOWN,
            service,
            one.variable,
            "unseen",
            one.says if reference is None else f"is taken from {reference}: it {one.says}",
            _TO_SEE if reference and reference.store == SECRET else one.fix,
            _place(judged, one.variable),
        )
    for setting in judged.candidate.settings:
        if setting.reference and setting.reference.version and not setting.reference.is_pinned:
            yield ConfigurationFinding(
                Verdict.PASS,
                service,
                shown_name(setting.name),
                "not_pinned",
                f"refers to {setting.reference}, which can become another value at any start",
                "Name one version by its number.",
                setting.place,
            )


def _violations(judged: Judged) -> Iterator[ConfigurationFinding]:
    is_deployed = judged.candidate.form.refers
    for violation in judged.examination.violations:
        variable = judged.contract.variable(violation.variable)
        by_platform = is_deployed and variable.given_by is Source.PLATFORM
        if by_platform and violation.problem is ViolationKind.MISSING:
            continue
        yield ConfigurationFinding(
            Verdict.FAIL,
            judged.contract.service,
            violation.variable,
            violation.problem.value,
            violation.says,
            printable(violation.fix),
            _place(judged, violation.variable),
        )


def _of_another_machine(judged: Judged) -> Iterator[ConfigurationFinding]:
    """Find what is right where services share a machine, and wrong where each has its own."""
    values, service = judged.examination.values, judged.contract.service
    environment = values.get(ENVIRONMENT)
    named = environment.reveal() if environment else None
    refused = {violation.variable for violation in judged.examination.violations}
    for variable in judged.contract.variables:
        value, setting = values.get(variable.name), _setting(judged, variable)
        if value is None or variable.name in refused:
            continue
        flaw = None
        if setting and _leads_elsewhere(variable, named):
            flaw = own_machine_flaw(value.reveal(), named)
        elif variable.name == LISTENS_ON and isinstance(variable.format, Host):
            flaw = _unreachable_flaw(value.reveal(), is_set=setting is not None)
        if flaw is not None:
            yield ConfigurationFinding(
                Verdict.FAIL,
                service,
                variable.name,
                flaw.problem.value,
                flaw.says,
                flaw.fix,
                _place(judged, variable.name),
            )


def _leads_elsewhere(variable: Variable, environment: str | None) -> bool:
    """Tell whether it is another service's address, of which the contract names no hosts itself."""
    is_address = isinstance(variable.format, ServiceUrl) or variable.of_its_environment
    return is_address and environment not in dict(variable.hosts)


def _unreachable_flaw(host: str, *, is_set: bool) -> Flaw | None:
    if not is_loopback(host):
        return None
    kind = ViolationKind.CONFLICTING if is_set else ViolationKind.MISSING
    what = "is" if is_set else "is not set, and is then"
    says = f"{what} a loopback address, under which the platform does not reach the service"
    return Flaw(kind, says, "Set it to 0.0.0.0.")


def _of_reference_rules(judged: Judged, variable: Variable) -> Iterator[ConfigurationFinding]:
    """Find what is wrong with where a value comes from."""
    service, candidate = judged.contract.service, judged.candidate
    under = [one for name in variable.names if (one := candidate.setting(name))]
    if len(under) > 1 and any(one.value is None for one in under):
        names = " and ".join(one.name for one in under)
        says = f"is set under its names {names}, and they cannot be compared"
        fix = f"Set {variable.name} alone."
        yield ConfigurationFinding(
            Verdict.FAIL, service, variable.name, "conflicting", says, fix, under[1].place
        )
    for setting in under:
        is_secret = variable.kind is VariableKind.SECRET
        if candidate.form.refers and is_secret and setting.reference is None:
            yield ConfigurationFinding(
                Verdict.FAIL,
                service,
                variable.name,
                "plain_secret",
                "is a secret, and stands in the document in plain text",
                "Put a new value into the secret store and refer to it by `secretKeyRef`: whoever "
                "can read this document knows the one in it.",
                setting.place,
            )


def _of_fault(service: str, fault: Fault) -> ConfigurationFinding:
    return ConfigurationFinding(
        Verdict.FAIL if fault.is_certain else Verdict.UNKNOWN,
        service,
        shown_name(fault.name),
        "malformed" if fault.is_certain else "unseen",
        fault.says,
        fault.fix,
        fault.place,
    )


def _members(judged: Iterable[Judged]) -> Iterator[Member]:
    """List the variables that must equal others, each with what gives it its value."""
    for one in judged:
        for variable in one.contract.variables:
            if variable.equality_group is None:
                continue
            if member := _member(one, variable):
                others = (v for v in one.contract.variables if v.accepted_as == variable.name)
                beside = tuple(filter(None, (_member(one, other) for other in others)))
                yield replace(member, beside=beside)


def _registrations(judged: Sequence[Judged]) -> Iterator[Agreement]:
    """Hold each service's name and secret against the registries of the others."""
    for one in judged:
        for variable in one.contract.variables:
            value = one.examination.values.get(variable.name)
            if not isinstance(variable.format, Registry) or value is None:
                continue
            try:
                registry = {r.service_id: r.secret_sha256 for r in parse_registry(value.reveal())}
            except RegistryInvalid:
                continue  # Its own contract says so.
            for other in judged:
                named = _named_member(other, SERVICE_ID)
                if named is None or other.contract.service == one.contract.service:
                    continue
                secret, place = _named_member(other, SERVICE_SECRET), _place(one, variable.name)
                if found := registration(named, secret, registry, place):
                    yield found


def _named_member(judged: Judged, name: str) -> Member | None:
    """Give a variable that the contract declares and the configuration sets."""
    found = (v for v in judged.contract.variables if v.name == name)
    variable = next(found, None)
    if variable is None or judged.candidate.setting(name) is None:
        return None
    return _member(judged, variable)


def _member(judged: Judged, variable: Variable) -> Member | None:
    """Give a variable with what gives it its value; None where nothing does."""
    giving = variable
    if _setting(judged, variable) is None and variable.default_of:
        giving = judged.contract.variable(variable.default_of)
    setting = _setting(judged, giving)
    value = judged.examination.values.get(variable.name)
    reference = setting.reference if setting else None
    if value is None and reference is None:
        return None
    return Member(
        variable.equality_group or "",
        judged.contract.service,
        giving.name,
        is_set=setting is not None,
        value=value,
        reference=reference,
        place=_place(judged, giving.name),
        leads=variable.leads,
    )


def _disagreements(compared: Iterable[Agreement]) -> Iterator[ConfigurationFinding]:
    for one in compared:
        if one.says:
            member = one.member
            yield ConfigurationFinding(
                one.verdict,
                member.service,
                member.variable,
                "unseen" if one.verdict is Verdict.UNKNOWN else "unequal",
                one.says,
                one.fix,
                member.place,
            )


def _setting(judged: Judged, variable: Variable) -> Setting | None:
    return judged.candidate.setting(*variable.names)


def _place(judged: Judged, variable: str) -> Place:
    setting = _setting(judged, judged.contract.variable(variable))
    return setting.place if setting else judged.candidate.place
