// What is known of threads, messages and runs, and how each frame changes it. Pure: every function
// gives a new state and shares what did not change, so that a view can tell by identity.

export const empty = Object.freeze({
  seq: null, // the last event seen
  threads: {}, // id -> {phase: loading | ready | failed, messages, error}
  runs: {}, // id -> run
  runOf: {}, // id of a person's message -> id of its run
  outbox: [], // what was said and not yet accepted
  places: {}, // the local name of a new thread -> its id, once it has one
  stale: [], // threads to be read again
  listStale: false, // whether the list of threads is to be read again
});

// ---- what the person does

export function asked(state, { clientId, text, thread, agent = null }) {
  const item = { clientId, text, thread, agent, state: "waiting", problem: null };
  return { ...state, outbox: [...state.outbox, item] };
}

// The frames that can be sent now. Of a thread that has no id yet only the first message goes out:
// a second one would begin another thread.
export function sendable(state) {
  const begun = new Set();
  const frames = [];
  for (const item of state.outbox) {
    const isNew = isLocal(item.thread);
    if (item.state === "waiting" && !(isNew && begun.has(item.thread))) {
      frames.push({
        type: "message",
        client_id: item.clientId,
        text: item.text,
        thread_id: isNew ? null : item.thread,
        agent: item.agent,
      });
    }
    begun.add(item.thread);
  }
  return frames;
}

export function sent(state, clientId) {
  return changedItem(state, clientId, { state: "sent" });
}

// The connection is gone: whatever was not accepted is sent again, under the same name.
export function disconnected(state) {
  const outbox = state.outbox.map((item) =>
    item.state === "sent" ? { ...item, state: "waiting" } : item,
  );
  return { ...state, outbox };
}

export function retried(state, clientId) {
  return changedItem(state, clientId, { state: "waiting", problem: null });
}

export function withdrawn(state, clientId) {
  return { ...state, outbox: state.outbox.filter((item) => item.clientId !== clientId) };
}

export function stopping(state, runId) {
  return changedRun(state, runId, (run) => (isLive(run) ? { ...run, state: "stopping" } : run));
}

// The runs that are being stopped: what was asked over a connection that is gone is asked again.
export function beingStopped(state) {
  return Object.values(state.runs).filter((run) => run.state === "stopping");
}

// The person answers what a run asks; until the backend has taken it, it can be said again.
export function answering(state, runId, id, wish) {
  return changedApproval(state, runId, id, (approval) =>
    approval.state === "pending"
      ? { ...approval, state: "answering", wish, problem: null }
      : approval,
  );
}

// The answers nobody has taken yet: over a new connection they are said again.
export function beingAnswered(state) {
  return Object.values(state.runs).flatMap((run) =>
    run.approvals
      .filter((approval) => approval.state === "answering" && approval.problem === null)
      .map((approval) => answerOf(run, approval)),
  );
}

function answerOf(run, { id, wish }) {
  return { type: "approval", run_id: run.id, approval_id: id, approve: wish };
}

// ---- what is read over HTTP

export function threadLoading(state, id) {
  const known = state.threads[id];
  const thread = known?.phase === "ready" ? known : { phase: "loading", messages: [], error: null };
  return withThread({ ...state, stale: state.stale.filter((other) => other !== id) }, id, thread);
}

export function threadRead(state, id, messages) {
  // What was accepted while the answer was under way is not in it.
  const read = new Set(messages.map((message) => message.id));
  const later = (state.threads[id]?.messages ?? []).filter((message) => !read.has(message.id));
  const merged = [...messages, ...later.filter((message) => message.fresh)];
  return withThread(state, id, { phase: "ready", messages: merged, error: null });
}

export function threadFailed(state, id, error) {
  const messages = state.threads[id]?.messages ?? [];
  return withThread(state, id, { phase: "failed", messages, error });
}

