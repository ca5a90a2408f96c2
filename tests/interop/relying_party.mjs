// What standard clients make of the auth service: openid-client as a relying party, oauth4webapi as
// the judge of access tokens (RFC 9068), jose for signatures. Standard input is one JSON document;
// standard output has one JSON line for each scenario: {"name", "ok", "says"}.

import assert from "node:assert/strict";
import { createRemoteJWKSet, importJWK, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import * as client from "openid-client";

const given = JSON.parse(await text(process.stdin));
const issuer = new URL(given.issuer);
const insecure = { execute: [client.allowInsecureRequests] };
const algorithm = { [oauth.allowInsecureRequests]: true };

async function text(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const privateKey = async (jwk) => ({ key: await importJWK(jwk, "ES256"), kid: jwk.kid });

const discovered = (id, auth, options = {}) =>
  client.discovery(issuer, id, undefined, auth, { ...insecure, ...options });

const service = (auth = client.ClientSecretBasic(given.service.secret)) =>
  discovered(given.service.id, auth);

const party = () => discovered(given.party.id, client.ClientSecretBasic(given.party.secret));

// ---- a browser, as far as these pages need one

class Browser {
  #cookies = new Map();

  async get(url, init = {}) {
    const headers = { accept: "text/html", cookie: this.#cookie(), ...init.headers };
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(";");
      const at = pair.indexOf("=");
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }

  #cookie() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  // Follow redirects and fill in forms until the answer comes to the client's own address.
  async walk(url, fill) {
    let answer = await this.get(url);
    for (let steps = 0; steps < 12; steps += 1) {
      if (answer.status === 302 || answer.status === 303) {
        const target = new URL(answer.headers.get("location"), url);
        if (target.href.startsWith(given.party.redirect_uri)) {
          return target;
        }
        url = target;
        answer = await this.get(url);
        continue;
      }
      assert.equal(answer.status, 200, `${url}: ${answer.status} ${await answer.clone().text()}`);
      const form = formOf(await answer.text());
      const fields = new URLSearchParams({ ...form.fields, ...fill(form) });
      url = new URL(form.action, url);
      const headers = { origin: issuer.origin, "content-type": "application/x-www-form-urlencoded" };
      answer = await this.get(url, { method: "POST", body: fields, headers });
    }
    throw new Error("the log-in does not end");
  }
}

function formOf(html) {
  const form = /<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(html);
  assert.ok(form, `no form: ${html}`);
  const fields = {};
  for (const [tag] of form[2].matchAll(/<input[^>]*>/g)) {
    const name = attribute(tag, "name");
    if (name) {
      fields[name] = attribute(tag, "value") ?? "";
    }
  }
  const buttons = [...form[2].matchAll(/<button[^>]*>/g)].map(([tag]) => ({
    name: attribute(tag, "name"),
    value: attribute(tag, "value") ?? "",
  }));
  return { action: unescaped(form[1]), fields, buttons };
}

const attribute = (tag, name) => {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag);
  return found ? unescaped(found[1]) : null;
};

const unescaped = (value) =>
  value
    .replaceAll("&#34;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

// Log in where a password is asked for; at a page of buttons press the first, which allows.
function consenting(form) {
  if ("password" in form.fields) {
    return { email: given.person.email, password: given.person.password };
  }
  const [allow] = form.buttons;
  return allow?.name ? { [allow.name]: allow.value } : {};
}

function denying(form) {
  if ("password" in form.fields) {
    return consenting(form);
  }
  const deny = form.buttons.at(-1);
  return { [deny.name]: deny.value };
}

// Log a person in as a relying party does; gives the tokens and what was asked.
async function loggedIn(config, scope = given.party.scope, browser = new Browser()) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: given.party.redirect_uri,
    scope,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const back = await browser.walk(url, consenting);
  const tokens = await client.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: scope.split(" ").includes("openid"),
  });
  return { tokens, back, verifier, state, nonce, browser };
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it was not refused");
}

// The library looks at the challenge first and leaves the body unread.
async function clientRefused(promise) {
  const error = await refusal(promise);
  assert.equal(error.status, 401);
  assert.equal(error.cause[0].scheme, "basic");
  assert.equal((await error.response.json()).error, "invalid_client");
}

// RFC 9068 by a library that knows nothing of this service.
async function judged(token, audience) {
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...algorithm }),
  );
  const request = new Request("https://resource.example/", {
    headers: { authorization: `Bearer ${token}` },
  });
  return oauth.validateJwtAccessToken(as, request, audience, algorithm);
}

