'use strict';
const pino = require('pino');
const severities = { trace: 'DEBUG', debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR', fatal: 'CRITICAL' };
module.exports = pino({
  base: { service: 'catalogue', pid: process.pid },
  messageKey: 'message',
  formatters: { level: (label) => ({ severity: severities[label] }) },
});
