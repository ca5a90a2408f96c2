'use strict';
const express = require('express');
const log = require('./lib/log');
const { bearer } = require('./lib/tokens');
const prices = require('./lib/prices');
const store = require('./lib/store');

const app = express();
app.use(express.json());
app.use((req, res, next) => {
  const began = process.hrtime.bigint();
  res.on('finish', () => {
    const ms = Number(process.hrtime.bigint() - began) / 1e6;
    log[res.statusCode >= 500 ? 'error' : 'info'](
      { method: req.method, url: req.url, status: res.statusCode, ms: Math.round(ms * 10) / 10, sub: req.claims && req.claims.sub },
      'request completed',
    );
  });
  next();
});
app.get('/healthz', (req, res) => res.send('ok'));
app.get('/version', (req, res) => res.json({ sha: process.env.GIT_SHA, revision: process.env.K_REVISION }));
app.get('/v2/items', bearer, (req, res) => res.json({ items: prices.all() }));
app.get('/v2/items/:id/price', bearer, (req, res, next) => {
  try {
    res.json(prices.quote(req.params.id, req.query.tier));
  } catch (error) {
    next(error);
  }
});
app.get('/v2/baskets/:id', bearer, (req, res, next) => {
  store.basket(req.params.id, req.claims.sub).then((b) => res.json(b), next);
});
app.use((req, res) => res.status(404).json({ error: 'not_found' }));
app.use((error, req, res, next) => {
  log.error({ err: error, url: req.url }, error.status === 503 ? 'dependency failed' : 'unhandled error');
  res.status(error.status || 500).json({ error: error.status === 503 ? 'unavailable' : 'internal' });
});

const port = Number(process.env.PORT || 8080);
const server = app.listen(port, () => log.info({ port, version: process.env.GIT_SHA }, 'catalogue is listening'));
process.on('SIGTERM', () => server.close(() => { log.info('closed'); process.exit(0); }));