export function threadDropped(state, id) {
  const threads = { ...state.threads };
  delete threads[id];
  const outbox = state.outbox.filter((item) => item.thread !== id);
  const runs = Object.fromEntries(
    Object.entries(state.runs).filter(([, run]) => run.threadId !== id),
  );
  return { ...state, threads, outbox, runs };
}

export function listRead(state) {
  return state.listStale ? { ...state, listStale: false } : state;
}

// ---- what the backend says

export function received(state, frame) {
  switch (frame.type) {
    case "ready":
      return ready(state, frame);
    case "accepted":
      return accepted(state, frame);
    case "approval_accepted":
      return answered(state, frame);
    case "error":
      return refused(state, frame);
    default:
      return "seq" in frame ? event(state, frame) : state;
  }
}

function ready(state, frame) {
  if (frame.reset) {
    const { outbox, places } = state;
    return { ...empty, outbox, places, seq: frame.seq, listStale: true };
  }
  return { ...state, seq: Math.max(state.seq ?? 0, frame.seq) };
}

function accepted(state, { client_id: clientId, message_id, run_id, thread_id }) {
  const item = state.outbox.find((other) => other.clientId === clientId);
  let next = withRun(state, run_id, thread_id, message_id);
  if (!item) {
    return next;
  }
  const outbox = next.outbox
    .filter((other) => other !== item)
    .map((other) => (other.thread === item.thread ? { ...other, thread: thread_id } : other));
  next = { ...next, outbox };
  if (isLocal(item.thread)) {
    next = { ...next, places: { ...next.places, [item.thread]: thread_id }, listStale: true };
    if (!next.threads[thread_id]) {
      next = withThread(next, thread_id, { phase: "ready", messages: [], error: null });
    }
  }
  return withMessage(next, thread_id, { id: message_id, author: "user", text: item.text });
}

// That it was taken is known before the event says so.
function answered(state, { run_id: runId, approval_id: id, approve }) {
  return changedApproval(state, runId, id, (approval) =>
    isOpen(approval) ? { ...approval, state: approve ? "approved" : "refused" } : approval,
  );
}

function notAnswered(state, { run_id: runId, approval_id: id, code, message }) {
  // Answered elsewhere: the event that says how is here, or about to be.
  const next = { not_found: "ended", conflict: "answering" }[code] ?? "pending";
  return changedApproval(state, runId, id, (approval) =>
    approval.state === "answering" ? { ...approval, state: next, problem: message } : approval,
  );
}

function refused(state, frame) {
  if (frame.client_id) {
    return refusedItem(state, frame);
  }
  if (frame.approval_id) {
    return notAnswered(state, frame);
  }
  // A run that could not be stopped goes on, and can be stopped again; one that is gone is over.
  const next = frame.code === "not_found" ? erased : { state: "running" };
  return changedRun(state, frame.run_id, (run) =>
    run.state === "stopping" ? { ...run, ...next } : run,
  );
}

function refusedItem(state, { client_id: clientId, code, message, retry_after: after }) {
  const problem = { code, message, after: after ?? null };
  const next = changedItem(state, clientId, { state: after ? "held" : "refused", problem });
  // Where it was to be said may have been deleted in another window.
  return code === "not_found" ? { ...next, listStale: true } : next;
}

function event(state, frame) {
  if (state.seq !== null && frame.seq <= state.seq) {
    return state;
  }
  const next = { ...state, seq: frame.seq };
  const { type, run_id: runId, thread_id: threadId, payload } = frame;
  if (payload.erased) {
    // Its words are gone; that the run is over still counts.
    return isEnd(type)
      ? changedRun({ ...next, listStale: true }, runId, (run) => (isOver(run) ? run : { ...run, ...erased }))
      : next;
  }
  if (type === "agent_started") {
    return started(next, frame);
  }
  let after = changedRun(withRun(next, runId, threadId, null), runId, (run) =>
    isOver(run) ? run : applied({ ...run, agent: frame.agent_name }, type, payload),
  );
  if (type === "tool_completed" && after.runs[runId].approvals.length > 0) {
    after = othersForgotten(after, threadId);
  }
  if (type === "agent_completed") {
    after =
      payload.text === null
        ? staleThread(after, threadId)
        : withMessage(after, threadId, {
            id: payload.message_id,
            author: "agent",
            text: payload.text,
          });
  }
  return after;
}

