// One run as it is seen: its steps, each tool's input and result folded away, and its answer.

import { isAsking, isLive, isOver, textOf } from "./conversation.js";
import { h, icon, KeyedList, setText } from "./dom.js";
import { RichText } from "./rich_text.js";
import { approvalsView } from "./view_approval.js";
import { failureText, millisecondsText, toolText } from "./words.js";

const COPIED_MS = 1500;

// `act` has copy(text), again(run) and answer(run, approval, approve).
export function runView(act, markdown) {
  const steps = stepsView();
  const approvals = approvalsView(act);
  const answerElement = h("div", { class: "answer" });
  const answer = new RichText(answerElement, markdown);
  const failure = h("p", { class: "failure", hidden: true });
  const copy = copyButton(() => act.copy(whole));
  const again = h(
    "button",
    { type: "button", class: "quiet", onclick: () => act.again(current) },
    icon("retry"),
    "Ask again",
  );
  const actions = h("div", { class: "actions" }, copy, again);
  const name = h("h2", { class: "agent-name" });
  let whole = "";
  let current = null;
  return {
    element: h(
      "li",
      { class: "entry run" },
      name,
      steps.element,
      approvals.element,
      answerElement,
      failure,
      actions,
    ),
    update({ run, answer: message }) {
      current = run;
      whole = message?.text ?? (run ? textOf(run) : "");
      // Of an answer that was given before, nobody remembers by whom.
      setText(name, run?.agent || "Answer");
      name.classList.toggle("unseen", run === null);
      steps.update(run);
      approvals.update(run);
      answerElement.hidden = whole === "";
      answer.show(whole);
      const failed = run?.state === "failed";
      failure.hidden = !failed;
      setText(failure, failed ? failureText(run.failure) : "");
      failure.classList.toggle("mild", failed && run.failure.reason === "cancelled");
      copy.hidden = whole === "" || (run !== null && !isOver(run));
      again.hidden = !failed;
      actions.hidden = copy.hidden && again.hidden;
    },
  };
}

function copyButton(copy) {
  const label = h("span", {}, "Copy");
  const button = h(
    "button",
    {
      type: "button",
      class: "quiet",
      async onclick() {
        setText(label, (await copy()) ? "Copied" : "Not copied");
        setTimeout(() => setText(label, "Copy"), COPIED_MS);
      },
    },
    icon("copy"),
    label,
  );
  return button;
}

function stepsView() {
  const mark = h("span", { class: "mark" });
  const title = h("span", { class: "steps-title" });
  const list = h("ol", { class: "step-list" });
  const views = new KeyedList(list, (item) => (item.kind === "tool" ? toolView() : thoughtView()));
  let isTouched = false;
  const summary = h(
    "summary",
    {
      onclick() {
        isTouched = true;
      },
    },
    mark,
    title,
  );
  const element = h("details", { class: "steps" }, summary, list);
  return {
    element,
    update(run) {
      element.hidden = run === null || (isOver(run) && run.steps.length === 0);
      if (run === null) {
        return;
      }
      views.update(run.steps);
      setText(title, stepsTitle(run));
      element.classList.toggle("live", !isOver(run));
      element.classList.toggle("asking", isAsking(run));
      element.classList.toggle("bare", run.steps.length === 0);
      if (!isTouched) {
        element.open = !isOver(run) && run.steps.length > 0;
      }
    },
  };
}

export function stepsTitle(run) {
  if (run.state === "waiting") {
    return "Waiting for its turn";
  }
  if (run.state === "stopping") {
    return "Stopping";
  }
  if (isAsking(run)) {
    return "Waiting for your answer";
  }
  if (isLive(run)) {
    const last = run.steps.at(-1);
    if (last?.kind === "tool" && last.state === "running") {
      return `Using ${toolText(last.name)}`;
    }
    return run.pieces.length > 0 ? "Answering" : "Thinking";
  }
  const count = run.steps.length;
  const time = millisecondsText(run.ms);
  return [`${count} ${count === 1 ? "step" : "steps"}`, time].filter(Boolean).join(" · ");
}

function thoughtView() {
  const text = h("p", {});
  return {
    element: h("li", { class: "step thought" }, icon("thought"), text),
    update(step) {
      setText(text, step.text);
    },
  };
}

function toolView() {
  const name = h("span", { class: "tool-name" });
  const state = h("span", { class: "tool-state" });
  const input = h("pre", { tabindex: "0", "aria-label": "Input" });
  const outcome = h("pre", { tabindex: "0", "aria-label": "Result" });
  const label = h("p", { class: "label" }, "Result");
  const element = h(
    "li",
    { class: "step tool" },
    h(
      "details",
      {},
      h("summary", {}, icon("tool"), name, state),
      h("div", { class: "tool-inside" }, h("p", { class: "label" }, "Input"), input, label, outcome),
    ),
  );
  return {
    element,
    update(step) {
      setText(name, toolText(step.name));
      setText(state, { running: "running", failed: "no result", done: millisecondsText(step.ms) }[step.state]);
      element.classList.toggle("failed", step.state === "failed");
      element.classList.toggle("running", step.state === "running");
      setText(input, written(step.arguments));
      setText(label, step.state === "failed" ? "Why there is no result" : "Result");
      setText(outcome, step.state === "running" ? "…" : written(step.error ?? step.result));
    },
  };
}

function written(value) {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
}
