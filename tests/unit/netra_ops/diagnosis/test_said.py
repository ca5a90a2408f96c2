"""What the log says in words, observed: seen where it matters, absent where it would have stood."""

from fakes.tallies import Log, at
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing import said
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Called
from netra_ops.evidence.records.revisions.revision import Kind, Revision, Variable

OLD, NEW = "orders-00001-aaa", "orders-00002-bbb"


def observed(log: Log) -> dict[Fact, Observation]:
    """Give what is observed of words alone."""
    return {one.fact: one for one in said.observed(log.scene())}


def deployed(sign: Sign = Sign.SIGNATURE_REFUSED, number: int = 20) -> Log:
    """Give a log whose second revision refuses every request, and says why."""
    log = Log(revision=OLD)
    for second in range(number):
        log.asked(second)
    for second in range(number, 2 * number):
        log.refused(second, sign, revision=NEW)
    return log


def test_a_reason_is_seen_with_its_requests() -> None:
    """What failing requests say is counted by requests, with the first moment and lines."""
    found = observed(deployed())[Fact.SIGNATURE_REFUSED]

    assert found.is_seen
    assert found.says.startswith("In 20 requests of orders a token's signature did not fit")
    assert (found.time, found.service) == (at(20), "orders")
    assert found.evidence[0] == "logs.ndjson:22"


def test_several_lines_of_one_request_are_one_failure() -> None:
    """A flood of lines of one request counts once."""
    log = deployed()
    for line in range(50):
        log.says(39 + line / 100, Sign.SIGNATURE_REFUSED, request="request-40", revision=NEW)

    assert "In 21 requests" in observed(log)[Fact.SIGNATURE_REFUSED].says


def test_other_reasons_are_absent_where_reasons_are_given() -> None:
    """A program that says why it refuses says of all other reasons that they were not."""
    found = observed(deployed())

    assert not found[Fact.TOKEN_EXPIRED].is_seen
    assert not found[Fact.AUTH_SERVICE_SILENT].is_seen
    assert "20 failures 20 say why" in found[Fact.TOKEN_EXPIRED].says


def test_nothing_is_absent_where_no_reasons_are_given() -> None:
    """A program that only says `Not authenticated` leaves every reason open."""
    found = observed(deployed(Sign.NOT_AUTHENTICATED))

    assert Fact.SIGNATURE_REFUSED not in found
    assert Fact.TOKEN_EXPIRED not in found
    assert Fact.CREDENTIAL_MISSING not in found


def test_what_was_said_before_at_the_same_rate_is_no_reason() -> None:
    """Tokens that expire as they did before the onset are not seen as part of the failures."""
    log = Log(revision=OLD)
    for second in range(0, 400, 10):
        log.asked(second)
        if second % 40 == 0:
            log.refused(second + 0.5, Sign.TOKEN_EXPIRED)
    for second in range(400, 800, 10):
        log.refused(second, Sign.SIGNATURE_REFUSED, revision=NEW)
        if second % 40 == 0:
            log.refused(second + 0.5, Sign.TOKEN_EXPIRED, revision=NEW)

    found = observed(log)

    assert found[Fact.SIGNATURE_REFUSED].is_seen
    assert not found[Fact.TOKEN_EXPIRED].is_seen
    assert "beyond its usual rate" in found[Fact.TOKEN_EXPIRED].says


def test_one_late_stray_reason_is_left_aside_and_an_early_one_is_not() -> None:
    """Of few requests after what nearly all say nothing is made; what came first may have led."""
    late, early = deployed(), deployed()
    late.refused(41, Sign.CREDENTIAL_MISSING, revision=NEW)
    early.refused(19.9, Sign.KEY_UNREADABLE, revision=NEW)

    assert Fact.CREDENTIAL_MISSING not in observed(late)
    assert observed(early)[Fact.KEY_UNREADABLE].is_seen


def test_what_a_new_revision_says_of_its_configuration_is_seen_though_long_before() -> None:
    """At a start there is no request; what the good revision said as well is not new."""
    log = Log(revision=OLD)
    log.says(0, Sign.NOT_CONFIGURED, subject="MAIL_KEY", level=400)
    for second in range(20):
        log.asked(second)
    log.says(20, Sign.NOT_CONFIGURED, subject="MAIL_KEY", level=400, revision=NEW)
    log.says(20, Sign.NOT_CONFIGURED, subject="JWT_SECRET", level=400, revision=NEW)
    for second in range(200, 220):
        log.refused(second, Sign.NOT_AUTHENTICATED, revision=NEW)

    found = observed(log)[Fact.NOT_CONFIGURED_SAID]

    assert found.subjects == ("JWT_SECRET",)


