// The emulator's time, which its own interface steers.
'use strict';

const {assert} = require('./check');

class Clock {
  constructor(endpoint) {
    this.url = `${endpoint}/emulator/v1/clock`;
  }

  /** In whole seconds. */
  async now() {
    const {now} = await this.call(this.url);
    return Math.floor(Date.parse(now) / 1000);
  }

  /** By so many seconds. What is due by then has happened when this returns. */
  move(by) {
    return this.call(`${this.url}:move`, {by: `${by}s`});
  }

  /** Emulated seconds a second. */
  setRate(rate) {
    return this.call(`${this.url}:setRate`, {rate});
  }

  async call(url, body) {
    const post = {method: 'POST', body: JSON.stringify(body), headers: {'content-type': 'application/json'}};
    const answer = await fetch(url, body && post);
    assert(answer.ok, `${url}: ${answer.status}`);
    return answer.json();
  }
}

/** Looks again until `holds`: for what comes by itself, and takes as long as it takes. */
async function waitUntil(holds, what, patience = 60_000) {
  const deadline = Date.now() + patience;
  while (!(await holds())) {
    assert(Date.now() < deadline, `still not: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

module.exports = {Clock, waitUntil};
