// Requests to the backend in the person's name. What goes wrong is a `Problem`.

import { AuthUnreachable } from "./sign_in.js";

// A request that was not served: `status` is 0 when there was no answer at all.
export class Problem extends Error {
  constructor(status, { code = "unreachable", title = "", detail = "" } = {}, after = null) {
    super(detail || title || "The service cannot be reached.");
    this.status = status;
    this.code = code;
    this.after = after;
  }
}

export class Api {
  #signIn;

  constructor(signIn) {
    this.#signIn = signIn;
  }

  get(path) {
    return this.#asked("GET", path);
  }

  post(path, body) {
    return this.#asked("POST", path, body);
  }

  patch(path, body) {
    return this.#asked("PATCH", path, body);
  }

  delete(path) {
    return this.#asked("DELETE", path);
  }

  // A token that is refused is renewed once; a refusal of the new one stands.
  async #asked(method, path, body) {
    let answer = await this.#sent(method, path, body, false);
    if (answer.status === 401) {
      answer = await this.#sent(method, path, body, true);
    }
    if (answer.ok) {
      return answer.status === 204 ? null : answer.json();
    }
    const after = Number(answer.headers.get("Retry-After")) || null;
    throw new Problem(answer.status, await answer.json().catch(() => ({})), after);
  }

  async #sent(method, path, body, renew) {
    let token;
    try {
      token = await this.#signIn.token({ renew });
    } catch (error) {
      if (error instanceof AuthUnreachable) {
        throw new Problem(0, { code: "auth_unreachable", title: "The log-in service does not answer." });
      }
      throw error;
    }
    const headers = { Authorization: `Bearer ${token}` };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
    }
    try {
      return await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    } catch {
      throw new Problem(0);
    }
  }
}

// Ask again, so many times in all, when the backend says that it is too much just now.
export async function patiently(ask, tries) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await ask();
    } catch (error) {
      if (error.status !== 429 || tried >= tries) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000 * (error.after ?? 1)));
    }
  }
}
