// The page: its parts are put together here, and the keyboard and the layout are looked after.

import { Chat } from "./chat.js";
import { askingThreads, busyThreads, entries, isLocal, isUnanswered, liveRun } from "./conversation.js";
import { byId, h, setText } from "./dom.js";
import { titleOf } from "./threads.js";
import { askDelete, askTitle } from "./view_dialogs.js";
import { MessagesView } from "./view_messages.js";
import { GateView, StatusView } from "./view_status.js";
import { ThreadsView } from "./view_threads.js";
import { stepsTitle } from "./view_run.js";
import { failureText, firstLine, toolText, whyText } from "./words.js";

const SEARCH_PAUSE = 200;
const SETTINGS_PAUSE = 2000;
const LONGEST_SPOKEN = 2000;
const THREAD_ID = /^#(thr_[0-9a-hjkmnp-tv-z]{26})$/;

const settings = await readSettings();
const chat = new Chat(settings, changed);
const text = byId("text");
const narrow = matchMedia("(max-width: 760px)");

const act = {
  say,
  copy: (whole) => navigator.clipboard.writeText(whole).then(() => true, () => false),
  again: (run) => edit(chat.talk.threads[run.threadId]?.messages.find((m) => chat.talk.runOf[m.id] === run.id)?.text ?? ""),
  edit: (item) => {
    chat.discard(item);
    edit(item.text);
  },
  discard: (item) => chat.discard(item),
  answer: (run, approval, approve) => {
    chat.answer(run, approval, approve);
    draw();
  },
  openThread: (id) => chat.openThread(id),
};
const messages = new MessagesView(byId("log"), act, chat.markdown);
const list = new ThreadsView(
  { list: byId("threads"), note: byId("threads-note"), more: byId("threads-more"), again: byId("threads-again") },
  {
    open: (id) => {
      chat.openThread(id);
      showSidebar(false);
    },
    more: () => chat.readListOn(),
    reload: () => chat.readList(),
  },
);
const status = new StatusView({ retry: () => chat.wake() });
const gate = new GateView({
  logIn: () => chat.leave(text.value),
  register: () => chat.leave(text.value, { register: true }),
  retry: () => chat.wake(),
});

async function readSettings() {
  for (;;) {
    try {
      const answer = await fetch("/chat/settings.json");
      return await answer.json();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, SETTINGS_PAUSE));
    }
  }
}

// One machine has two names, and to a browser they are two sites: it would keep the log-in
// service's cookie from a hidden frame.
const LOOPBACK = ["localhost", "127.0.0.1"];
const there = new URL(settings.issuer).hostname;
if (there !== location.hostname && [there, location.hostname].every((name) => LOOPBACK.includes(name))) {
  location.hostname = there;
}

// What was kept while the log-in pages were shown goes back to the person it is from.
let kept = null;

function giveBack(who) {
  if (kept === null) {
    return;
  }
  const { place, draft, who: whose } = kept;
  kept = null;
  if (whose === null || whose === who) {
    if (!isLocal(place)) {
      chat.openThread(place);
    }
    if (draft) {
      edit(draft);
    }
  }
}

// ---- showing

let isDrawn = true;

function changed() {
  if (isDrawn) {
    isDrawn = false;
    requestAnimationFrame(draw);
  }
}

function draw() {
  isDrawn = true;
  const { connection, who, talk, place } = chat;
  const isIn = who !== null;
  byId("gate").hidden = isIn;
  byId("chat").hidden = !isIn;
  gate.update(gateReason(connection), settings.logout_page);
  document.documentElement.dataset.phase = connection.phase;
  if (!isIn) {
    clear(place);
    return;
  }
  status.update(connection);
  list.update(chat.list, place, busyThreads(talk), askingThreads(talk));
  giveBack(who);
  const isNew = isLocal(place);
  remember(chat.list.items);
  const title = isNew ? "New chat" : (titleOf({ items: known }, place) ?? untitled(place));
  setText(byId("title"), title);
  document.title = `${title} – Netra`;
  byId("thread-actions").hidden = isNew;
  const thread = isNew ? { phase: "ready", error: null } : (talk.threads[place] ?? { phase: "loading" });
  messages.update({
    thread: place,
    items: entries(talk, place),
    phase: thread.phase,
    error: thread.error,
    isUnanswered: connection.phase === "online" && thread.phase === "ready" && isUnanswered(talk, place),
  });
  const run = liveRun(talk, place);
  byId("stop").hidden = run === null;
  byId("stop").disabled = connection.phase !== "online" || run?.state === "stopping";
  drawAgents();
  speak(talk.runs);
}

// Nobody is in: nothing of what somebody else saw stays in the document.
function clear(place) {
  document.title = "Netra";
  messages.update({ thread: place, items: [], phase: "loading", error: null, isUnanswered: false });
  list.update(chat.list, place, new Set(), new Set());
  known = [];
  for (const id of ["title", "spoken", "delete-title", "trouble-text"]) {
    setText(byId(id), "");
  }
  byId("search").value = "";
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
}

