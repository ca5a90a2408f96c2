"""What a candidate's configuration is refused for: its contract, and what serves now. Pure.

The table of verdicts is in `docs/flows/deploy.md`.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from netra_ops.candidates import judging
from netra_ops.candidates.comparing import Change, Comparison, Difference
from netra_ops.deploy.checks.said import About, Check, or_pass
from netra_ops.findings import Finding, Verdict

_OF_PROBLEM: Final = {
    "missing": "variable_missing",
    "empty": "variable_empty",
    "placeholder": "value_is_placeholder",
    "too_short": "value_too_short",
    "quoted": "value_in_quotes",
    "whitespace": "value_with_white_space",
    "unresolved": "reference_unresolved",
    "malformed": "value_malformed",
    "conflicting": "variables_conflict",
    "plain_secret": "secret_in_plain_sight",
    "unequal": "services_disagree",
    "unseen": "value_unseen",
    "not_pinned": "value_unseen",
}
"""The check for each kind of what `judging` finds."""


@dataclass(frozen=True, slots=True)
class Configurations(About):
    """A candidate's configuration as it was judged and compared.

    Attributes:
        problems: What was found against the contract and against the other services, without what
            was there before the candidate came.
        looked_at: How many variables and pairs were looked at.
        comparison: What differs from what serves now; None where nothing serves.
        named: The variables that were asked to be set, by name.
        removed: The variables that were asked to be taken away.
        from_file: Whether a whole file was given, so that what is in it is asked for.
        by_platform: The variables that the platform gives, which differ by nature.
    """

    problems: tuple[judging.ConfigurationFinding, ...] = ()
    looked_at: int = 0
    comparison: Comparison | None = None
    named: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    from_file: bool = False
    by_platform: frozenset[str] = frozenset()

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What differs and is not the platform's."""
        if self.comparison is None:
            return ()
        return tuple(d for d in self.comparison.differences if d.name not in self.by_platform)

    def was_asked(self, difference: Difference) -> bool:
        """Tell whether somebody asked for what a variable is now."""
        return self.from_file or difference.name in self.named


def unknown_problems(found: tuple[judging.ConfigurationFinding, ...]) -> frozenset[str]:
    """Name the kinds of problems that no check is for; there must be none."""
    return frozenset(one.problem for one in found) - _OF_PROBLEM.keys()


def _problems(check: str, seen: Configurations) -> tuple[Finding, ...]:
    found = [
        seen.says(
            check,
            one.verdict,
            f"{one.variable or 'it'} {one.says}. {one.fix}",
            service=one.service,
            variable=one.variable or None,
            evidence=(str(one.place),),
        )
        for one in seen.problems
        if _OF_PROBLEM[one.problem] == check
    ]
    none = seen.says(check, Verdict.PASS, f"none among {seen.looked_at} looked at")
    return or_pass(found, none)


def _lost(seen: Configurations, *, secret: bool, check: str) -> tuple[Finding, ...]:
    found = []
    for one in seen.differences:
        if one.change is Change.LOST and one.was_secret is secret:
            is_meant = one.name in seen.removed
            fix = "" if is_meant else f" Set it, or say `--unset {one.name}`."
            found.append(_about(seen, check, one, fails=not is_meant, fix=fix))
    return _or_compared(seen, check, found)


def _renamed(seen: Configurations, check: str = "variable_renamed") -> tuple[Finding, ...]:
    found = []
    for one in seen.differences:
        if one.change is Change.RENAMED:
            is_meant = one.was_called in seen.removed
            fix = "" if is_meant else f" If it is so meant, say `--unset {one.was_called}`."
            found.append(_about(seen, check, one, fails=not is_meant, fix=fix))
    return _or_compared(seen, check, found)


