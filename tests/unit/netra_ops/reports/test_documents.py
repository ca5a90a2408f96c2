"""Reports of real incidents: each statement names evidence that is there, and claims no more."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from corpus.scoring import bundles

from netra_ops.diagnosis.diagnosing import diagnosed, scene_of
from netra_ops.reports.as_html import as_html
from netra_ops.reports.as_markdown import as_markdown
from netra_ops.reports.case import Case, diagnosis_from, proof_from
from netra_ops.reports.document import NOT_KNOWN, Report, Section, Statement
from netra_ops.reports.documents import deploy, proof, regression, status

NOW: Final = 1_900_000_000_000_000_000
DOCUMENTS: Final = {
    "deploy": deploy.document,
    "status": status.document,
    "regression": regression.document,
    "proof": proof.document,
}
SOME: Final = bundles("tuning")[::9]
EMOJI: Final = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
PROOF: Final = {
    "proven": False,
    "url": "http://127.0.0.1:8000",
    "began": "2026-01-01T00:00:00Z",
    "parts": [
        {"name": "golden path", "verdict": "PASS", "says": "45 of 45 steps are as expected."},
        {"name": "reproduction", "verdict": "UNKNOWN", "says": "Not tried."},
    ],
}


def case_of(bundle: Path, proof_document: Any = None) -> Case:
    """Diagnose a bundle, for a report of it."""
    scene = scene_of(bundle, NOW)
    return Case(
        bundle=scene.bundle,
        diagnosis=diagnosis_from(diagnosed(scene).as_document()),
        generated="2026-01-01T00:00:00Z",
        proof=None if proof_document is None else proof_from(proof_document),
    )


def references(report: Report) -> set[str]:
    """Give all places that a report names."""
    found = set[str]()
    for section in report.sections:
        found |= {place for one in section.statements for place in one.evidence}
        if section.table is not None:
            found |= {place for row in section.table.rows for place in row.evidence}
    return found


def is_there(bundle: Path, place: str) -> bool:
    """Tell whether a reference leads to something."""
    name, _, line = place.rpartition(":")
    if name and line.isdigit():
        return 0 < int(line) <= len((bundle / name).read_bytes().splitlines())
    name, _, pointer = place.partition("#")
    if not (bundle / name).is_file():
        return False
    if not pointer or name.endswith("ndjson"):
        return True
    value = json.loads((bundle / name).read_bytes())
    for part in pointer.strip("/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return True


@pytest.mark.parametrize("bundle", SOME, ids=lambda bundle: bundle.name)
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_each_statement_names_evidence_that_is_there(bundle: Path, kind: str) -> None:
    """A reader can open every place that a report names; what has none is said to be not known."""
    report = DOCUMENTS[kind](case_of(bundle))

    lost = {one for one in references(report) if not is_there(bundle, one)}
    assert lost == set()
    for section in report.sections:
        assert section.statements or section.table or section.to_do, section.title
        for one in section.statements:
            assert one.evidence or one.text.startswith(NOT_KNOWN)


@pytest.mark.parametrize("bundle", SOME[:4], ids=lambda bundle: bundle.name)
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_page_needs_nothing_else_and_runs_nothing(bundle: Path, kind: str) -> None:
    """It is one well-formed file without a script, without emojis, and the same in Markdown."""
    report = DOCUMENTS[kind](case_of(bundle))

    page, text = as_html(report), as_markdown(report)

    parser = _Tags()
    parser.feed(page)
    assert not parser.open_tags
    assert not {"script", "link", "img", "iframe", "object"} & parser.seen
    assert not EMOJI.search(page + text)
    for section in report.sections:
        assert f"## {section.title}" in text


def test_a_claim_without_evidence_cannot_be_written() -> None:
    """A statement names where it stands, or begins with what it is: not known."""
    with pytest.raises(ValueError, match="evidence"):
        Statement("Production is down.")

    assert Statement(f"{NOT_KNOWN}: whether production is down.").evidence == ()


def test_what_evidence_says_is_no_markup() -> None:
    """Nothing that stands in a log becomes a tag, a heading, a link or a row."""
    hostile = "<script>alert(1)</script> | [x](http://evil) # `y` \x1b[31m\n## done"
    report = Report(
        kind="status",
        title=hostile,
        head=(("Service", hostile),),
        sections=(Section(title="A", statements=(Statement(hostile, ("logs.ndjson:1",)),)),),
    )

    page, text = as_html(report), as_markdown(report)

    assert "<script" not in page
    assert "\x1b" not in page + text
    assert "[x](http" not in text
    assert not any(line.startswith("## done") for line in text.splitlines())


def test_partial_success_is_never_called_success() -> None:
    """A proof of which a part is not known is not proven, and says what is missing."""
    report = proof.document(case_of(SOME[0], PROOF))

    assert "NOT proven" in report.title
    text = as_markdown(report)
    assert "Not proven: 1 of 2" in text
    assert "resolved" not in text.lower()


def test_without_a_proof_nothing_is_proven() -> None:
    """The report of a proof that nobody tried says so."""
    report = proof.document(case_of(SOME[0]))

    assert "not tried" in report.title


@pytest.mark.parametrize("bundle", SOME, ids=lambda bundle: bundle.name)
def test_what_the_diagnosis_prints_is_what_reports_read(bundle: Path) -> None:
    """The form of the one is the form of the other, also after JSON."""
    printed = msgspec.json.encode(diagnosed(scene_of(bundle, NOW)).as_document())

    read = diagnosis_from(msgspec.json.decode(printed))

    assert len(read.five_whys) == 5
    if read.cause is not None:
        assert read.leading is not None
        assert read.leading.supported


class _Tags(HTMLParser):
    """Keeps the account of a page's tags."""

    _ALONE: Final = frozenset({"meta", "link", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open_tags: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, _: object) -> None:
        """Open one."""
        self.seen.add(tag)
        if tag not in self._ALONE:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag: str, _: object) -> None:
        """See one that closes itself."""
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close it."""
        assert self.open_tags.pop() == tag
