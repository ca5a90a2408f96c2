'use strict';
const jose = require('jose');
const log = require('./log');

const key = new TextEncoder().encode(process.env.SESSION_SIGNING_KEY || '');

exports.bearer = async function bearer(req, res, next) {
  const given = (req.headers.authorization || '').replace(/^Bearer /, '');
  if (!given) return res.status(401).json({ error: 'token_missing' });
  try {
    const { payload } = await jose.jwtVerify(given, key, { issuer: process.env.ISSUER, audience: 'catalogue' });
    req.claims = payload;
  } catch (error) {
    log.warn({ code: error.code, reason: error.message }, 'token refused');
    return res.status(401).json({ error: 'token_refused' });
  }
  next();
};
