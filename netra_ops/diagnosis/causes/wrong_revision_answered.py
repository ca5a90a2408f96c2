"""A probe of the candidate was answered by another revision."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="wrong_revision_answered",
    title="a probe of the candidate was answered by another revision",
    symptom="A test of the candidate passes, or fails, and says nothing of it.",
    mechanism="The tag, or the route behind it, leads to another revision.",
    expects=(decides(Fact.OTHER_REVISION_ANSWERED, 0.97),),
    shown_by=(shown(Fact.OTHER_REVISION_ANSWERED),),
    leads_to=frozenset({"traffic_pinned"}),
    neighbours=(Neighbour("traffic_pinned", "the tag, not the traffic"),),
    caught_by=(CaughtBy.PROBE,),
    fix="Let each probe assert which revision answered, and set the tag anew.",
    prove_by=("the candidate's address answers with the candidate's revision",),
)
