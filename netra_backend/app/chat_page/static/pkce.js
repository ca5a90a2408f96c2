// Proof Key for Code Exchange (RFC 7636), and the two URLs of an authorization: asking and answer.
// Nothing here is sent or stored.

const RANDOM_BYTES = 32;

export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

export function randomText() {
  return base64url(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

export async function challengeOf(verifier) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

// The query of an authorization request. `prompt: "none"` forbids every page on the way.
export function authorizationQuery({ clientId, redirectUri, challenge, state, prompt }) {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: "S256",
    scope: "profile",
    state,
  });
  if (prompt) {
    query.set("prompt", prompt);
  }
  return query.toString();
}

// What the auth service answered: {code}, or {error, description}. An answer that is not the one
// to our own request, or is another issuer's (RFC 9207), is {error: "foreign_answer"}.
export function readAnswer(search, { state, issuer }) {
  const answer = new URLSearchParams(search);
  const once = (name) => answer.getAll(name).length === 1;
  if (!state || !once("state") || answer.get("state") !== state) {
    return { error: "foreign_answer", description: "It answers another request." };
  }
  if (!once("iss") || answer.get("iss") !== issuer) {
    return { error: "foreign_answer", description: "It comes from another issuer." };
  }
  if (answer.has("error")) {
    return { error: answer.get("error"), description: answer.get("error_description") ?? "" };
  }
  return once("code")
    ? { code: answer.get("code") }
    : { error: "foreign_answer", description: "It holds no code." };
}