def test_a_call_counts_for_the_auth_service_only_where_that_is_plain() -> None:
    """An unknown host and a database are not the auth service; a variable may name its host."""
    for called, subject, said_of in (
        (Called.AUTH_SERVICE, None, True),
        (Called.DATABASE, "10.0.0.7:5432", None),
        (None, "10.0.0.7:9000", None),
        (None, "10.0.0.9:9000", True),
    ):
        log = Log()
        for second in range(20):
            log.asked(second)
        for second in range(20, 40):
            request = log.asked(second, 503)
            log.says(
                second, Sign.CONNECTION_REFUSED, request=request, called=called, subject=subject
            )
        variable = Variable(
            where="revisions.json#/0", name="AUTH_URL", kind=Kind.PLAIN,
            value="http://10.0.0.9:9000/",
        )  # fmt: skip
        revision = Revision(
            where="revisions.json#/0", service="orders", name=OLD, variables=(variable,)
        )

        found = {one.fact: one for one in said.observed(log.scene(revisions=(revision,)))}

        assert (Fact.AUTH_SERVICE_SILENT in found or None) is said_of


def test_the_auth_service_that_answers_others_is_healthy() -> None:
    """While calls to it are said to fail its own log tells how it answered."""
    for status, is_seen in ((200, True), (503, False)):
        log = Log()
        for second in range(20):
            log.asked(second)
        for second in range(20, 40):
            request = log.asked(second, 503)
            log.says(second, Sign.TIMED_OUT, request=request, called=Called.AUTH_SERVICE)
            log.asked(second, status, service="auth-service", path="/token")

        assert observed(log)[Fact.DEPENDENCY_HEALTHY].is_seen is is_seen


def test_a_change_before_the_onset_is_seen_and_one_long_before_is_absent() -> None:
    """Audit entries close before the onset count; where there are others, their lack is said."""
    close, long_ago = deployed(), Log(revision=OLD)
    close.says(10, Sign.SECRET_CHANGED, subject="AddSecretVersion jwt-key", level=300)
    long_ago.says(0, Sign.SECRET_CHANGED, subject="AddSecretVersion jwt-key", level=300)
    for second in range(50_000, 50_020):
        long_ago.asked(second)
    for second in range(50_020, 50_040):
        long_ago.refused(second, revision=NEW)

    seen, absent = observed(close), observed(long_ago)

    assert seen[Fact.SECRET_CHANGED_AT_ONSET].subjects == ("AddSecretVersion jwt-key",)
    assert not absent[Fact.SECRET_CHANGED_AT_ONSET].is_seen
    assert not absent[Fact.INVOKER_CHANGED].is_seen
    assert Fact.INVOKER_CHANGED not in observed(deployed())


def test_a_start_that_went_well_shows_that_nothing_was_missing() -> None:
    """Where the failing revision is seen starting, missing modules and secrets are absent."""
    log = deployed()
    log.says(19, Sign.STARTED, level=200, revision=NEW)

    found = observed(log)

    assert not found[Fact.MODULE_MISSING].is_seen
    assert not found[Fact.RESTART_LOOP].is_seen
    assert Fact.MODULE_MISSING not in observed(deployed())


def test_a_revision_that_exits_again_and_again_is_a_loop() -> None:
    """Server and platform tell of one exit; two exits apart are a loop, one is not."""
    for exits, is_seen in ((2, True), (1, None)):
        log = Log(revision=OLD)
        for second in range(20):
            log.asked(second)
        for number in range(exits):
            log.says(30 + 60 * number, Sign.MODULE_MISSING, subject="jose", revision=NEW)
            log.says(30.1 + 60 * number, Sign.EXITED, status=3, revision=NEW)
            log.says(30.2 + 60 * number, Sign.EXITED, status=3, revision=NEW)

        found = observed(log)

        assert found[Fact.MODULE_MISSING].subjects == ("jose",)
        assert (Fact.RESTART_LOOP in found or None) is is_seen


def test_nobody_is_named() -> None:
    """Addresses in subjects are hidden."""
    log = deployed(Sign.CLIENT_REFUSED)
    log.refused(40, Sign.CLIENT_REFUSED, subject="hana@shop.example", revision=NEW)

    found = observed(log)[Fact.CLIENT_REFUSED]

    assert found.subjects == ("[address]",)
    assert "hana" not in found.says
