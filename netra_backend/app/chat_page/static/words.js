// What the page says about states and failures. Words only.

import { CLOSE } from "./connection.js";

const LONGEST_LINE = 60;

const CLOSED = {
  [CLOSE.TOO_LARGE]: "A message was too large to be taken.",
  1011: "The service had a fault.",
  [CLOSE.RESTARTING]: "The service is restarting.",
  [CLOSE.TRY_AGAIN_LATER]: "The service is busy, or a part of it is down.",
  [CLOSE.BAD_FRAME]: "This page and the service do not understand each other. Reload the page.",
  [CLOSE.NOT_AUTHENTICATED]: "The connection has to be authorized again.",
  [CLOSE.NOT_ALLOWED]: "You are not allowed to chat here.",
  [CLOSE.TIMED_OUT]: "The connection was silent for too long.",
  [CLOSE.TOO_MANY]: "Too many connections or messages. Close other windows with this page.",
};

const WHY = {
  no_network: "This device is offline.",
  unreachable: "The service cannot be reached.",
  unavailable: "The service is there, but a part it needs is down.",
  auth_unreachable: "The log-in service does not answer.",
  own_fault: "This page met a fault of its own.",
  token_refused: "The service refuses a token that was just made.",
  handshake:
    "The service answers but refuses the chat connection. This page’s address may be missing from its allowed origins.",
};

export function whyText(why) {
  if (!why) {
    return "";
  }
  if (why.kind === "closed") {
    return CLOSED[why.code] ?? "The connection was lost.";
  }
  return WHY[why.kind] ?? why.text ?? "";
}

export function phaseText(phase) {
  return (
    {
      online: "Online",
      checking: "Connecting",
      opening: "Connecting",
      resuming: "Connecting",
      waiting: "Offline",
      refused: "Not connected",
    }[phase] ?? "Signed out"
  );
}

// What a thread is called until its title was read: the first line of what was said first.
export function firstLine(text) {
  const [line] = text.trimStart().split("\n", 1);
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}

const FAILURES = {
  cancelled: "Stopped.",
  timed_out: "This took too long and was stopped.",
  not_allowed: "You are not allowed to do this.",
  model_unavailable: "The language model is not available at the moment.",
  model_rate_limited: "The language model takes no more requests at the moment.",
  model_misconfigured: "The language model is not set up correctly.",
  model_refused: "The language model declined to answer.",
  too_large: "The answer, or what it needed, was too large.",
  gave_up: "This could not be finished after several attempts.",
  internal_error: "Something went wrong on our side.",
};

export function failureText({ reason, message }) {
  return message || FAILURES[reason] || FAILURES.internal_error;
}

export function millisecondsText(ms) {
  if (ms === null || ms === undefined) {
    return "";
  }
  if (ms < 1000) {
    return `${Math.max(1, Math.round(ms))} ms`;
  }
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

// `who_am_i` as a person would say it.
export function toolText(name) {
  return name.replaceAll(/[_-]+/g, " ");
}

// What cannot be seen, or turns around what is seen beside it, as its number: a person is to read what
// stands there. A joiner within a picture is part of it.
const UNSEEN =
  /(?<!\p{Extended_Pictographic}\ufe0f?)\u200d|(?![\n\t\u200d])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\u3164\u115f\u1160\uffa0]/gu;

export function visible(text) {
  return text.replace(UNSEEN, (sign) => `\\u{${sign.codePointAt(0).toString(16)}}`);
}

export function momentText(seconds) {
  const moment = new Date(1000 * seconds);
  const day = moment.toLocaleDateString("en-GB", { weekday: "long" });
  const time = moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return `on ${day} at ${time}`;
}

// Where a question to the person stands.
export function approvalText({ state, wish, problem }) {
  switch (state) {
    case "pending":
      return problem ?? "";
    case "answering":
      return problem ?? (wish ? "Approving" : "Refusing");
    case "approved":
      return "You approved this.";
    case "refused":
      return "You refused this.";
    case "expired":
      return "Nobody answered in time, so it counts as refused.";
    default:
      return "This is not asked any more.";
  }
}

export const SIGNED_OUT = {
  fresh: {
    title: "Chat with an agent",
    text: "Log in to begin. Your conversations are yours alone, and an answer goes on even when this window is closed.",
  },
  logged_out: {
    title: "You are logged out",
    text: "This page has forgotten you and your conversations.",
  },
  logged_out_here: {
    title: "This page has forgotten you",
    text: "But the log-in service did not answer, so your session there may still be open. Log out there too, if this is not your device.",
  },
  ended: {
    title: "Your session has ended",
    text: "It was ended elsewhere (by logging out in another window, for example) or it ran out. Nothing is lost: log in to go on.",
  },
  foreign_answer: {
    title: "Logging in did not work",
    text: "The answer did not belong to this page’s own request, so it was not used. Try again.",
  },
  refused_answer: {
    title: "Logging in did not work",
    text: "The log-in service refused this page.",
  },
  stuck: {
    title: "Nobody answers at the moment",
    text: "This page keeps trying.",
  },
  not_allowed: {
    title: "You cannot chat here",
    text: "",
  },
  auth_unreachable: {
    title: "The log-in service does not answer",
    text: "Nobody can log in at the moment. Try again shortly.",
  },
};
