"""`netra users` and `netra sessions`."""

import json

import pytest

from fakes.administration import NOW
from fakes.netra_command import Run
from fakes.netra_over_http import FakeNetra
from netra.principal import Role
from netra.wire.auth_admin import AccountExport, SessionRecord, UserRecord


@pytest.fixture(autouse=True)
def people(netra: FakeNetra) -> None:
    """Two people."""
    netra.administration.add_user("usr_1", "a@b.example")
    netra.administration.add_user("usr_2", "op@b.example", Role.OPERATOR)


def _session(session_id: str, user_id: str, agent: str = "Browser") -> SessionRecord:
    return SessionRecord(
        session_id=session_id,
        user_id=user_id,
        created_at=NOW,
        last_seen_at=NOW + 60,
        expires_at=NOW + 3600,
        address="192.0.2.7",
        user_agent=agent,
        methods=("pwd", "otp"),
    )


def test_all_people_are_listed(run: Run, netra: FakeNetra) -> None:
    """Page after page, for people and as JSON."""
    for number in range(3, 9):
        netra.administration.add_user(f"usr_{number}", f"{number}@b.example")
    netra.administration.largest_page = 3

    listed = json.loads(run("users", "list", "--json").out)["items"]

    assert [UserRecord.model_validate(item).user_id for item in listed] == [
        f"usr_{number}" for number in range(1, 9)
    ]
    shown = run("users", "list").out
    assert all(f"usr_{number}" in shown for number in range(1, 9))
    assert "2027-01-15T08:00:00Z" in shown


@pytest.mark.parametrize("name", ["a@b.example", "usr_1", " A@B.Example ", "\uff41@b.example"])
def test_a_person_is_named_by_address_or_id(run: Run, name: str) -> None:
    """In any spelling that names the same account."""
    assert json.loads(run("users", "show", name, "--json").out)["user_id"] == "usr_1"


def test_nobody_else_is_taken_for_a_person(run: Run, netra: FakeNetra) -> None:
    """Also where the service answers with more people than were asked for."""
    netra.administration.ignores_filters = True

    done = run("users", "erase", "nobody@b.example", "--yes")

    assert (done.code, done.err) == (1, "There is no user nobody@b.example.\n")
    assert len(netra.administration.users) == 2
    assert json.loads(run("users", "show", "op@b.example", "--json").out)["user_id"] == "usr_2"


def test_an_account_is_closed_and_opened(run: Run, netra: FakeNetra) -> None:
    """And the answer says how it stands now."""
    assert "disabled since 2027-01-15T08:00:00Z" in run("users", "disable", "a@b.example").out
    assert netra.administration.users["usr_1"].disabled_at == NOW
    enabled = json.loads(run("users", "enable", "usr_1", "--json").out)
    assert enabled["disabled_at"] is None


@pytest.mark.parametrize(
    "command",
    [
        ("users", "erase", "usr_1"),
        ("users", "remove-second-factor", "usr_1"),
        ("sessions", "end-all", "usr_1"),
        ("services", "delete-secret", "billing", "sec_1"),
        ("services", "rotate-secret", "billing", "--overlap", "0"),
        ("keys", "remove", "kid-1", "--reason", "lost"),
    ],
)
def test_what_cannot_be_undone_needs_a_yes(
    run: Run, netra: FakeNetra, command: tuple[str, ...]
) -> None:
    """Where nobody can be asked, it is refused before anything is sent."""
    done = run(*command)

    assert (done.code, done.out) == (2, "")
    assert "--yes" in done.err
    assert netra.asked == []


@pytest.mark.parametrize("answer", ["n", "", "yess", "no"])
def test_a_person_at_a_terminal_is_asked_first(run: Run, netra: FakeNetra, answer: str) -> None:
    """Anything but a yes leaves everything as it is."""
    done = run("users", "erase", "a@b.example", typed=f"{answer}\n")

    assert done.code == 1
    assert "Erase a@b.example (usr_1) for ever? [y/N]" in done.err
    assert "usr_1" in netra.administration.users


def test_nobody_answering_leaves_everything_as_it_is(run: Run, netra: FakeNetra) -> None:
    """The end of the input is not a yes."""
    assert run("users", "erase", "a@b.example", typed="").code == 1
    assert "usr_1" in netra.administration.users


