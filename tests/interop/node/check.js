// What the programs in Node share: how a fact is told, how a refusal is read, and the checksum.
'use strict';

const assert = require('node:assert/strict');
const {Status} = require('google-gax');

const ok = fact => console.log(`ok ${fact}`);

/** Over gRPC the client takes an error apart; over REST it throws the body of the answer, as it came, as the message. */
function read(error) {
  if (error.response) return JSON.parse(error.message).error;
  return {status: Status[error.code], message: error.message, details: error.statusDetails};
}

/** What is said with the error of the client with which `call` must fail: exactly this status, and `said` in the message. */
async function refused(status, call, said = '') {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    const refusal = read(error);
    assert.equal(refusal.status, status, error.stack);
    assert(refusal.message.includes(said), `${refusal.message}: without ${said}`);
    return refusal;
  }
  assert.fail(`${JSON.stringify(answer)}, and it should be refused as ${status}`);
}

const TABLE = Uint32Array.from({length: 256}, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = (byte >>> 1) ^ (byte & 1 ? 0x82f63b78 : 0);
  return byte;
});

/** The checksum that Cloud KMS goes by, written anew: the emulator must not be compared with its own. */
function crc32c(data) {
  let sum = 0xffffffff;
  for (const byte of data) sum = (sum >>> 8) ^ TABLE[(sum ^ byte) & 0xff];
  return (sum ^ 0xffffffff) >>> 0;
}

module.exports = {assert, crc32c, ok, refused};
