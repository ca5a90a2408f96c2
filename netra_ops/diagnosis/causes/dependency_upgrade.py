"""A library's new version means something else."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="dependency_upgrade",
    title="a library's new version means something else",
    symptom=(
        "What was accepted is refused with the same configuration: a claim's type, "
        "a status, a default."
    ),
    mechanism=(
        "A revision brought another version of a framework or library, whose behaviour changed."
    ),
    expects=(
        decides(Fact.COMMIT_TOUCHES_DEPENDENCIES, 0.85),
        decides(Fact.SUBJECT_NOT_TEXT, 0.5),
        decides(Fact.ONLY_LIBRARIES_CHANGED, 0.5),
        expects(Fact.BEGAN_WITH_REVISION, 0.9),
        expects(Fact.CONFIGURATION_UNCHANGED, 0.7),
        expects(Fact.ALL_REFUSED, 0.5),
        expects(Fact.LOGIN_WORKS_LATER_FAILS, 0.3),
        expects(Fact.COMMIT_TOUCHES_IDENTITY, 0.1),
    ),
    shown_by=(
        shown(Fact.SUBJECT_NOT_TEXT),
        shown(Fact.ONLY_LIBRARIES_CHANGED, Fact.BEGAN_WITH_REVISION, Fact.CODE_ERROR),
        shown(Fact.ONLY_LIBRARIES_CHANGED, Fact.CONFIGURATION_UNCHANGED, Fact.ALL_REFUSED),
        shown(
            Fact.COMMIT_TOUCHES_DEPENDENCIES, Fact.BEGAN_WITH_REVISION, Fact.CONFIGURATION_UNCHANGED
        ),
    ),
    contradicted_by=frozenset(
        {
            Fact.ON_EARLIER_REVISIONS_TOO,
            Fact.BEGAN_WITHOUT_REVISION,
            Fact.VARIABLE_LOST,
            Fact.SECRET_REFERENCE_LOST,
            Fact.MODULE_MISSING,
            Fact.KEYS_DIFFER,
        }
    ),
    leads_to=frozenset({"code_error"}),
    neighbours=(
        Neighbour("code_error", "the error arises in, or because of, a library that changed"),
        Neighbour("identity_made_optional", "good callers are refused; nobody is let in"),
    ),
    caught_by=(CaughtBy.PROBE,),
    fix=(
        "Pin the version of before, or adapt to the new one; deploy by the gate, "
        "whose golden path shows it."
    ),
    prove_by=(
        "the golden path passes with the pinned version",
        "the lock file names it",
    ),
)
