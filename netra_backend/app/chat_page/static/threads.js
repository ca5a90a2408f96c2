// The list of threads as it is shown: what was read, what is searched for, what goes on. Pure.

export const emptyList = Object.freeze({
  phase: "loading", // loading | ready | failed
  items: [],
  cursor: null,
  search: "",
  error: null,
});

export function searching(list, search) {
  return { ...list, search, phase: "loading", error: null };
}

export function read(list, { items, next_cursor: cursor }, search) {
  // The answer to a search that was typed over is too late.
  return search === list.search ? { ...list, phase: "ready", items, cursor, error: null } : list;
}

export function readOn(list, { items, next_cursor: cursor }, search) {
  if (search !== list.search) {
    return list;
  }
  const known = new Set(list.items.map((thread) => thread.id));
  const more = items.filter((thread) => !known.has(thread.id));
  return { ...list, items: [...list.items, ...more], cursor };
}

export function failed(list, error, search) {
  return search === list.search ? { ...list, phase: "failed", error } : list;
}

export function renamed(list, thread) {
  const items = list.items.map((other) => (other.id === thread.id ? thread : other));
  return { ...list, items };
}

export function removed(list, id) {
  return { ...list, items: list.items.filter((thread) => thread.id !== id) };
}

export function titleOf(list, id) {
  return list.items.find((thread) => thread.id === id)?.title ?? null;
}