const scenarios = {
  async "discovery by OpenID Connect and by RFC 8414 agree"() {
    const openid = (await party()).serverMetadata();
    const rfc8414 = (
      await discovered("x", client.None(), { algorithm: "oauth2" })
    ).serverMetadata();
    for (const name of ["issuer", "token_endpoint", "jwks_uri", "authorization_endpoint"]) {
      assert.equal(openid[name], rfc8414[name]);
    }
    assert.deepEqual(openid.response_types_supported, ["code"]);
    assert.ok(!openid.grant_types_supported.includes("password"));
    assert.ok(!openid.grant_types_supported.includes("implicit"));
  },

  async "client_credentials by client_secret_basic"() {
    const tokens = await client.clientCredentialsGrant(await service());
    const claims = await judged(tokens.access_token, given.audience);
    assert.equal(claims.sub, `service:${given.service.id}`);
    assert.equal(claims.client_id, given.service.id);
  },

  async "client_credentials by client_secret_post"() {
    const config = await service(client.ClientSecretPost(given.service.secret));
    const tokens = await client.clientCredentialsGrant(config, { scope: given.service.scope });
    assert.equal(tokens.scope, given.service.scope);
    await judged(tokens.access_token, given.audience);
  },

  async "client_credentials by private_key_jwt"() {
    const auth = client.PrivateKeyJwt(await privateKey(given.signer.jwk));
    const tokens = await client.clientCredentialsGrant(await discovered(given.signer.id, auth));
    const claims = await judged(tokens.access_token, given.audience);
    assert.equal(claims.client_id, given.signer.id);
  },

  async "an assertion is taken once"() {
    let jti = null;
    const again = {
      [client.modifyAssertion]: (_header, payload) => {
        jti ??= payload.jti;
        payload.jti = jti;
      },
    };
    const auth = client.PrivateKeyJwt(await privateKey(given.signer.jwk), again);
    const config = await discovered(given.signer.id, auth);
    await client.clientCredentialsGrant(config);
    await clientRefused(client.clientCredentialsGrant(config));
  },

  async "a wrong secret is invalid_client"() {
    const config = await service(client.ClientSecretBasic("wrong-".repeat(8)));
    await clientRefused(client.clientCredentialsGrant(config));
  },

  async "code with PKCE, iss, nonce and id_token"() {
    const config = await party();
    const { tokens, back, nonce } = await loggedIn(config);
    assert.equal(back.searchParams.get("iss"), given.issuer);
    const claims = tokens.claims();
    assert.equal(claims.nonce, nonce);
    assert.equal(claims.aud, given.party.id);
    const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
    const { protectedHeader } = await jwtVerify(tokens.id_token, keys, {
      issuer: given.issuer,
      audience: given.party.id,
    });
    assert.equal(protectedHeader.alg, "ES256");
  },

  async "userinfo is of the same subject"() {
    const config = await party();
    const { tokens } = await loggedIn(config);
    const { sub } = tokens.claims();
    const about = await client.fetchUserInfo(config, tokens.access_token, sub);
    assert.equal(about.email, given.person.email);
  },

  async "a refresh token is rotated, and a spent one ends the family"() {
    const config = await party();
    const { tokens } = await loggedIn(config);
    const second = await client.refreshTokenGrant(config, tokens.refresh_token);
    const third = await client.refreshTokenGrant(config, second.refresh_token);
    assert.notEqual(third.refresh_token, second.refresh_token);
    const reused = await refusal(client.refreshTokenGrant(config, tokens.refresh_token));
    assert.equal(reused.error, "invalid_grant");
    const ended = await refusal(client.refreshTokenGrant(config, third.refresh_token));
    assert.equal(ended.error, "invalid_grant");
  },

  async "a code is taken once and its second use ends what came of it"() {
    const config = await party();
    const { tokens, back, verifier, state, nonce } = await loggedIn(config);
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
    const again = await refusal(client.authorizationCodeGrant(config, back, checks));
    assert.equal(again.error, "invalid_grant");
    const ended = await refusal(client.refreshTokenGrant(config, tokens.refresh_token));
    assert.equal(ended.error, "invalid_grant");
  },

  async "a person may refuse"() {
    const config = await discovered(
      given.refused.id,
      client.ClientSecretBasic(given.refused.secret),
    );
    const verifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: given.party.redirect_uri,
      scope: "openid",
      state: "s",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const back = await new Browser().walk(url, denying);
    const error = await refusal(
      client.authorizationCodeGrant(config, back, {
        pkceCodeVerifier: verifier,
        expectedState: "s",
      }),
    );
    assert.equal(error.error, "access_denied");
  },

  async "introspection and revocation"() {
    const config = await party();
    const { tokens } = await loggedIn(config);
    const before = await client.tokenIntrospection(config, tokens.refresh_token);
    assert.equal(before.active, true);
    await client.tokenRevocation(config, tokens.refresh_token);
    const after = await client.tokenIntrospection(config, tokens.refresh_token);
    assert.deepEqual(after, { active: false });
    await client.tokenRevocation(config, "unknown");
  },

  async "an id_token is no access token"() {
    const config = await party();
    const { tokens } = await loggedIn(config);
    const url = new URL(config.serverMetadata().userinfo_endpoint);
    const error = await refusal(
      client.fetchProtectedResource(config, tokens.id_token, url, "GET"),
    );
    assert.equal(error.status ?? error.response?.status, 401);
  },
};

let failed = 0;
for (const [name, scenario] of Object.entries(scenarios)) {
  try {
    await scenario();
    console.log(JSON.stringify({ name, ok: true, says: "" }));
  } catch (error) {
    failed += 1;
    const says = [error.stack, error.cause && JSON.stringify(error.cause)].filter(Boolean);
    console.log(JSON.stringify({ name, ok: false, says: says.join("\n") }));
  }
}
process.exitCode = failed ? 1 : 0;
