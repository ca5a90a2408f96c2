// Who the person is, in this page's hands: an access token in memory, and how to get the next one.
// The token is never stored. What is stored while the auth service's pages are shown is this
// request's own verifier and what the person had typed; both are gone when the answer is read.

import { authorizationQuery, challengeOf, randomText, readAnswer } from "./pkce.js";

const PENDING = "netra-chat-pending";
const ANSWER = "netra-chat-answer";
const FRAME_SECONDS = 8;
const SETTLED_SECONDS = 2;
const LONGEST_MARGIN_SECONDS = 20;

// The auth service says that nobody is logged in, or refuses this page: `kind` says which.
export class LoginRequired extends Error {
  constructor(kind, detail = "") {
    super(detail || kind);
    this.kind = kind;
  }
}

// The auth service did not answer.
export class AuthUnreachable extends Error {}

export class SignIn {
  #settings;
  #token = null;
  #endsAt = 0;
  #renewal = null;
  #subject = null;
  #forgotten = 0; // how often everything was forgotten; an answer to an earlier request is too late
  #onOther;

  // `onOther` is called when a new token turns out to be another person's: somebody else logged in
  // in another window. The token is not used here.
  constructor(settings, onOther) {
    this.#settings = settings;
    this.#onOther = onOther;
  }

  get redirectUri() {
    return `${location.origin}/chat/callback`;
  }

  // Give a token that holds for a while yet; all who ask at once wait for one renewal.
  async token({ renew = false } = {}) {
    if (!renew && this.#token !== null && performance.now() < this.#endsAt) {
      return this.#token;
    }
    if (this.#renewal === null) {
      const renewal = this.#silently().finally(() => {
        if (this.#renewal === renewal) {
          this.#renewal = null;
        }
      });
      this.#renewal = renewal;
    }
    return this.#renewal;
  }

  forget() {
    this.#token = null;
    this.#renewal = null;
    this.#subject = null;
    this.#forgotten += 1;
  }

  // Leave for the auth service's pages; `kept` is given back by `returned`.
  async leave(kept, { register = false } = {}) {
    const { query, verifier, state } = await this.#request();
    sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, kept }));
    const { authorization_endpoint: endpoint, registration_page: registration } = this.#settings;
    const path = `${new URL(endpoint).pathname}?${query}`;
    location.assign(
      register ? `${registration}?continue=${encodeURIComponent(path)}` : `${endpoint}?${query}`,
    );
  }

  // After the auth service's pages: take its answer, if there is one, and give what was kept.
  async returned() {
    const [pending, answer] = [PENDING, ANSWER].map((name) => {
      const text = sessionStorage.getItem(name);
      sessionStorage.removeItem(name);
      return text;
    });
    if (answer === null) {
      return pending && JSON.parse(pending).kept;
    }
    const { verifier, state, kept } = JSON.parse(pending ?? "{}");
    await this.#redeem(this.#codeIn(answer, state), verifier);
    return kept ?? null;
  }

  // End the session at the auth service and forget the token. Gives whether the session ended.
  async logOut() {
    const token = this.#token;
    this.forget();
    if (token === null) {
      return false;
    }
    try {
      const answer = await fetch(this.#settings.session_endpoint, {
        method: "DELETE",
        headers: { Authorization: `Bearer ${token}` },
        credentials: "omit",
      });
      // A token that is no longer taken is one whose session has ended already.
      return answer.ok || answer.status === 401;
    } catch {
      return false;
    }
  }

  async #request(prompt) {
    const verifier = randomText();
    const state = randomText();
    const query = authorizationQuery({
      clientId: this.#settings.client_id,
      redirectUri: this.redirectUri,
      challenge: await challengeOf(verifier),
      state,
      prompt,
    });
    return { query, verifier, state };
  }

  async #silently() {
    const { query, verifier, state } = await this.#request("none");
    const answer = await framed(`${this.#settings.authorization_endpoint}?${query}`);
    return this.#redeem(this.#codeIn(answer, state), verifier);
  }

  #codeIn(answer, state) {
    const { code, error, description } = readAnswer(answer, { state, issuer: this.#settings.issuer });
    if (code !== undefined) {
      return code;
    }
    if (error === "server_error" || error === "temporarily_unavailable") {
      throw new AuthUnreachable(description);
    }
    if (error === "login_required" || error === "foreign_answer") {
      throw new LoginRequired(error, description);
    }
    throw new LoginRequired("refused_answer", description);
  }

  async #redeem(code, verifier) {
    const forgotten = this.#forgotten;
    let answer;
    let body;
    try {
      answer = await fetch(this.#settings.token_endpoint, {
        method: "POST",
        credentials: "omit",
        body: new URLSearchParams({
          grant_type: "authorization_code",
          client_id: this.#settings.client_id,
          redirect_uri: this.redirectUri,
          code,
          code_verifier: verifier,
        }),
      });
      body = await answer.json();
    } catch {
      throw new AuthUnreachable("The token endpoint did not answer.");
    }
    if (answer.status >= 500 || answer.status === 429) {
      throw new AuthUnreachable(body.title ?? "");
    }
    if (!answer.ok) {
      throw new LoginRequired("refused_answer", body.error_description ?? "");
    }
    if (forgotten !== this.#forgotten) {
      throw new LoginRequired("logged_out");
    }
    const subject = subjectOf(body.access_token);
    if (this.#subject !== null && subject !== this.#subject) {
      this.#onOther();
      throw new LoginRequired("ended");
    }
    this.#subject = subject;
    this.#token = body.access_token;
    const margin = Math.min(LONGEST_MARGIN_SECONDS, body.expires_in / 3);
    this.#endsAt = performance.now() + 1000 * (body.expires_in - margin);
    return this.#token;
  }
}

// Whose token it is. It is the backend that judges a token; here it only tells one person from
// another.
function subjectOf(token) {
  const [, claims] = token.split(".");
  return JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))).sub;
}

// Open a URL in a hidden frame and give the query with which it comes back to our callback page.
function framed(url) {
  return new Promise((resolve, reject) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.title = "Authorization";
    let timer = setTimeout(giveUp, 1000 * FRAME_SECONDS);
    function done(settle, value) {
      clearTimeout(timer);
      removeEventListener("message", heard);
      frame.remove();
      settle(value);
    }
    function giveUp() {
      done(reject, new AuthUnreachable("The hidden frame got no answer."));
    }
    function heard(message) {
      const isOurs = message.origin === location.origin && message.source === frame.contentWindow;
      if (isOurs && typeof message.data?.answer === "string") {
        done(resolve, message.data.answer);
      }
    }
    frame.addEventListener("load", () => {
      // Something was loaded. If it is not our page, it was an error page, and says no more.
      clearTimeout(timer);
      timer = setTimeout(giveUp, 1000 * SETTLED_SECONDS);
    });
    addEventListener("message", heard);
    frame.src = url;
    document.body.append(frame);
  });
}
