// One element that shows a text that may still grow: plain at first, as HTML as soon as that is made.

const SHORTEST_PAUSE = 250;
const REST_FACTOR = 4;

export class RichText {
  #element;
  #markdown;
  #text = "";
  #shown = null; // the text whose HTML is on display
  #isMaking = false;

  constructor(element, markdown) {
    this.#element = element;
    this.#markdown = markdown;
  }

  show(text) {
    this.#text = text;
    if (text === this.#shown) {
      return;
    }
    const html = this.#markdown.known(text);
    if (html !== null) {
      this.#asHtml(text, html);
      return;
    }
    if (this.#shown === null || !text.startsWith(this.#shown)) {
      this.#asText(text);
    }
    this.#make();
  }

  // While a text grows it is made anew a few times a second, and no more than a fifth of the time.
  async #make() {
    if (this.#isMaking || this.#text === "") {
      return;
    }
    this.#isMaking = true;
    const text = this.#text;
    const began = performance.now();
    const html = await this.#markdown.make(text);
    if (this.#text.startsWith(text) && html !== null) {
      this.#asHtml(text, html);
    } else if (this.#text === text) {
      this.#asText(text);
    }
    const took = performance.now() - began;
    setTimeout(() => {
      this.#isMaking = false;
      if (this.#text !== text) {
        this.#make();
      }
    }, Math.max(SHORTEST_PAUSE, REST_FACTOR * took));
  }

  #asText(text) {
    this.#shown = null;
    this.#element.classList.add("plain");
    this.#element.textContent = text;
  }

  #asHtml(text, html) {
    this.#shown = text;
    this.#element.classList.remove("plain");
    this.#element.innerHTML = html;
  }
}
