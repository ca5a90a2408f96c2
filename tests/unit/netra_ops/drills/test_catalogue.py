"""The drills, held against the causes that they stage."""

from pathlib import Path

import netra_ops.drills.catalogue
from netra_ops.deploy.checks import configuration, probes
from netra_ops.diagnosis.catalogue import CATALOGUE
from netra_ops.drills.drill import Happening, Stop
from netra_ops.drills.listing import BY_NAME, DRILLS

BY_CODE = {cause.code: cause for cause in CATALOGUE}


def test_every_cause_names_its_drill_and_every_drill_its_cause() -> None:
    """A drill that can be staged is named by its cause, and no cause names another."""
    staged = {drill.cause: drill.name for drill in DRILLS if drill.fault is not None}

    assert {c.code: c.drill for c in CATALOGUE if c.drill is not None} == staged
    assert all(drill.cause in BY_CODE for drill in DRILLS)


def test_every_file_of_the_catalogue_is_listed_once() -> None:
    """A drill that is written is listed, under a name of its own."""
    (folder,) = netra_ops.drills.catalogue.__path__
    files = {one.stem for one in Path(folder).glob("*.py")} - {"__init__"}

    assert len(BY_NAME) == len(DRILLS) == len(files)
    assert {name.replace("-", "_") for name in BY_NAME} == files


def test_what_cannot_be_staged_says_why() -> None:
    """Either there is a fault, or a reason why there is none."""
    assert all((drill.fault is None) == bool(drill.not_here) for drill in DRILLS)


def test_drills_name_checks_that_there_are() -> None:
    """A check that is to refuse a fault is one of its stage; a fault of run time passes none."""
    known = {Stop.RULES: set(configuration.CHECKS), Stop.PROBES: set(probes.CHECKS)}
    for drill in DRILLS:
        assert drill.checks <= known.get(drill.stopped_by, set()), drill.name
        if isinstance(drill.fault, Happening):
            assert drill.stopped_by is Stop.NOTHING, drill.name