def _changed(seen: Configurations, check: str = "changed_unasked") -> tuple[Finding, ...]:
    """Refuse what differs though nobody asked; a secret that becomes plain is another check's."""
    kinds = {Change.CHANGED, Change.VERSION, Change.REFERENCE, Change.SWITCHED}
    found = []
    for one in seen.differences:
        is_other = one.is_damage or (one.change is Change.SWITCHED and one.was_secret)
        if one.change in kinds and not is_other:
            fails = not seen.was_asked(one)
            found.append(_about(seen, check, one, fails=fails, fix=_UNASKED if fails else ""))
    return _or_compared(seen, check, found)


def _damaged(seen: Configurations, check: str = "value_damaged") -> tuple[Finding, ...]:
    fix = " Set it to the value alone."
    return _or_compared(
        seen,
        check,
        [
            _about(seen, check, one, fails=True, fix=fix)
            for one in seen.differences
            if one.is_damage
        ],
    )


def _made_plain(seen: Configurations, check: str = "secret_made_plain") -> tuple[Finding, ...]:
    found = [
        _about(seen, check, one, fails=True, fix=" Refer to the secret again with --secret.")
        for one in seen.differences
        if one.change is Change.SWITCHED and one.was_secret
    ]
    return _or_compared(seen, check, found)


def _deployed_otherwise(
    seen: Configurations, check: str = "deployment_changed"
) -> tuple[Finding, ...]:
    found = [
        _about(seen, check, one, fails=True, fix=" If it is so meant, let a waiver say so.")
        for one in seen.differences
        if one.change is Change.DEPLOYMENT
    ]
    return _or_compared(seen, check, found)


def _unseen(seen: Configurations, check: str = "difference_unseen") -> tuple[Finding, ...]:
    unseen = seen.comparison.unseen if seen.comparison else ()
    found = [
        seen.says(check, Verdict.UNKNOWN, f"{one.name} {one.says}.", variable=one.name)
        for one in unseen
        if one.name not in seen.by_platform
    ]
    return _or_compared(seen, check, found)


def _added(seen: Configurations, check: str = "variable_added") -> tuple[Finding, ...]:
    """Refuse nothing: what is added is judged by the contract, and told."""
    found = [
        _about(seen, check, one, fails=False)
        for one in seen.differences
        if one.change is Change.ADDED
    ]
    return _or_compared(seen, check, found)


def _about(
    seen: Configurations, check: str, one: Difference, *, fails: bool, fix: str = ""
) -> Finding:
    return seen.says(
        check,
        Verdict.FAIL if fails else Verdict.PASS,
        f"{one.name} {one.says}.{fix}",
        variable=one.name,
        evidence=tuple(place for place in (one.before, one.after) if place),
    )


def _or_compared(seen: Configurations, check: str, found: list[Finding]) -> tuple[Finding, ...]:
    if seen.comparison is None:
        reason = "nothing serves yet, so there is nothing that could be lost"
    else:
        reason = f"none among {seen.comparison.compared} variables that were compared"
    return or_pass(found, seen.says(check, Verdict.PASS, reason))


_UNASKED: Final = " Nobody asked for it: set it to what it is to be."
_DIFFERENCES: Final[dict[str, Check[Configurations]]] = {
    "variable_lost": partial(_lost, secret=False, check="variable_lost"),
    "secret_reference_lost": partial(_lost, secret=True, check="secret_reference_lost"),
    "variable_renamed": _renamed,
    "changed_unasked": _changed,
    "value_damaged": _damaged,
    "secret_made_plain": _made_plain,
    "deployment_changed": _deployed_otherwise,
    "difference_unseen": _unseen,
    "variable_added": _added,
}
CHECKS: Final[dict[str, Check[Configurations]]] = {
    **{check: partial(_problems, check) for check in dict.fromkeys(_OF_PROBLEM.values())},
    **_DIFFERENCES,
}
"""Every check of a configuration by its id, which waivers name."""
COMPARING: Final = frozenset(_DIFFERENCES)
"""Those that compare with what serves; a rollback goes to what differs on purpose."""
NEVER_FAIL: Final = frozenset({"value_unseen", "difference_unseen", "variable_added"})
"""Those that cannot know, or only tell."""
