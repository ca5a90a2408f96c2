// The list of threads, the search above it and what stands in its place when there is none.

import { h, KeyedList, setText } from "./dom.js";

// `act` has open(id), more() and reload().
export class ThreadsView {
  #list;
  #note;
  #more;
  #again;

  constructor({ list, note, more, again }, act) {
    this.#list = new KeyedList(list, () => threadView(act));
    this.#note = note;
    this.#more = more;
    this.#again = again;
    more.addEventListener("click", () => act.more());
    again.addEventListener("click", () => act.reload());
  }

  update(list, open, busy, asking) {
    this.#list.update(
      list.items.map((thread) => ({
        key: thread.id,
        thread,
        isOpen: thread.id === open,
        isBusy: busy.has(thread.id),
        isAsking: asking.has(thread.id),
      })),
    );
    const note = noteOf(list);
    this.#note.hidden = note === "";
    setText(this.#note, note);
    this.#more.hidden = list.cursor === null;
    this.#again.hidden = list.phase !== "failed";
  }
}

function threadView(act) {
  const title = h("span", { class: "thread-title" });
  const doing = h("span", { class: "unseen" });
  const working = h("span", { class: "working", hidden: true }, doing);
  let id = null;
  const button = h(
    "button",
    { type: "button", class: "thread", onclick: () => act.open(id) },
    title,
    working,
  );
  return {
    element: h("li", {}, button),
    update({ thread, isOpen, isBusy, isAsking }) {
      id = thread.id;
      setText(title, thread.title);
      button.title = thread.title;
      working.hidden = !isBusy;
      working.classList.toggle("asking", isAsking);
      setText(doing, isAsking ? "asks you something" : "working");
      if (isOpen) {
        button.setAttribute("aria-current", "page");
      } else {
        button.removeAttribute("aria-current");
      }
    },
  };
}

function noteOf({ phase, items, search, error }) {
  if (phase === "failed") {
    return error;
  }
  if (items.length > 0) {
    return "";
  }
  if (phase === "loading") {
    return "Loading";
  }
  return search ? "Nothing found" : "Your conversations will be listed here";
}
