"""The state machine of the page's connection, in a browser and without a server."""

from typing import Any

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="module")

_WALK = """async ([inputs, chance]) => {
    const { signedOut, step } = await import("/connection.js");
    let state = signedOut;
    const walked = [];
    for (const input of inputs) {
        const [next, commands] = step(state, input, chance);
        state = next;
        walked.push({ phase: state.phase, why: state.why, commands });
    }
    return walked;
}"""


async def walk(page: Page, *inputs: str | dict[str, Any], chance: float = 1) -> list[Any]:
    """Feed inputs to the machine, beginning signed out; give phase and commands after each."""
    given = [{"type": one} if isinstance(one, str) else one for one in inputs]
    walked: list[Any] = await page.evaluate(_WALK, [given, chance])
    return walked


def closed(code: int) -> dict[str, Any]:
    """Write the input of a socket that closed."""
    return {"type": "closed", "code": code, "reason": ""}


ONLINE = ("authorized", "permitted", "opened", "ready")


async def test_it_asks_before_it_opens_and_resumes_before_it_is_online(modules: Page) -> None:
    """What the person may do is asked first, then the socket opens, then `resume` is sent."""
    walked = await walk(modules, *ONLINE)

    assert [one["phase"] for one in walked] == ["checking", "opening", "resuming", "online"]
    commands = [command["do"] for one in walked for command in one["commands"]]
    assert commands == ["check", "open", "resume"]


@pytest.mark.parametrize(
    ("code", "longest"), [(1006, 500), (1000, 500), (1011, 500), (1012, 300), (1013, 2000),
                          (4408, 200), (4429, 15000)]
)  # fmt: skip
async def test_a_lost_connection_is_tried_again_after_a_pause(
    modules: Page, code: int, longest: int
) -> None:
    """Each close that may pass has its first pause, between half of it and all of it by chance."""
    for chance, pause in ((1, longest), (0, longest / 2)):
        *_, last = await walk(modules, *ONLINE, closed(code), chance=chance)
        assert last["phase"] == "waiting"
        assert last["commands"] == [{"do": "wait", "ms": pause}]
        assert last["why"]["code"] == code


async def test_pauses_double_up_to_half_a_minute_and_begin_anew_once_online(modules: Page) -> None:
    """Attempts that fail come at growing distances; success forgets them."""
    again = ("due", "permitted", closed(1006))
    walked = await walk(modules, *ONLINE, closed(1006), *again * 8)
    pauses = [c["ms"] for one in walked for c in one["commands"] if c["do"] == "wait"]

    assert pauses == [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]

    recovered = await walk(modules, *ONLINE, *(closed(1006), "due", *ONLINE[1:]) * 3, closed(1006))
    assert recovered[-1]["commands"] == [{"do": "wait", "ms": 500}]


async def test_an_expired_or_ended_session_asks_for_a_new_token_once(modules: Page) -> None:
    """4401 renews the token; a new token that is refused too waits instead of going in circles."""
    walked = await walk(modules, *ONLINE, closed(4401), "permitted", closed(4401))

    assert walked[4]["phase"] == "checking"
    assert walked[4]["commands"] == [{"do": "check", "renew": True}]
    assert walked[6]["phase"] == "waiting"


async def test_a_session_that_ended_elsewhere_forgets_everything(modules: Page) -> None:
    """When nobody is logged in any more, the machine is signed out and says why."""
    why = {"kind": "ended"}
    *_, last = await walk(modules, *ONLINE, closed(4401), {"type": "login_required", "why": why})

    assert last == {"phase": "signed_out", "why": why, "commands": [{"do": "forget"}]}


@pytest.mark.parametrize("code", [1009, 4400, 4403])
async def test_what_waiting_cannot_mend_is_not_tried_again(modules: Page, code: int) -> None:
    """After 1009, 4400 and 4403 nothing is done by itself, whatever happens."""
    walked = await walk(modules, *ONLINE, closed(code), "due", "wake", "network_down", "permitted")

    assert {one["phase"] for one in walked[4:]} == {"refused"}
    assert not any(one["commands"] for one in walked[4:])


