// The few things every view does with the document. Text is always set as text.

const SVG = "http://www.w3.org/2000/svg";

// Make an element: h("button", {class: "quiet", onclick}, "Copy").
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// One of the drawings in page.html; it says nothing to a screen reader.
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function byId(id) {
  return document.getElementById(id);
}

export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

// Make the children of a container match a list: each key has one view for as long as it is listed,
// and is told of its item only when that changed. A view is {element, update(item)}.
export class KeyedList {
  #container;
  #make;
  #views = new Map();

  constructor(container, make) {
    this.#container = container;
    this.#make = make;
  }

  update(items) {
    const listed = new Set(items.map((item) => item.key));
    for (const [key, view] of this.#views) {
      if (!listed.has(key)) {
        view.element.remove();
      }
    }
    const kept = new Map();
    let place = this.#container.firstElementChild;
    for (const item of items) {
      const view = this.#views.get(item.key) ?? this.#make(item);
      if (!isSame(view.item, item)) {
        view.update(item);
        view.item = item;
      }
      kept.set(item.key, view);
      if (view.element === place) {
        place = place.nextElementSibling;
      } else {
        this.#container.insertBefore(view.element, place);
      }
    }
    this.#views = kept;
  }
}

function isSame(before, after) {
  return (
    before !== undefined && Object.entries(after).every(([name, value]) => before[name] === value)
  );
}