@pytest.mark.parametrize("typed", [None, "y\n", "YES\n"])
def test_an_account_is_erased(run: Run, netra: FakeNetra, typed: str | None) -> None:
    """By --yes or by the answer."""
    options = ("--yes",) if typed is None else ()

    done = run("users", "erase", "usr_1", *options, typed=typed)

    assert (done.code, done.out) == (0, "Erased a@b.example (usr_1).\n")
    assert list(netra.administration.users) == ["usr_2"]


def test_an_account_is_exported(run: Run, netra: FakeNetra) -> None:
    """Everything of one person, as it came."""
    netra.administration.sessions["ses_1"] = _session("ses_1", "usr_1")
    netra.administration.act("login")

    export = AccountExport.model_validate(json.loads(run("users", "export", "a@b.example").out))

    assert export.user.user_id == "usr_1"
    assert [session.session_id for session in export.sessions] == ["ses_1"]
    assert export.audit == tuple(netra.administration.audit)


def test_an_account_may_be_large(run: Run, netra: FakeNetra) -> None:
    """Whoever was here for years has much on record."""
    for _ in range(4000):
        netra.administration.act("login")

    export = run("users", "export", "a@b.example")

    assert len(export.out) > 1 << 20
    assert len(json.loads(export.out)["audit"]) == 4000


def test_a_second_factor_is_taken_away(run: Run, netra: FakeNetra) -> None:
    """Once; where there is none, that is said."""
    users = netra.administration.users
    users["usr_1"] = users["usr_1"].model_copy(update={"has_second_factor": True})

    done = run("users", "remove-second-factor", "a@b.example", "--yes", "--json")

    assert json.loads(done.out)["has_second_factor"] is False
    again = run("users", "remove-second-factor", "a@b.example", "--yes")
    assert (again.code, "does not know a second factor" in again.err) == (1, True)


def test_sessions_are_listed_and_ended(run: Run, netra: FakeNetra) -> None:
    """One by one, or all of a person."""
    sessions = netra.administration.sessions
    for number in range(1, 5):
        sessions[f"ses_{number}"] = _session(f"ses_{number}", "usr_1")
    sessions["ses_9"] = _session("ses_9", "usr_2")

    listed = json.loads(run("sessions", "list", "a@b.example", "--json").out)["items"]
    assert [item["session_id"] for item in listed] == ["ses_1", "ses_2", "ses_3", "ses_4"]
    assert "192.0.2.7" in run("sessions", "list", "usr_1").out
    assert run("sessions", "end", "ses_2").out == "Ended 1 session.\n"
    assert run("sessions", "end", "ses_2").code == 1
    done = run("sessions", "end-all", "a@b.example", "--yes", "--json")
    assert json.loads(done.out) == {"ended": 3}
    assert list(sessions) == ["ses_9"]
    assert run("sessions", "list", "a@b.example").out == "There are no login sessions.\n"


def test_sessions_by_id_need_no_leave_to_look_people_up(run: Run, netra: FakeNetra) -> None:
    """More is asked for only where an address must be looked up."""
    netra.scopes["netra-ops"] = frozenset({"sessions:admin"})

    assert run("sessions", "list", "usr_1").code == 0
    assert run("sessions", "list", "a@b.example").code == 1


def test_nobody_writes_on_the_terminal_through_a_record(run: Run, netra: FakeNetra) -> None:
    """Other people's text is made harmless for people, and exact in JSON."""
    hostile = "evil\x1b[2J\r\nroot\u202e\x9b31m\u2028[bold]"
    netra.administration.add_user("usr_3", f"{hostile}@b.example")
    netra.administration.sessions["ses_1"] = _session("ses_1", "usr_3", hostile)

    outputs = [
        run(*command).out
        for command in (
            ("users", "list"),
            ("users", "show", "usr_3"),
            ("sessions", "list", "usr_3"),
            ("users", "list", "--json"),
            ("users", "erase", "usr_3", "--yes"),
        )
    ]

    for out in outputs:
        assert out.replace("\n", "").isprintable()
    assert "[bold]" in outputs[0]
    assert json.loads(outputs[3])["items"][2]["email"] == f"{hostile}@b.example"