const erased = { state: "failed", failure: { reason: "cancelled", message: "" } };

function isEnd(type) {
  return type === "agent_completed" || type === "agent_failed";
}

function started(state, { run_id: runId, thread_id: threadId, agent_name: agent, payload }) {
  let next = accepted(state, {
    client_id: payload.client_id,
    message_id: payload.message_id,
    run_id: runId,
    thread_id: threadId,
  });
  next = changedRun(next, runId, (run) =>
    run.state === "waiting" ? { ...run, agent, state: "running" } : run,
  );
  const thread = next.threads[threadId];
  if (!thread) {
    return { ...next, listStale: true };
  }
  const isKnown = thread.messages.some((message) => message.id === payload.message_id);
  return isKnown ? next : staleThread(next, threadId);
}

function applied(run, type, payload) {
  const running = run.state === "waiting" ? { ...run, state: "running" } : run;
  switch (type) {
    case "agent_thinking":
      return withStep(running, { kind: "thinking", text: payload.text });
    case "tool_executing":
      return withStep(running, {
        kind: "tool",
        callId: payload.call_id,
        name: payload.tool_name,
        arguments: payload.arguments,
        state: "running",
      });
    case "tool_completed":
      return toolCompleted(running, payload);
    case "approval_needed":
      return withApproval(running, payload);
    case "approval_given":
      return settled(running, payload.approval_id, "approved");
    case "approval_refused":
      return settled(running, payload.approval_id, payload.reason);
    case "text_delta":
      return { ...running, pieces: withPiece(run.pieces, payload) };
    case "agent_completed":
      return { ...run, state: "completed", answerId: payload.message_id, ms: payload.ms };
    case "agent_failed":
      return { ...run, state: "failed", failure: payload };
    default:
      return run;
  }
}

function withApproval(run, payload) {
  if (run.approvals.some((approval) => approval.id === payload.approval_id)) {
    return run;
  }
  const approval = {
    id: payload.approval_id,
    name: payload.tool_name ?? "",
    description: payload.description ?? "",
    arguments: payload.arguments ?? {},
    expiresAt: payload.expires_at,
    state: "pending",
    wish: null,
    problem: null,
  };
  return { ...run, approvals: [...run.approvals, approval] };
}

function settled(run, id, state) {
  const approvals = run.approvals.map((approval) =>
    approval.id === id ? { ...approval, state, problem: null } : approval,
  );
  return { ...run, approvals };
}

function toolCompleted(run, payload) {
  const done = {
    state: payload.ok ? "done" : "failed",
    result: payload.result,
    error: payload.error,
    ms: payload.ms,
  };
  const steps = run.steps.map((other) =>
    other.callId === payload.call_id && other.kind === "tool" ? { ...other, ...done } : other,
  );
  return { ...run, steps };
}

// A higher attempt at a step makes void what earlier attempts at it said; a lower one is too late.
function withPiece(pieces, { step, attempt, index, text }) {
  const known = pieces.find((piece) => piece.step === step);
  if (!known) {
    return [...pieces, { step, attempt, next: index + 1, text }];
  }
  if (attempt < known.attempt || (attempt === known.attempt && index < known.next)) {
    return pieces;
  }
  const before = attempt > known.attempt ? "" : known.text;
  const piece = { step, attempt, next: index + 1, text: before + text };
  return pieces.map((other) => (other === known ? piece : other));
}

// ---- what a view asks

