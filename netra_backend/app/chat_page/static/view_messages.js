// The open conversation, from the first message to what has not been sent yet.

import { h, icon, KeyedList, setText } from "./dom.js";
import { runView } from "./view_run.js";

const NEAR = 80;

// `act` is what runView asks for, and edit(item), discard(item), openThread(id).
export class MessagesView {
  #log;
  #list;
  #empty;
  #trouble;
  #loading;
  #unanswered;
  #thread = null;

  constructor(log, act, markdown) {
    this.#log = log;
    const entries = h("ol", { class: "entries" });
    this.#list = new KeyedList(entries, (item) => {
      if (item.kind === "run") {
        return runView(act, markdown);
      }
      return item.kind === "said" ? saidView() : outboxView(act);
    });
    this.#empty = emptyView(act);
    this.#loading = h("p", { class: "note loading", hidden: true }, "Loading the conversation");
    this.#unanswered = h("p", { class: "note", hidden: true }, "This message has no answer.");
    this.#trouble = troubleView(act);
    log.append(this.#empty, this.#loading, this.#trouble.element, entries, this.#unanswered);
  }

  update({ thread, items, phase, error, isUnanswered }) {
    const isOther = thread !== this.#thread;
    const follows = isOther || this.#isAtEnd();
    this.#thread = thread;
    this.#list.update(items);
    this.#empty.hidden = items.length > 0 || phase !== "ready";
    this.#loading.hidden = phase !== "loading" || items.length > 0;
    this.#trouble.update(phase === "failed" ? { thread, error } : null);
    this.#unanswered.hidden = !isUnanswered;
    if (follows) {
      this.toEnd();
    }
  }

  toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }
}

function saidView() {
  const text = h("p", { class: "bubble" });
  return {
    element: h("li", { class: "entry said" }, h("span", { class: "unseen" }, "You said:"), text),
    update({ message }) {
      setText(text, message.text);
    },
  };
}

function outboxView(act) {
  const text = h("p", { class: "bubble" });
  const state = h("p", { class: "note" });
  let current = null;
  const button = (label, onclick) => h("button", { type: "button", class: "quiet", onclick }, label);
  const actions = h(
    "div",
    { class: "actions" },
    button("Edit", () => act.edit(current)),
    button("Discard", () => act.discard(current)),
  );
  const element = h("li", { class: "entry said unsent" }, text, state, actions);
  return {
    element,
    update({ item }) {
      current = item;
      setText(text, item.text);
      setText(state, outboxText(item));
      element.classList.toggle("failed", item.state === "refused");
      actions.hidden = item.state === "sent";
    },
  };
}

function outboxText({ state, problem }) {
  switch (state) {
    case "sent":
      return "Sending";
    case "held":
      return `${problem.message} It will be sent again.`;
    case "refused":
      return `Not sent. ${problem.message}`;
    default:
      return "Will be sent when the connection is back";
  }
}

function troubleView(act) {
  const text = h("span", {});
  let thread = null;
  const again = h(
    "button",
    { type: "button", class: "quiet", onclick: () => act.openThread(thread) },
    "Try again",
  );
  const element = h("p", { class: "note trouble", role: "alert", hidden: true }, text, again);
  return {
    element,
    update(trouble) {
      element.hidden = trouble === null;
      if (trouble) {
        thread = trouble.thread;
        again.hidden = trouble.error.status === 404;
        const isGone = trouble.error.status === 404;
        setText(text, isGone ? "This conversation does not exist." : trouble.error.message);
      }
    },
  };
}

const SUGGESTIONS = [
  "What can you do?",
  "Who am I and what may I do?",
  "List my threads",
  "How many days until 24 December?",
];

function emptyView(act) {
  const chips = SUGGESTIONS.map((text) =>
    h("li", {}, h("button", { type: "button", class: "chip", onclick: () => act.say(text) }, text)),
  );
  return h(
    "div",
    { class: "empty", hidden: true },
    icon("brand"),
    h("h2", {}, "What would you like to know?"),
    h("ul", { class: "chips", "aria-label": "Suggestions" }, ...chips),
  );
}
