'use strict';
const { Pool } = require('pg');
const log = require('./log');

const pool = new Pool({ connectionString: process.env.STORE_DSN, max: 6, connectionTimeoutMillis: Number(process.env.STORE_CONNECT_MS || 4000) });
pool.on('error', (error) => log.warn({ err: error }, 'idle connection lost'));

exports.basket = async (id, owner) => {
  try {
    const found = await pool.query('SELECT id, lines FROM baskets WHERE id = $1 AND owner = $2', [id, owner]);
    return found.rows[0] || { id, lines: 0 };
  } catch (error) {
    throw Object.assign(new Error('baskets could not be read', { cause: error }), { status: 503 });
  }
};
