// What the page does: the pure parts are stepped here, and their commands carried out.

import { Api, patiently, Problem } from "./api.js";
import { signedOut, step } from "./connection.js";
import * as conversation from "./conversation.js";
import { Markdown } from "./markdown.js";
import { randomText } from "./pkce.js";
import { AuthUnreachable, LoginRequired, SignIn } from "./sign_in.js";
import { ChatSocket } from "./socket.js";
import * as threads from "./threads.js";

const LIST_PAGE = 40;
const MESSAGE_PAGE = 200;
const LIST_PAUSE = 150;
const LIST_TRIES = 5;
const BEAT = 0.8;

const newPlace = () => `new:${randomText()}`;

export class Chat {
  #onChange;
  #socket;
  #timer = null;
  #listTimer = null;
  #listing = Promise.resolve();
  #check = 0;

  connection = { ...signedOut, phase: "checking" };
  who = null;
  left = null; // who was here when the session ended, and what they had not sent yet
  talk = conversation.empty;
  list = threads.emptyList;
  place = newPlace();
  agents = [];
  agent = null;

  constructor(settings, onChange) {
    this.#onChange = onChange;
    this.settings = settings;
    this.signIn = new SignIn(settings, () => location.reload());
    this.api = new Api(this.signIn);
    this.markdown = new Markdown(this.api);
    this.#socket = new ChatSocket({
      opened: () => this.#input({ type: "opened" }),
      frame: (frame) => this.#frame(frame),
      closed: (how) => {
        this.talk = conversation.disconnected(this.talk);
        this.#input({ type: "closed", ...how });
      },
    });
  }

  // ---- the connection

  // Begin; gives what was kept while the auth service's pages were shown.
  async start() {
    this.connection = signedOut;
    let kept = null;
    try {
      kept = await this.signIn.returned();
      this.#input({ type: "authorized" });
    } catch (error) {
      const kind = error instanceof LoginRequired ? error.kind : "auth_unreachable";
      this.#input({ type: "log_out", why: { kind, detail: "" } });
    }
    return kept;
  }

  wake() {
    this.#input({ type: "wake" });
  }

  networkDown() {
    this.#input({ type: "network_down" });
  }

  // The socket is let go first: its end is what was asked for and no news.
  async logOut() {
    this.#check += 1;
    clearTimeout(this.#timer);
    this.#socket.close();
    const ending = this.signIn.logOut();
    this.#forget();
    this.left = null;
    this.newThread();
    const kind = (await ending) ? "logged_out" : "logged_out_here";
    this.#input({ type: "log_out", why: { kind } });
  }

  leave(draft, options) {
    const whole = [this.left?.unsent, draft].filter(Boolean).join("\n\n");
    const kept = { place: this.place, draft: whole, who: this.left?.who ?? null };
    return this.signIn.leave(kept, options);
  }

  #input(input) {
    const [next, commands] = step(this.connection, input);
    this.connection = next;
    commands.forEach((command) => this.#do(command));
    this.#onChange();
  }

  #do(command) {
    clearTimeout(this.#timer);
    switch (command.do) {
      case "check":
        this.#checkStanding(command.renew);
        break;
      case "open":
        this.#open();
        break;
      case "resume":
        this.#socket.send({ type: "resume", after: this.talk.seq });
        break;
      case "wait":
        this.#timer = setTimeout(() => this.#input({ type: "due" }), command.ms);
        break;
      case "close":
        this.#socket.close();
        this.talk = conversation.disconnected(this.talk);
        break;
      case "forget":
        this.#forget();
        break;
    }
  }

  // Ask who the person is and what they may do: a browser cannot see why a socket was refused.
  async #checkStanding(renew) {
    this.#check += 1;
    const check = this.#check;
    const found = await this.#standing(renew);
    if (check !== this.#check) {
      return;
    }
    this.#input(found);
    if (this.who === null && found.who) {
      this.who = found.who;
      this.readList();
      this.openThread(this.place);
    }
  }

  async #standing(renew) {
    try {
      await this.signIn.token({ renew });
      const me = await this.api.get("/api/me");
      if (me.kind !== "user" || !me.permissions.includes("agents:run")) {
        return { type: "refused", why: { kind: "text", text: "This account may not chat here." } };
      }
      return { type: "permitted", who: me.principal };
    } catch (error) {
      return notPermitted(error, this.who !== null);
    }
  }

  async #open() {
    try {
      this.#socket.open(await this.signIn.token());
    } catch (error) {
      this.#input({ type: "closed", code: 1006, reason: error.message });
    }
  }

  #forget() {
    if (this.who !== null) {
      const unsent = this.talk.outbox.map((item) => item.text).join("\n\n");
      this.left = { who: this.who, unsent };
    }
    clearTimeout(this.#listTimer);
    this.signIn.forget();
    this.markdown.forget();
    this.who = null;
    this.talk = conversation.empty;
    this.list = threads.emptyList;
  }

  // ---- frames

  #frame(frame) {
    this.talk = conversation.received(this.talk, frame);
    switch (frame.type) {
      case "ready":
        this.agents = frame.agents;
        this.#socket.keepAlive(frame.heartbeat_seconds * BEAT);
        this.#input({ type: "ready" });
        for (const run of conversation.beingStopped(this.talk)) {
          this.#socket.send({ type: "cancel", run_id: run.id });
        }
        for (const answer of conversation.beingAnswered(this.talk)) {
          this.#socket.send(answer);
        }
        if (frame.reset) {
          this.openThread(this.place);
        }
        performance.mark("netra-online");
        break;
      case "token_expiring":
        this.#renew();
        break;
      case "error":
        this.#refused(frame);
        break;
    }
    this.#settle();
  }

  // Failing is not the end: the socket lives until the old token's end, and then says so.
  async #renew() {
    const token = await this.signIn.token({ renew: true }).catch((error) => {
      if (error instanceof LoginRequired) {
        this.#socket.close();
        this.#input({ type: "closed", code: 4401, reason: "" });
      }
      return null;
    });
    if (token !== null) {
      this.#socket.send({ type: "refresh", token });
    }
  }

  #refused({ client_id: clientId, retry_after: after }) {
    if (clientId && after) {
      setTimeout(() => {
        this.talk = conversation.retried(this.talk, clientId);
        this.#settle();
      }, 1000 * after);
    }
  }

  // After every change: send what can be sent, read again what is out of date.
  #settle() {
    if (this.connection.phase === "online") {
      for (const frame of conversation.sendable(this.talk)) {
        this.#socket.send(frame);
        this.talk = conversation.sent(this.talk, frame.client_id);
      }
    }
    const begun = this.talk.places[this.place];
    if (begun) {
      this.place = begun;
      history.replaceState(null, "", `#${begun}`);
    }
    if (!conversation.isLocal(this.place) && this.talk.threads[this.place] === undefined) {
      this.#read(this.place);
    }
    for (const id of this.talk.stale) {
      this.#read(id);
    }
    if (this.talk.listStale) {
      this.talk = conversation.listRead(this.talk);
      clearTimeout(this.#listTimer);
      this.#listTimer = setTimeout(() => this.readList(), LIST_PAUSE);
    }
    this.#onChange();
  }

  // ---- what the person does

  say(text) {
    const agent = this.agent;
    this.talk = conversation.asked(this.talk, {
      clientId: randomText().slice(0, 24),
      text,
      thread: this.place,
      agent,
    });
    this.#settle();
  }

  discard(item) {
    this.talk = conversation.withdrawn(this.talk, item.clientId);
    this.#settle();
  }

  stop() {
    const run = conversation.liveRun(this.talk, this.place);
    if (run === null || this.connection.phase !== "online") {
      return false;
    }
    this.#socket.send({ type: "cancel", run_id: run.id });
    this.talk = conversation.stopping(this.talk, run.id);
    this.#settle();
    return true;
  }

  // Away from the backend the answer is kept, and said with the next connection.
  answer(run, approval, wish) {
    this.talk = conversation.answering(this.talk, run.id, approval.id, wish);
    if (this.connection.phase === "online") {
      this.#socket.send({
        type: "approval",
        run_id: run.id,
        approval_id: approval.id,
        approve: wish,
      });
    }
    this.#settle();
  }

  newThread() {
    this.openThread(newPlace());
  }

  openThread(id) {
    this.place = id;
    const isNew = conversation.isLocal(id);
    const hash = isNew ? "" : `#${id}`;
    if (location.hash !== hash) {
      history.pushState(null, "", hash || location.pathname);
    }
    if (!isNew && this.who !== null && this.talk.threads[id]?.phase !== "ready") {
      this.#read(id);
    }
    this.#onChange();
  }

  // What is read for somebody who has left meanwhile is not kept.
  async #read(id) {
    const { who } = this;
    this.talk = conversation.threadLoading(this.talk, id);
    this.#onChange();
    try {
      const messages = await this.#allMessages(id);
      const answers = messages.filter((message) => message.author === "agent");
      await Promise.all(answers.map((message) => this.markdown.make(message.text)));
      if (who === this.who) {
        this.talk = conversation.threadRead(this.talk, id, messages);
      }
    } catch (error) {
      if (who === this.who) {
        this.talk = conversation.threadFailed(this.talk, id, this.#trouble(error));
      }
    }
    this.#onChange();
  }

  async #allMessages(id) {
    const messages = [];
    let cursor = null;
    do {
      const query = new URLSearchParams({ limit: MESSAGE_PAGE, ...(cursor && { cursor }) });
      const page = await this.api.get(`/api/threads/${id}/messages?${query}`);
      messages.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return messages;
  }

  // ---- the list of threads

  search(text) {
    this.list = threads.searching(this.list, text);
    this.readList();
  }

  async readList() {
    const { who } = this;
    const { search } = this.list;
    try {
      const page = await this.#listPage(search, null);
      if (who === this.who) {
        this.list = threads.read(this.list, page, search);
      }
    } catch (error) {
      if (who === this.who) {
        this.list = threads.failed(this.list, this.#trouble(error).message, search);
      }
    }
    this.#onChange();
  }

  async readListOn() {
    const { who } = this;
    const { search, cursor } = this.list;
    const page = await this.#listPage(search, cursor).catch(() => null);
    if (page !== null && who === this.who) {
      this.list = threads.readOn(this.list, page, search);
      this.#onChange();
    }
  }

  // One search at a time is served: a page waits for the one before, and is not asked for any more
  // if something else is searched for by then.
  #listPage(search, cursor) {
    const query = new URLSearchParams({
      limit: LIST_PAGE,
      ...(search && { search }),
      ...(cursor && { cursor }),
    });
    const asked = this.#listing.then(() =>
      search === this.list.search
        ? patiently(() => this.api.get(`/api/threads?${query}`), LIST_TRIES)
        : { items: [], next_cursor: null },
    );
    this.#listing = asked.catch(() => null);
    return asked;
  }

  async rename(id, title) {
    const thread = await this.api.patch(`/api/threads/${id}`, { title });
    this.list = threads.renamed(this.list, thread);
    this.#onChange();
  }

  async remove(id) {
    await this.api.delete(`/api/threads/${id}`);
    this.list = threads.removed(this.list, id);
    this.talk = conversation.threadDropped(this.talk, id);
    if (this.place === id) {
      this.newThread();
    }
    this.#onChange();
  }

  #trouble(error) {
    if (error instanceof LoginRequired) {
      this.#socket.close();
      this.#input({ type: "log_out", why: { kind: "ended" } });
    }
    return { status: error.status ?? 0, message: error.message };
  }
}

function notPermitted(error, wasKnown) {
  if (error instanceof LoginRequired) {
    const isOrdinary = error.kind === "login_required";
    const kind = isOrdinary ? (wasKnown ? "ended" : "fresh") : error.kind;
    return { type: "login_required", why: { kind, detail: isOrdinary ? "" : error.message } };
  }
  if (error instanceof AuthUnreachable) {
    return { type: "unreachable", why: { kind: "auth_unreachable" } };
  }
  if (!(error instanceof Problem)) {
    console.error(error);
    return { type: "unreachable", why: { kind: "own_fault" } };
  }
  if (error.status === 403) {
    return { type: "refused", why: { kind: "text", text: error.message } };
  }
  const kinds = { 0: error.code, 401: "token_refused" };
  const why = { kind: kinds[error.status] ?? "unavailable" };
  return { type: "unreachable", why, after: 1000 * (error.after ?? 0) };
}
