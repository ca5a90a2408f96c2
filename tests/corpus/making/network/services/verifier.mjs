// An API (node:http, jose, pino) that verifies tokens with a remote JWKS.
import { createServer } from "node:http";
import { createRequire } from "node:module";
const from = createRequire(process.env.NODE_HOME + "/package.json");
const { createRemoteJWKSet, jwtVerify, decodeJwt, decodeProtectedHeader } = await import(from.resolve("jose"));
const pino = from("pino");
const log = pino({ base: { service: process.env.K_SERVICE }, messageKey: "message",
  formatters: { level: (label) => ({ severity: { warn: "WARNING" }[label] ?? label.toUpperCase() }) } });
const keys = createRemoteJWKSet(new URL(process.env.IDP_JWKS_URI), {
  cooldownDuration: Number(process.env.JWKS_COOLDOWN_MS ?? 30000),
  cacheMaxAge: Number(process.env.JWKS_MAX_AGE_MS ?? 600000),
  timeoutDuration: Number(process.env.JWKS_TIMEOUT_MS ?? 30000) });
const about = (token) => { try { const { sub, iat, exp } = decodeJwt(token);
  return { sub, iat, exp, kid: decodeProtectedHeader(token).kid }; } catch { return {}; } };
createServer(async (req, res) => {
  const say = (status, body) => { res.writeHead(status, { "content-type": "application/json" }); res.end(JSON.stringify(body)); };
  if (req.url === "/health") return say(200, { ok: true });
  const token = (req.headers.authorization ?? "").replace(/^Bearer /, "");
  if (!token) { log.info({ path: req.url }, "request without token"); return say(401, { error: "missing_token" }); }
  try {
    const { payload } = await jwtVerify(token, keys, { issuer: process.env.IDP_ISSUER, audience: process.env.IDP_AUDIENCE ?? "api" });
    say(200, { user: payload.sub });
  } catch (err) {
    log.warn({ err: { type: err.name, code: err.code, message: err.message, claim: err.claim, cause: err.cause && String(err.cause.code ?? err.cause) }, token: about(token), path: req.url }, "jwt verification failed");
    const down = err.code === undefined || err.code === "ERR_JWKS_TIMEOUT";
    say(down && process.env.STRICT_STATUS === "1" ? 503 : 401, { error: "invalid_token" });
  }
}).listen(Number(process.env.PORT), "127.0.0.1", () => log.info("listening"));
