// A notification service (node:http, ws, pino) with an allow-list of origins.
import { createServer } from "node:http";
import { createRequire } from "node:module";
const from = createRequire(process.env.NODE_HOME + "/package.json");
const { WebSocketServer } = from("ws");
const log = from("pino")({ base: null, formatters: { level: (label) => ({ severity: label.toUpperCase() }) } });
const allowed = (process.env.WS_ORIGINS ?? "").split(",").filter(Boolean);
const server = createServer((req, res) => {
  if (req.url === "/health") return res.end("ok");
  if (process.env.TELL === "1") log.info({ url: req.url, httpVersion: req.httpVersion, upgrade: req.headers.upgrade, connection: req.headers.connection }, "plain request on socket path");
  res.writeHead(426, { "content-type": "text/plain" }).end("Upgrade Required");
});
const sockets = new WebSocketServer({ server, verifyClient: ({ origin }) => !allowed.length || !origin || allowed.includes(origin) });
sockets.on("connection", (ws, req) => { const since = Date.now(); log.info({ path: req.url }, "socket open");
  ws.on("message", (data) => ws.send(`ok ${data}`));
  ws.on("close", (code) => log.info({ code, open_ms: Date.now() - since }, "socket closed")); });
server.listen(Number(process.env.PORT), "127.0.0.1", () => log.info("notifications listening"));
