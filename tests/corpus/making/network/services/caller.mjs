// A service (node:http, fetch, pino) that calls another with a token from the environment's issuer.
import { createServer } from "node:http";
import { createRequire } from "node:module";
const pino = createRequire(process.env.NODE_HOME + "/package.json")("pino");
const log = pino({ base: null, messageKey: "msg", formatters: { level: (label) => ({ severity: label.toUpperCase() }) } });
const token = async () => (await (await fetch(process.env.TOKEN_URL, { method: "POST",
  headers: { "content-type": "application/json" }, body: JSON.stringify({ sub: "svc-mailer" }) })).json()).access_token;
createServer(async (req, res) => {
  if (req.url === "/healthz") return res.end("ok");
  try {
    const answer = await fetch(process.env.PROFILE_URL + req.url, { headers: { authorization: `Bearer ${await token()}` } });
    const said = { upstream: answer.url, redirected: answer.redirected, status: answer.status, path: req.url };
    if (answer.ok) log.info(said, "profile loaded"); else log.error(said, "profile service refused the call");
    res.writeHead(answer.ok ? 200 : 502).end(JSON.stringify({ ok: answer.ok }));
  } catch (err) {
    log.error({ err: err.message, cause: err.cause && String(err.cause.code ?? err.cause.message) }, "profile service call failed");
    res.writeHead(502).end("{}");
  }
}).listen(Number(process.env.PORT), "127.0.0.1", () => log.info("mailer listening"));
