// An issuer that is not ours: oidc-provider, giving services tokens of RFC 9068's kind. Standard
// input is one JSON document; standard output has {"ready": true} once it listens.

import { createServer } from "node:http";
import Provider from "oidc-provider";

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}
const given = JSON.parse(Buffer.concat(chunks).toString());

const provider = new Provider(given.issuer, {
  jwks: { keys: given.keys },
  clients: given.clients.map((one) => ({
    client_id: one.id,
    client_secret: one.secret,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: "ES256",
  })),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => given.resource,
      getResourceServerInfo: () => ({
        scope: given.scope,
        audience: given.audience,
        accessTokenFormat: "jwt",
        accessTokenTTL: given.lifetime,
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
  formats: {
    customizers: {
      // What this issuer's tokens say of their holders is agreed on with it, as with any other.
      jwt: (_ctx, token, parts) => {
        if (token.clientId === given.plain) {
          return;
        }
        parts.payload.sub = `service:${token.clientId}`;
        parts.payload.principal_kind = "service";
      },
    },
  },
});

createServer(provider.callback()).listen(given.port, "127.0.0.1", () => {
  console.log(JSON.stringify({ ready: true }));
});
