// The two questions the page asks: what a thread is to be called, and whether it is to be deleted.

import { byId, setText } from "./dom.js";

// Give the new title, or null.
export async function askTitle(title) {
  const dialog = byId("rename");
  const input = byId("rename-title");
  input.value = title;
  const answer = closed(dialog);
  dialog.showModal();
  input.select();
  return (await answer) === "yes" ? input.value.trim() || null : null;
}

// Give whether the thread is to be deleted.
export async function askDelete(title) {
  const dialog = byId("delete");
  setText(byId("delete-title"), title);
  const answer = closed(dialog);
  dialog.showModal();
  return (await answer) === "yes";
}

// Forms with method=dialog would do this alone, but the page's policy lets no form be sent.
function closed(dialog) {
  dialog.returnValue = "";
  return new Promise((resolve) => {
    const leaving = new AbortController();
    const { signal } = leaving;
    dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.close("yes");
    }, { signal });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-cancel]")) {
        dialog.close("no");
      }
    }, { signal });
    dialog.addEventListener("close", () => {
      leaving.abort();
      resolve(dialog.returnValue);
    }, { signal });
  });
}
