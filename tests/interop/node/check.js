// What the programs in Node share: how a fact is told, how a refusal is read, and the checksum.
'use strict';

const assert = require('node:assert/strict');
const {GoogleError, Status} = require('google-gax');

const ok = fact => console.log(`ok ${fact}`);

/** The error of the client with exactly this status, and `said` in its message, with which `call` must fail. */
async function refused(status, call, said = '') {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    assert(error instanceof GoogleError, `${error}: not the client's own error`);
    assert.equal(Status[error.code], status, error.message);
    assert(error.message.includes(said), `${error.message}: without ${said}`);
    return error;
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
