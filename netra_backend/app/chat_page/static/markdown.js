// Texts become HTML at the backend, which alone knows Markdown and cleans what it makes. This is
// the one door through which a string becomes HTML here: Trusted Types admit no other.

import { patiently } from "./api.js";

const MAX_TEXT = 60_000;
const MAX_TEXTS = 40;
const KEPT = 400;
const TRIES = 4;

const policy = globalThis.trustedTypes
  ? trustedTypes.createPolicy("netra-markdown", { createHTML: (html) => html })
  : { createHTML: (html) => html };

export class Markdown {
  #api;
  #made = new Map();
  #wanted = new Map();
  #isAsking = false;

  constructor(api) {
    this.#api = api;
  }

  // The HTML of a text, if it was made before.
  known(text) {
    return this.#made.get(text) ?? null;
  }

  // Have it made; gives null if it cannot be. What is wanted at about the same time is asked for
  // together.
  make(text) {
    if (this.#made.has(text)) {
      return Promise.resolve(this.#made.get(text));
    }
    if (text.length > MAX_TEXT) {
      return Promise.resolve(null);
    }
    const { promise } = this.#wanted.get(text) ?? this.#want(text);
    return promise;
  }

  forget() {
    this.#made.clear();
  }

  #want(text) {
    const want = {};
    want.promise = new Promise((resolve) => {
      want.resolve = resolve;
    });
    this.#wanted.set(text, want);
    queueMicrotask(() => this.#ask());
    return want;
  }

  async #ask() {
    if (this.#isAsking) {
      return;
    }
    this.#isAsking = true;
    while (this.#wanted.size > 0) {
      const texts = this.#nextTexts();
      const html = await patiently(() => this.#api.post("/api/markdown", { texts }), TRIES)
        .then((answer) => answer.html.map((one) => policy.createHTML(one)))
        .catch(() => texts.map(() => null));
      texts.forEach((text, index) => {
        this.#keep(text, html[index]);
        this.#wanted.get(text).resolve(html[index]);
        this.#wanted.delete(text);
      });
    }
    this.#isAsking = false;
  }

  #nextTexts() {
    const texts = [];
    let length = 0;
    for (const text of this.#wanted.keys()) {
      length += text.length;
      if (texts.length === MAX_TEXTS || (texts.length > 0 && length > MAX_TEXT)) {
        break;
      }
      texts.push(text);
    }
    return texts;
  }

  #keep(text, html) {
    if (html === null) {
      return;
    }
    this.#made.set(text, html);
    if (this.#made.size > KEPT) {
      this.#made.delete(this.#made.keys().next().value);
    }
  }
}