// What stands in a thread, from top to bottom: what the person said, each followed by its run and
// answer, then what is still in the outbox. `key` names a place that keeps its identity.
export function entries(state, threadId) {
  const messages = state.threads[threadId]?.messages ?? [];
  const shown = [];
  const answered = new Set();
  for (const message of messages) {
    const run = state.runs[state.runOf[message.id]];
    if (message.author === "user") {
      shown.push({ key: message.id, kind: "said", message });
      if (run) {
        const answer = messages.find((other) => other.id === run.answerId) ?? null;
        answered.add(run.answerId);
        shown.push({ key: run.id, kind: "run", run, answer });
      }
    } else if (!answered.has(message.id)) {
      shown.push({ key: message.id, kind: "run", run: null, answer: message });
    }
  }
  for (const item of state.outbox) {
    if (item.thread === threadId) {
      shown.push({ key: item.clientId, kind: "outbox", item });
    }
  }
  return shown;
}

export function isUnanswered(state, threadId) {
  const last = state.threads[threadId]?.messages.at(-1);
  return last?.author === "user" && state.runOf[last.id] === undefined;
}

export function textOf(run) {
  return run.pieces.map((piece) => piece.text).join("\n\n");
}

// Whether a question can still be answered, as far as is known here.
export function isOpen(approval) {
  return approval.state === "pending" || approval.state === "answering";
}

export function isAsking(run) {
  return !isOver(run) && run.approvals.some((approval) => approval.state === "pending");
}

export function askingThreads(state) {
  return new Set(
    Object.values(state.runs)
      .filter(isAsking)
      .map((run) => run.threadId),
  );
}

export function isLive(run) {
  return run.state === "waiting" || run.state === "running";
}

export function isOver(run) {
  return run.state === "completed" || run.state === "failed";
}

// The run of a thread that could be stopped.
export function liveRun(state, threadId) {
  return Object.values(state.runs).find((run) => run.threadId === threadId && !isOver(run)) ?? null;
}

export function busyThreads(state) {
  return new Set(
    Object.values(state.runs)
      .filter((run) => !isOver(run))
      .map((run) => run.threadId),
  );
}

export function isLocal(thread) {
  return thread.startsWith("new:");
}

// ---- small changes

function withThread(state, id, thread) {
  return { ...state, threads: { ...state.threads, [id]: thread } };
}

function withMessage(state, threadId, message) {
  const thread = state.threads[threadId];
  if (!thread || thread.messages.some((other) => other.id === message.id)) {
    return state;
  }
  const messages = [...thread.messages, { ...message, fresh: true }];
  return withThread(state, threadId, { ...thread, messages });
}

function withRun(state, id, threadId, messageId) {
  const runs = state.runs[id]
    ? state.runs
    : {
        ...state.runs,
        [id]: {
          id,
          threadId,
          agent: "",
          state: "waiting",
          steps: [],
          approvals: [],
          pieces: [],
          answerId: null,
          failure: null,
          ms: null,
        },
      };
  const runOf = messageId ? { ...state.runOf, [messageId]: id } : state.runOf;
  return { ...state, runs, runOf };
}

function changedRun(state, id, change) {
  const run = state.runs[id];
  const changed = run && change(run);
  return changed === run ? state : { ...state, runs: { ...state.runs, [id]: changed } };
}

function changedApproval(state, runId, id, change) {
  return changedRun(state, runId, (run) => ({
    ...run,
    approvals: run.approvals.map((approval) => (approval.id === id ? change(approval) : approval)),
  }));
}

// What was approved may have changed any thread: the others are read again when they are opened.
function othersForgotten(state, id) {
  const threads = state.threads[id] ? { [id]: state.threads[id] } : {};
  return { ...state, threads, listStale: true };
}

function withStep(run, step) {
  return { ...run, steps: [...run.steps, { key: `${run.steps.length}`, ...step }] };
}

function changedItem(state, clientId, change) {
  const outbox = state.outbox.map((item) =>
    item.clientId === clientId ? { ...item, ...change } : item,
  );
  return { ...state, outbox };
}

function staleThread(state, id) {
  return state.stale.includes(id) ? state : { ...state, stale: [...state.stale, id] };
}
