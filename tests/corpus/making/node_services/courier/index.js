'use strict';
// Plans deliveries. Callers are known to the identity service, which is asked about each token.
const fs = require('fs');
const express = require('express');
const { Breaker } = require('./breaker');

const say = (level, text) => (level === 'ERROR' ? console.error : console.log)(`${new Date().toISOString()} ${level} [courier] ${text}`);
const identity = process.env.IDENTITY_URL;
const breaker = new Breaker('identity', say);

async function settings() {
  const place = process.env.SETTINGS_URL;
  try {
    const answer = await fetch(`${place}/v1/settings/courier`, { signal: AbortSignal.timeout(1500) });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return { ...(await answer.json()), source: place };
  } catch (error) {
    const file = './settings.bundled.json';
    const kept = JSON.parse(fs.readFileSync(file, 'utf8'));
    say('WARN', `settings could not be fetched from ${place} (${(error.cause && error.cause.code) || error.message}); using ${file} of ${kept.written}`);
    return { ...kept, source: file };
  }
}

async function introspect(token) {
  const answer = await breaker.call(() =>
    fetch(`${identity}/introspect`, { method: 'POST', body: new URLSearchParams({ token }), signal: AbortSignal.timeout(2000) }));
  if (!answer.ok) throw new Error(`identity answered ${answer.status}`);
  return answer.json();
}

async function main() {
  const known = await settings();
  say('INFO', `settings from ${known.source}: zones ${Object.keys(known.zones).join(',')}; partner keys ${known.partner_kids.join(',')}`);
  const app = express();
  app.use((req, res, next) => { res.set('x-build', process.env.BUILD || 'dev'); next(); });
  app.get('/livez', (req, res) => res.send('alive'));
  app.use(async (req, res, next) => {
    const token = (req.headers.authorization || '').slice(7);
    try {
      const told = await introspect(token);
      if (!told.active) {
        say('WARN', `${req.method} ${req.path} 401 token is not active`);
        return res.status(401).json({ error: 'unauthorized' });
      }
      req.caller = told.sub;
      next();
    } catch (error) {
      say('ERROR', `${req.method} ${req.path} 401 caller could not be authenticated: ${error.message}${error.cause ? ` (${error.cause.code || error.cause.message})` : ''}`);
      res.status(401).json({ error: 'unauthorized' });
    }
  });
  app.get('/routes/:zone', (req, res) => {
    const zone = known.zones[req.params.zone];
    if (!zone) {
      say('ERROR', `GET ${req.path} 422 no such zone: ${req.params.zone} (known: ${Object.keys(known.zones).join(',')})`);
      return res.status(422).json({ error: 'unknown_zone' });
    }
    say('INFO', `GET ${req.path} 200 for ${req.caller}`);
    res.json({ zone: req.params.zone, stops: zone });
  });
  app.post('/partner/callbacks', (req, res) => {
    const kid = req.headers['x-partner-kid'];
    if (!known.partner_kids.includes(kid)) {
      say('ERROR', `POST /partner/callbacks 403 signature key '${kid}' is not known`);
      return res.status(403).json({ error: 'unknown_key' });
    }
    say('INFO', `POST /partner/callbacks 202 signed with '${kid}'`);
    res.status(202).json({ taken: true });
  });
  app.listen(Number(process.env.PORT), () => say('INFO', `courier ${process.env.BUILD || 'dev'} on port ${process.env.PORT}`));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
