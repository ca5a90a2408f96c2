'use strict';
const FAILURES = 4;
const REST_MS = 700;

class Breaker {
  constructor(name, say) {
    Object.assign(this, { name, say, failures: 0, openedAt: null });
  }

  async call(work) {
    if (this.openedAt !== null) {
      if (Date.now() - this.openedAt < REST_MS) {
        this.refused();
        throw new Error(`circuit '${this.name}' is open`);
      }
      this.say('INFO', `circuit '${this.name}' lets one call through`);
    }
    try {
      const answer = await work();
      if (this.openedAt !== null) this.say('INFO', `circuit '${this.name}' closed`);
      this.failures = 0;
      this.openedAt = null;
      return answer;
    } catch (error) {
      this.failures += 1;
      if (this.failures >= FAILURES) {
        this.say('ERROR', `circuit '${this.name}' open after ${this.failures} failures: ${(error.cause && error.cause.code) || error.message}`);
        this.openedAt = Date.now();
      }
      throw error;
    }
  }

  refused() {}
}

module.exports = { Breaker };
