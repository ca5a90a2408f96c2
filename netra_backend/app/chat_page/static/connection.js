// The life of the page's connection, as a pure function: step(state, input) gives the next state
// and what is to be done. It knows no socket, no clock and no page.
//
//                authorized                permitted           opened            ready
//   signed_out ------------> checking ------------> opening ---------> resuming ---------> online
//       ^                    |  ^   |                  |                   |                  |
//       | login_required     |  |   | refused          +------- closed ----+------ closed ----+
//       +--------------------+  |   v                                      |
//                           due |  refused                                 v
//                               +------------------------------------- waiting
//
// Inputs:   authorized, permitted, refused {why}, unreachable {why, after}, login_required {why},
//           opened, ready, closed {code, reason}, due, wake, network_down, log_out
// Commands: check {renew}, open, resume, wait {ms}, close, forget

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

export const CLOSE = Object.freeze({
  TOO_LARGE: 1009,
  RESTARTING: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_FRAME: 4400,
  NOT_AUTHENTICATED: 4401,
  NOT_ALLOWED: 4403,
  TIMED_OUT: 4408,
  TOO_MANY: 4429,
});

// The first pause after a close, where it is not the usual one.
const PAUSE_AFTER = {
  [CLOSE.RESTARTING]: 300,
  [CLOSE.TRY_AGAIN_LATER]: 2_000,
  [CLOSE.TIMED_OUT]: 200,
  [CLOSE.TOO_MANY]: 15_000,
};

const CONNECTED = new Set(["opening", "resuming", "online"]);

export const signedOut = Object.freeze({ phase: "signed_out", why: null, attempt: 0, unopened: 0 });

// How long to wait before attempt number `attempt` (0, 1, 2 ...): doubling, half of it by chance,
// so that many pages do not come back in the same moment.
export function pause(attempt, first, chance) {
  const longest = Math.min(LONGEST_PAUSE, first * 2 ** Math.min(attempt, 10));
  return Math.round(longest * (0.5 + chance / 2));
}

export function step(state, input, chance = Math.random()) {
  switch (input.type) {
    case "log_out":
      return [{ ...signedOut, why: input.why ?? null }, [{ do: "close" }, { do: "forget" }]];
    case "authorized":
      return state.phase === "signed_out" || state.phase === "refused" ? check(state) : [state, []];
    case "permitted":
      return when(state, "checking", () => [{ ...state, phase: "opening" }, [{ do: "open" }]]);
    case "refused":
      return when(state, "checking", () => [{ ...state, phase: "refused", why: input.why }, []]);
    case "login_required":
      return when(state, "checking", () => [
        { ...signedOut, why: input.why },
        [{ do: "forget" }],
      ]);
    case "unreachable":
      return when(state, "checking", () => wait(state, input.why, input.after ?? 0, chance));
    case "opened":
      return when(state, "opening", () => [
        { ...state, phase: "resuming", unopened: 0 },
        [{ do: "resume" }],
      ]);
    case "ready":
      return when(state, "resuming", () => [
        { ...state, phase: "online", why: null, attempt: 0 },
        [],
      ]);
    case "closed":
      return CONNECTED.has(state.phase) ? closed(state, input, chance) : [state, []];
    case "network_down":
      return CONNECTED.has(state.phase) || state.phase === "checking"
        ? and(wait(state, { kind: "no_network" }, 0, chance), { do: "close" })
        : [state, []];
    case "due":
    case "wake":
      return when(state, "waiting", () => check(state));
    default:
      return [state, []];
  }
}

function when(state, phase, then) {
  return state.phase === phase ? then() : [state, []];
}

function and([state, commands], command) {
  return [state, [command, ...commands]];
}

function check(state, renew = false) {
  return [{ ...state, phase: "checking" }, [{ do: "check", renew }]];
}

function wait(state, why, atLeast, chance, first = FIRST_PAUSE) {
  const ms = Math.max(atLeast, pause(state.attempt, first, chance));
  const next = { ...state, phase: "waiting", why, attempt: state.attempt + 1 };
  return [next, [{ do: "wait", ms }]];
}

function closed(state, { code, reason = "" }, chance) {
  const why = { kind: "closed", code, reason };
  switch (code) {
    case CLOSE.NOT_AUTHENTICATED:
      // Whether the session ended or only the token did is known when a new token is asked for.
      // A token that is refused again and again is a matter for patience, not for a loop.
      return state.attempt > 0
        ? wait(state, why, 0, chance)
        : check({ ...state, why, attempt: state.attempt + 1 }, true);
    case CLOSE.NOT_ALLOWED:
    case CLOSE.BAD_FRAME:
    case CLOSE.TOO_LARGE:
      return [{ ...state, phase: "refused", why }, []];
    default: {
      const unopened = state.phase === "opening" ? state.unopened + 1 : 0;
      const told = unopened > 1 ? { kind: "handshake" } : why;
      return wait({ ...state, unopened }, told, 0, chance, PAUSE_AFTER[code]);
    }
  }
}