async def test_a_refused_person_gets_no_socket(modules: Page) -> None:
    """Who may not chat is told, and no socket is opened."""
    why = {"kind": "text", "text": "no"}
    *_, last = await walk(modules, "authorized", {"type": "refused", "why": why}, "permitted")

    assert last == {"phase": "refused", "why": why, "commands": []}


async def test_a_service_that_says_when_is_not_asked_before(modules: Page) -> None:
    """`Retry-After` is the least pause."""
    unreachable = {"type": "unreachable", "why": {"kind": "unavailable"}, "after": 7000}
    *_, last = await walk(modules, "authorized", unreachable)

    assert last["commands"] == [{"do": "wait", "ms": 7000}]


async def test_sockets_that_are_refused_again_and_again_are_named_as_such(modules: Page) -> None:
    """The service answers but no socket opens: the second time the page says so."""
    walked = await walk(
        modules, "authorized", "permitted", closed(1006), "due", "permitted", closed(1006)
    )

    assert walked[2]["why"]["kind"] == "closed"
    assert walked[5]["why"] == {"kind": "handshake"}


async def test_a_device_without_network_lets_go_and_waits(modules: Page) -> None:
    """Offline closes at once; being back, or the window being looked at again, tries at once."""
    for phase in (ONLINE[:1], ONLINE[:2], ONLINE[:3], ONLINE):
        walked = await walk(modules, *phase, "network_down", "wake")
        assert walked[-2]["phase"] == "waiting"
        assert [c["do"] for c in walked[-2]["commands"]] == ["close", "wait"]
        assert walked[-1]["commands"] == [{"do": "check", "renew": False}]


async def test_logging_out_closes_and_forgets_from_every_phase(modules: Page) -> None:
    """Whatever goes on, logging out ends it; what comes late changes nothing."""
    for phase in range(len(ONLINE) + 1):
        walked = await walk(
            modules, *ONLINE[:phase], "log_out", closed(4401), "permitted", "opened", "ready", "due"
        )
        assert [c["do"] for c in walked[phase]["commands"]] == ["close", "forget"]
        assert {one["phase"] for one in walked[phase:]} == {"signed_out"}
        assert not any(one["commands"] for one in walked[phase + 1 :])


async def test_no_sequence_of_inputs_leads_out_of_the_drawing(modules: Page) -> None:
    """Thousands of random inputs: phases stay known, and a socket opens only after a permission."""
    faults = await modules.evaluate(
        """async () => {
            const { signedOut, step } = await import("/connection.js");
            const phases = new Set(["signed_out", "checking", "opening", "resuming", "online",
                "waiting", "refused"]);
            const types = ["authorized", "permitted", "refused", "unreachable", "login_required",
                "opened", "ready", "closed", "due", "wake", "network_down", "log_out", "unknown"];
            const codes = [1000, 1006, 1011, 1012, 1013, 4400, 4401, 4403, 4408, 4429];
            let seed = 20261121;
            const random = (n) => {
                seed = (seed * 1103515245 + 12345) % 2147483648;
                return Math.floor((seed / 2147483648) * n);
            };
            let state = signedOut;
            const faults = [];
            for (let i = 0; i < 20000; i += 1) {
                const type = types[random(types.length)];
                const input = { type, code: codes[random(codes.length)], why: { kind: "x" } };
                const [next, commands] = step(state, input, random(100) / 100);
                const does = commands.map((command) => command.do);
                if (!phases.has(next.phase)) faults.push(["phase", next.phase]);
                if (does.includes("open") && type !== "permitted") faults.push(["open", input]);
                if (does.includes("resume") && type !== "opened") faults.push(["resume", input]);
                if (next.phase === "waiting" && state.phase !== "waiting" && !does.includes("wait"))
                    faults.push(["stuck", input]);
                if (commands.some((one) => one.do === "wait" && !(one.ms > 0 && one.ms <= 30000)))
                    faults.push(["pause", commands]);
                state = next;
            }
            return faults;
        }"""
    )

    assert faults == []