// Why nobody is in, or null while that is being found out.
function gateReason({ phase, why }) {
  switch (phase) {
    case "signed_out":
      return why ?? { kind: "fresh" };
    case "waiting":
      return { kind: "stuck", detail: whyText(why) };
    case "refused":
      return { kind: "not_allowed", detail: whyText(why) };
    default:
      return null;
  }
}

function untitled(place) {
  const [first] = chat.talk.threads[place]?.messages ?? [];
  return first ? firstLine(first.text) : "Chat";
}

// Titles of threads that a search hides just now.
let known = [];

function remember(items) {
  const ids = new Set(items.map((thread) => thread.id));
  known = [...items, ...known.filter((thread) => !ids.has(thread.id))].slice(0, 200);
}

function drawAgents() {
  const select = byId("agent");
  const names = [...select.options].map((option) => option.value);
  if (names.join() !== chat.agents.join()) {
    select.replaceChildren(...chat.agents.map((name) => h("option", { value: name }, name)));
  }
  byId("agent-choice").hidden = chat.agents.length < 2;
}

// What a screen reader is told of a run: where it is, and its answer when it is whole.
const spoken = new Map();

function speak(runs) {
  for (const run of Object.values(runs)) {
    if (run.threadId !== chat.place) {
      continue;
    }
    const said = spokenOf(run);
    if (spoken.get(run.id) !== said) {
      spoken.set(run.id, said);
      setText(byId("spoken"), said);
    }
  }
}

function spokenOf(run) {
  if (run.state === "failed") {
    return failureText(run.failure);
  }
  if (run.state === "completed") {
    const answer = chat.talk.threads[run.threadId]?.messages.find((m) => m.id === run.answerId);
    return `Answer: ${(answer?.text ?? "").slice(0, LONGEST_SPOKEN)}`;
  }
  const asked = run.approvals.find((approval) => approval.state === "pending");
  return asked ? `${stepsTitle(run)}: approve “${toolText(asked.name)}”?` : stepsTitle(run);
}

// ---- saying

// What the service takes for a text: it knows a few more blanks than this language does, and no
// halves of characters.
function sayable(said) {
  const whole = new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(said));
  return /[^\s\x1c-\x1f\x85]/.test(whole) ? whole.trim() : "";
}

function say(said) {
  const whole = sayable(said);
  if (whole !== "") {
    chat.say(whole);
    draw();
    messages.toEnd();
  }
}

function edit(draft) {
  text.value = draft;
  text.focus();
  grow();
}

// Where the browser cannot let the box grow with its text by itself.
function grow() {
  if (!CSS.supports("field-sizing", "content")) {
    text.rows = Math.min(8, Math.max(1, text.value.split("\n").length));
  }
  byId("send").disabled = sayable(text.value) === "";
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  say(text.value);
  edit("");
});
text.addEventListener("input", grow);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("composer").requestSubmit();
  }
});
byId("agent").addEventListener("change", (event) => {
  chat.agent = event.target.value;
});
byId("stop").addEventListener("click", () => {
  chat.stop();
  text.focus();
});

// ---- threads

byId("new").addEventListener("click", () => {
  chat.newThread();
  showSidebar(false);
  text.focus();
});
let searchTimer = null;
byId("search").addEventListener("input", (event) => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => chat.search(event.target.value.trim()), SEARCH_PAUSE);
});
byId("rename-open").addEventListener("click", async () => {
  const title = await askTitle(byId("title").textContent);
  if (title !== null) {
    await tried(() => chat.rename(chat.place, title));
  }
});
byId("delete-open").addEventListener("click", async () => {
  if (await askDelete(byId("title").textContent)) {
    await tried(() => chat.remove(chat.place));
    text.focus();
  }
});

async function tried(work) {
  try {
    await work();
  } catch (error) {
    byId("trouble-text").textContent = error.message;
    byId("trouble").showModal();
  }
}
byId("trouble-close").addEventListener("click", () => byId("trouble").close());
byId("log-out").addEventListener("click", () => {
  edit("");
  chat.logOut();
});

// ---- layout and keyboard

function showSidebar(isShown) {
  document.body.classList.toggle("with-sidebar", isShown);
  byId("sidebar-open").setAttribute("aria-expanded", `${isShown}`);
  byId("main").inert = isShown && narrow.matches;
  if (isShown) {
    byId("search").focus();
  }
}
byId("sidebar-open").addEventListener("click", () => showSidebar(true));
byId("sidebar-close").addEventListener("click", () => {
  showSidebar(false);
  byId("sidebar-open").focus();
});
byId("shade").addEventListener("click", () => showSidebar(false));
narrow.addEventListener("change", () => showSidebar(false));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) {
    return;
  }
  if (document.body.classList.contains("with-sidebar")) {
    showSidebar(false);
    byId("sidebar-open").focus();
  } else if (chat.stop()) {
    text.focus();
  }
});

addEventListener("popstate", () => openNamed());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    chat.wake();
  }
});
addEventListener("online", () => chat.wake());
addEventListener("offline", () => chat.networkDown());

function openNamed() {
  const named = THREAD_ID.exec(location.hash);
  if (named) {
    chat.openThread(named[1]);
  } else if (!isLocal(chat.place)) {
    chat.newThread();
  }
}

// ---- beginning

openNamed();
draw();
kept = await chat.start();
changed();
