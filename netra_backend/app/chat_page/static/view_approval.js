// A question of a run to its person: what would be done, with what, and the two answers to it.

import { isOpen, isOver } from "./conversation.js";
import { h, icon, KeyedList, setText } from "./dom.js";
import { approvalText, momentText, toolText, visible } from "./words.js";

const ID = /(^|_)id$/;

// `act` has answer(run, approval, approve).
export function approvalsView(act) {
  const list = h("ol", { class: "approvals" });
  const views = new KeyedList(list, () => approvalView(act));
  return {
    element: list,
    update(run) {
      const approvals = run?.approvals ?? [];
      list.hidden = approvals.length === 0;
      views.update(
        approvals.map((approval) => ({
          key: approval.id,
          approval,
          run,
          state: isOver(run) && isOpen(approval) ? "ended" : approval.state,
        })),
      );
    },
  };
}

function approvalView(act) {
  const title = h("h3", { class: "approval-title" });
  const what = h("p", { class: "note" });
  const given = h("dl", { class: "arguments" });
  const inside = h("details", {}, h("summary", {}, h("span", { class: "mark" }), "With exactly this"), given);
  const until = h("p", { class: "note" });
  const answer = (approve) => () => {
    act.answer(current.run, current.approval, approve);
    // The buttons go: whoever used the keyboard goes on from what stands in their place.
    state.focus();
  };
  const refuse = h("button", { type: "button", class: "secondary", onclick: answer(false) }, "Refuse");
  const approve = h("button", { type: "button", class: "primary", onclick: answer(true) }, "Approve");
  const actions = h("div", { class: "approval-actions" }, refuse, approve);
  const state = h("p", { class: "approval-state", role: "status", tabindex: "-1" });
  const element = h(
    "li",
    { class: "approval", role: "group" },
    title,
    what,
    inside,
    until,
    actions,
    state,
  );
  let current = null;
  let was = null;
  return {
    element,
    update({ run, approval, state: now }) {
      if (current === null) {
        title.id = `approval-${approval.id}`;
        element.setAttribute("aria-labelledby", title.id);
        title.append(icon("tool"), h("span", {}, `Approve “${toolText(approval.name)}”?`));
        setText(what, visible(approval.description));
        setText(until, `Without an answer it counts as refused ${momentText(approval.expiresAt)}.`);
        given.append(...argumentsOf(approval.arguments));
      }
      current = { run, approval };
      const isAsked = now === "pending";
      if (was !== now) {
        was = now;
        element.dataset.state = now;
        inside.open = isAsked;
      }
      what.hidden = until.hidden = actions.hidden = !isAsked;
      refuse.disabled = approve.disabled = run.state === "stopping";
      setText(state, approvalText({ ...approval, state: now }));
    },
  };
}

// What a person knows a thing by comes before what only the service knows it by.
function argumentsOf(given) {
  const entries = Object.entries(given ?? {});
  entries.sort(([one], [other]) => ID.test(one) - ID.test(other));
  if (entries.length === 0) {
    return [h("dt", {}, "nothing else")];
  }
  return entries.flatMap(([name, value]) => [
    h("dt", {}, visible(toolText(name))),
    h("dd", { tabindex: "0", dir: "auto" }, visible(written(value))),
  ]);
}

function written(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
