// How the connection is, and the page's other face: the card that is shown when nobody is logged in.

import { byId, setText } from "./dom.js";
import { phaseText, SIGNED_OUT, whyText } from "./words.js";

export class StatusView {
  constructor({ retry }) {
    byId("notice-retry").addEventListener("click", () => {
      if (byId("notice-retry").dataset.reload === "true") {
        location.reload();
      } else {
        retry();
      }
    });
  }

  update({ phase, why }) {
    const pill = byId("connection");
    pill.dataset.phase = phase;
    setText(byId("connection-text"), phaseText(phase));
    const notice = byId("notice");
    const told = phase === "waiting" || phase === "refused" || (phase !== "online" && why !== null);
    notice.hidden = !told;
    setText(byId("notice-text"), told ? noticeText(phase, why) : "");
    const retry = byId("notice-retry");
    const isReload = phase === "refused";
    retry.hidden = phase !== "waiting" && phase !== "refused";
    retry.dataset.reload = `${isReload}`;
    setText(retry, isReload ? "Reload" : "Try now");
  }
}

function noticeText(phase, why) {
  const text = whyText(why);
  if (phase === "refused") {
    return text || "The connection was refused.";
  }
  const next = phase === "waiting" ? "Trying again shortly." : "Connecting.";
  return `${text} ${next}`.trim();
}

export class GateView {
  constructor({ logIn, register, retry }) {
    byId("gate-retry").addEventListener("click", retry);
    byId("log-in").addEventListener("click", logIn);
    byId("register").addEventListener("click", register);
  }

  // `why` is {kind, detail}, or null while it is not known yet who is there.
  update(why, logoutPage) {
    const words = why === null ? null : (SIGNED_OUT[why.kind] ?? SIGNED_OUT.fresh);
    byId("gate-opening").hidden = words !== null;
    byId("gate-card").hidden = words === null;
    if (words === null) {
      return;
    }
    setText(byId("gate-title"), words.title);
    setText(byId("gate-text"), [why.detail, words.text].filter(Boolean).join(" "));
    const isStuck = why.kind === "stuck";
    const isForbidden = why.kind === "not_allowed";
    byId("log-in").hidden = isStuck || isForbidden;
    byId("register").hidden = isStuck || isForbidden;
    byId("gate-retry").hidden = !isStuck;
    const link = byId("gate-logout");
    link.hidden = why.kind !== "logged_out_here" && !isForbidden;
    link.href = logoutPage;
  }
}
