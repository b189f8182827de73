// The interop list with @google-cloud/kms: `kms.js grpc|rest http://HOST:PORT`.
//
// Only the endpoint, the plaintext channel, the anonymous credentials, and the clock at the end know of an emulator.
'use strict';

const {KeyManagementServiceClient} = require('@google-cloud/kms');
const {PassThroughClient} = require('google-auth-library');
const {grpc} = require('google-gax');
const {assert, crc32c, ok, refused} = require('./check');
const {Clock, waitUntil} = require('./clock');

const LOCATION = 'projects/interop/locations/europe-west3';
const RING = `${LOCATION}/keyRings/ring`;
const KEY = `${RING}/cryptoKeys/key`;
const DAY = 24 * 60 * 60;
const TEXT = Buffer.from('Grüße, a data key');
const AAD = Buffer.from('projects/interop/objects/1');
const NOTHING = Buffer.alloc(0);
const SYMMETRIC = {purpose: 'ENCRYPT_DECRYPT'};
// What callers may do is by the text of the bearer token.
const ANN = {otherArgs: {headers: {authorization: 'Bearer user:ann@example.com'}}};

function clientOf(transport, endpoint) {
  const {hostname, port} = new URL(endpoint);
  const place = {apiEndpoint: hostname, port: Number(port), authClient: new PassThroughClient()};
  return transport === 'grpc'
    ? new KeyManagementServiceClient({...place, sslCreds: grpc.credentials.createInsecure()})
    : new KeyManagementServiceClient({...place, fallback: true, protocol: 'http'});
}

const version = (number, key = KEY) => `${key}/cryptoKeyVersions/${number}`;
const seconds = time => Number(time.seconds);
const names = resources => resources.map(resource => resource.name);

/** Encrypts with checksums both ways, as Google asks of its callers. */
async function encrypt(client, name, plaintext = TEXT, additionalAuthenticatedData = AAD, call = {}) {
  const [answer] = await client.encrypt(
    {
      name,
      plaintext,
      plaintextCrc32c: {value: crc32c(plaintext)},
      additionalAuthenticatedData,
      additionalAuthenticatedDataCrc32c: {value: crc32c(additionalAuthenticatedData)},
    },
    call
  );
  assert(answer.verifiedPlaintextCrc32c, 'the checksum of the plaintext was not verified');
  assert(answer.verifiedAdditionalAuthenticatedDataCrc32c, 'the checksum of the AAD was not verified');
  assert.equal(Number(answer.ciphertextCrc32c.value), crc32c(answer.ciphertext), 'checksum of the ciphertext');
  return answer;
}

async function decrypt(client, ciphertext, additionalAuthenticatedData = AAD, name = KEY, call = {}) {
  const [answer] = await client.decrypt(
    {
      name,
      ciphertext,
      ciphertextCrc32c: {value: crc32c(ciphertext)},
      additionalAuthenticatedData,
      additionalAuthenticatedDataCrc32c: {value: crc32c(additionalAuthenticatedData)},
    },
    call
  );
  assert.equal(Number(answer.plaintextCrc32c.value), crc32c(answer.plaintext), 'checksum of the plaintext');
  assert.equal(answer.protectionLevel, 'SOFTWARE');
  return {text: Buffer.from(answer.plaintext).toString('hex'), usedPrimary: answer.usedPrimary};
}

const opened = (plaintext, usedPrimary) => ({text: plaintext.toString('hex'), usedPrimary});

/** Kind and subject of the PreconditionFailure. */
function violation(refusal) {
  const {type, subject} = refusal.details.find(detail => detail.violations).violations[0];
  return {type, subject};
}

async function setState(client, name, state) {
  const [changed] = await client.updateCryptoKeyVersion({
    cryptoKeyVersion: {name, state},
    updateMask: {paths: ['state']},
  });
  assert.equal(changed.state, state);
}

async function rings(client) {
  const [made] = await client.createKeyRing({parent: LOCATION, keyRingId: 'ring', keyRing: {}});
  assert.equal(made.name, RING);
  assert(seconds(made.createTime) > 0, 'the ring has no time of creation');
  const [read] = await client.getKeyRing({name: RING});
  assert.deepEqual(read, made, 'the ring as read back');
  const [list] = await client.listKeyRings({parent: LOCATION});
  assert.deepEqual(names(list), [RING]);
  const [elsewhere] = await client.listKeyRings({parent: 'projects/interop/locations/global'});
  assert.deepEqual(elsewhere, [], 'rings of another location');
  ok('rings');
}

async function keys(client) {
  const cryptoKey = {...SYMMETRIC, labels: {team: 'alpha'}, destroyScheduledDuration: {seconds: DAY}};
  const [made] = await client.createCryptoKey({parent: RING, cryptoKeyId: 'key', cryptoKey});
  assert.equal(made.name, KEY);
  assert.equal(made.primary.name, version(1));
  assert.equal(made.primary.state, 'ENABLED');
  assert.equal(made.primary.algorithm, 'GOOGLE_SYMMETRIC_ENCRYPTION');
  assert.equal(made.versionTemplate.protectionLevel, 'SOFTWARE');
  assert.equal(seconds(made.destroyScheduledDuration), DAY);
  assert.deepEqual({...made.labels}, {team: 'alpha'});
  const [read] = await client.getCryptoKey({name: KEY});
  assert.deepEqual(read, made, 'the key as read back');
  const [usual] = await client.createCryptoKey({parent: RING, cryptoKeyId: 'usual', cryptoKey: SYMMETRIC});
  assert.equal(seconds(usual.destroyScheduledDuration), 30 * DAY, 'time that a destruction waits when nothing is said');
  const [list] = await client.listCryptoKeys({parent: RING});
  assert.deepEqual(names(list), [KEY, usual.name]);
  ok('keys');
}

async function encryptAndDecrypt(client) {
  for (const text of [TEXT, NOTHING, Buffer.alloc(65536)]) {
    for (const aad of [AAD, NOTHING]) {
      const made = await encrypt(client, KEY, text, aad);
      assert.equal(made.name, version(1), 'version that encrypted');
      assert.deepEqual(await decrypt(client, made.ciphertext, aad), opened(text, true));
    }
  }
  await refused('INVALID_ARGUMENT', () => client.encrypt({name: KEY, plaintext: Buffer.alloc(65537)}));
  ok('encrypt and decrypt');
}

async function checksums(client) {
  const [bare] = await client.encrypt({name: KEY, plaintext: TEXT});
  assert(!bare.verifiedPlaintextCrc32c, 'a checksum that was not sent cannot be verified');
  const plaintextCrc32c = {value: (crc32c(TEXT) ^ 1) >>> 0};
  let said = 'The checksum in field plaintext_crc32c did not match the data in field plaintext.';
  await refused('INVALID_ARGUMENT', () => client.encrypt({name: KEY, plaintext: TEXT, plaintextCrc32c}), said);
  const {ciphertext} = bare;
  const ciphertextCrc32c = {value: (crc32c(ciphertext) ^ 1) >>> 0};
  said = 'The checksum in field ciphertext_crc32c did not match the data in field ciphertext.';
  await refused('INVALID_ARGUMENT', () => client.decrypt({name: KEY, ciphertext, ciphertextCrc32c}), said);
  ok('checksums');
}

async function anotherAad(client) {
  const {ciphertext} = await encrypt(client, KEY);
  const wrong = [
    [ciphertext, NOTHING],
    [ciphertext, Buffer.concat([AAD, Buffer.from('0')])],
    [ciphertext.subarray(0, -1), AAD],
    [Buffer.from('nothing like it'), AAD],
    [ciphertext, AAD, `${RING}/cryptoKeys/usual`],
  ];
  for (const call of wrong) await refused('INVALID_ARGUMENT', () => decrypt(client, ...call), 'Decryption failed');
  ok('another AAD');
}

async function encryptToAVersion(client) {
  const [second] = await client.createCryptoKeyVersion({parent: KEY, cryptoKeyVersion: {}});
  assert.equal(second.name, version(2));
  assert.equal(second.state, 'ENABLED');
  const [key] = await client.getCryptoKey({name: KEY});
  assert.equal(key.primary.name, version(1), 'primary after a version was made');
  const made = await encrypt(client, version(2));
  assert.equal(made.name, version(2), 'version that encrypted');
  assert.deepEqual(await decrypt(client, made.ciphertext), opened(TEXT, false));
  ok('encrypt to a version');
}

async function rotate(client) {
  const old = await encrypt(client, KEY);
  assert.equal(old.name, version(1), 'version that encrypted');
  const [key] = await client.updateCryptoKeyPrimaryVersion({name: KEY, cryptoKeyVersionId: '2'});
  assert.equal(key.primary.name, version(2));
  assert.equal((await encrypt(client, KEY)).name, version(2), 'version that encrypts now');
  assert.deepEqual(await decrypt(client, old.ciphertext), opened(TEXT, false));
  const [list] = await client.listCryptoKeyVersions({parent: KEY});
  assert.deepEqual(names(list), [version(1), version(2)]);
  ok('rotate');
  return old.ciphertext;
}

async function disableAndEnable(client, old) {
  await setState(client, version(1), 'DISABLED');
  const [read] = await client.getCryptoKeyVersion({name: version(1)});
  assert.equal(read.state, 'DISABLED');
  const said = `${version(1)} is not enabled, current state is: DISABLED.`;
  const error = await refused('FAILED_PRECONDITION', () => decrypt(client, old), said);
  assert.deepEqual(violation(error), {type: 'KEY_DISABLED', subject: version(1)});
  await refused('FAILED_PRECONDITION', () => encrypt(client, version(1)), said);
  await setState(client, version(1), 'ENABLED');
  assert.deepEqual(await decrypt(client, old), opened(TEXT, false));
  await refused('INVALID_ARGUMENT', () => setState(client, version(1), 'DESTROYED'));
  ok('disable and enable');
}

async function destroyAndRestore(client, old) {
  const name = version(1);
  const [destroyed] = await client.destroyCryptoKeyVersion({name});
  assert.equal(destroyed.state, 'DESTROY_SCHEDULED');
  const left = seconds(destroyed.destroyTime) - Date.now() / 1000;
  assert(Math.abs(left - DAY) < 300, `${left} seconds left, not a day`);
  const error = await refused('FAILED_PRECONDITION', () => decrypt(client, old), 'DESTROY_SCHEDULED');
  assert.deepEqual(violation(error), {type: 'KEY_DESTROY_SCHEDULED', subject: name});
  const said = `Resource ${name} has value DESTROY_SCHEDULED in field crypto_key_version.state.`;
  await refused('FAILED_PRECONDITION', () => client.destroyCryptoKeyVersion({name}), said);
  await refused('FAILED_PRECONDITION', () => setState(client, name, 'ENABLED'));
  const [restored] = await client.restoreCryptoKeyVersion({name});
  assert.equal(restored.state, 'DISABLED');
  assert(!restored.destroyTime, 'a restored version has a time of destruction');
  await refused('FAILED_PRECONDITION', () => client.restoreCryptoKeyVersion({name}));
  await setState(client, name, 'ENABLED');
  assert.deepEqual(await decrypt(client, old), opened(TEXT, false));
  ok('destroy and restore');
}

async function updateByMask(client) {
  const update = async (paths, fields = {}) => {
    const [key] = await client.updateCryptoKey({cryptoKey: {name: KEY, ...fields}, updateMask: {paths}});
    return key;
  };
  const [ring] = await client.getKeyRing({name: RING});
  const next = seconds(ring.createTime) + 90 * DAY;
  const rotation = {rotationPeriod: {seconds: 90 * DAY}, nextRotationTime: {seconds: next}};
  const labels = {team: 'beta', tier: '1'};
  let key = await update(['labels'], {labels, ...rotation});
  assert.deepEqual({...key.labels}, labels);
  assert(!key.rotationPeriod, 'a rotation period, which the mask did not name');
  key = await update(['rotation_period', 'next_rotation_time'], {labels: {}, ...rotation});
  assert.deepEqual([seconds(key.rotationPeriod), seconds(key.nextRotationTime)], [90 * DAY, next]);
  assert.deepEqual({...key.labels}, labels, 'labels, which the mask did not name');
  key = await update(['rotation_period', 'next_rotation_time', 'labels']);
  assert(!key.rotationPeriod && !key.nextRotationTime, 'what was taken away');
  assert.deepEqual({...key.labels}, {});
  const hour = {rotationPeriod: {seconds: 3600}, nextRotationTime: {seconds: next}};
  await refused('INVALID_ARGUMENT', () => update(['rotation_period', 'next_rotation_time'], hour));
  await refused('INVALID_ARGUMENT', () => update([], {labels}));
  ok('update by mask');
}

async function errors(client) {
  const absent = `${RING}/cryptoKeys/absent`;
  const ring = keyRingId => client.createKeyRing({parent: LOCATION, keyRingId, keyRing: {}});
  const key = (cryptoKeyId, cryptoKey) => client.createCryptoKey({parent: RING, cryptoKeyId, cryptoKey});
  const primary = id => client.updateCryptoKeyPrimaryVersion({name: KEY, cryptoKeyVersionId: id});
  await refused('ALREADY_EXISTS', () => ring('ring'));
  await refused('ALREADY_EXISTS', () => key('key', SYMMETRIC));
  await refused('NOT_FOUND', () => client.getCryptoKey({name: absent}), absent);
  await refused('NOT_FOUND', () => client.getCryptoKeyVersion({name: version(9)}), version(9));
  await refused('NOT_FOUND', () => client.encrypt({name: absent, plaintext: TEXT}));
  await refused('NOT_FOUND', () => primary('9'));
  await refused('INVALID_ARGUMENT', () => ring('no.dots'));
  const short = {...SYMMETRIC, destroyScheduledDuration: {seconds: 23 * 3600}};
  await refused('INVALID_ARGUMENT', () => key('short', short));
  ok('errors');
}

const MANY = `${LOCATION}/keyRings/many`;
const WANTED = Array.from({length: 2500}, (_, number) => `${MANY}/cryptoKeys/key-${String(number).padStart(4, '0')}`);

async function makeMany(client) {
  await client.createKeyRing({parent: LOCATION, keyRingId: 'many', keyRing: {}});
  const numbers = WANTED.keys();
  const makeNext = async () => {
    for (const number of numbers) {
      await client.createCryptoKey({
        parent: MANY,
        cryptoKeyId: WANTED[number].split('/').pop(),
        cryptoKey: {...SYMMETRIC, labels: {shard: String(number % 100)}},
        skipInitialVersionCreation: true,
      });
    }
  };
  await Promise.all([makeNext(), makeNext(), makeNext(), makeNext()]);
}

/** Every page, one call each. */
async function pagesOf(client, request) {
  const pages = [];
  do {
    const [, next, page] = await client.listCryptoKeys(request, {autoPaginate: false});
    pages.push(page);
    request = next;
  } while (request);
  return pages;
}

async function paging(client) {
  await makeMany(client);
  const pages = await pagesOf(client, {parent: MANY, pageSize: 1000});
  assert.deepEqual(pages.map(page => page.cryptoKeys.length), [1000, 1000, 500]);
  assert.deepEqual(pages.map(page => page.totalSize), [2500, 2500, 2500], 'size of the whole list');
  assert.deepEqual(pages.flatMap(page => names(page.cryptoKeys)), WANTED);
  assert(!pages[0].cryptoKeys[0].primary, 'a key without versions has a primary');
  const found = [];
  for await (const key of client.listCryptoKeysAsync({parent: MANY})) found.push(key.name);
  assert.deepEqual(found, WANTED, 'keys in pages as the server likes');
  const foreign = {parent: RING, pageToken: pages[0].nextPageToken};
  await refused('INVALID_ARGUMENT', () => client.listCryptoKeys(foreign, {autoPaginate: false}));
  ok('paging');
}

async function filterAndOrder(client) {
  const shard = await pagesOf(client, {parent: MANY, filter: 'labels.shard=7', pageSize: 10});
  const wanted = WANTED.filter((_, number) => number % 100 === 7);
  assert.deepEqual(shard.flatMap(page => names(page.cryptoKeys)), wanted, 'keys that the filter passes');
  assert.equal(shard[0].totalSize, 0, 'size of a filtered list, which is not told');
  const descending = {parent: MANY, orderBy: 'name desc', pageSize: 1};
  const [[last]] = await client.listCryptoKeys(descending, {autoPaginate: false});
  assert.equal(last.name, WANTED[2499], 'first key from the end');
  const list = async filter => names((await client.listCryptoKeys({parent: MANY, filter}))[0]);
  assert.deepEqual(await list('name:key-0001 OR name:key-2499'), [WANTED[1], WANTED[2499]]);
  assert.deepEqual(await list('primary.state=ENABLED'), []);
  await refused('INVALID_ARGUMENT', () => list('((('));
  ok('filter and order');
}

async function policies(client) {
  const [before] = await client.getIamPolicy({resource: KEY});
  assert.deepEqual(before.bindings, []);
  const binding = {role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter', members: ['user:ann@example.com']};
  const policy = {bindings: [binding], etag: before.etag};
  await client.setIamPolicy({resource: KEY, policy});
  const [after] = await client.getIamPolicy({resource: KEY});
  assert.deepEqual(after.bindings.map(({role, members}) => ({role, members})), [binding]);
  await refused('ABORTED', () => client.setIamPolicy({resource: KEY, policy}));
  const permissions = ['cloudkms.cryptoKeyVersions.useToEncrypt', 'cloudkms.cryptoKeyVersions.destroy'];
  const [owner] = await client.testIamPermissions({resource: KEY, permissions});
  assert.deepEqual(owner.permissions, permissions);
  const [ann] = await client.testIamPermissions({resource: KEY, permissions}, ANN);
  assert.deepEqual(ann.permissions, permissions.slice(0, 1), 'what Ann may do');
  ok('policies');
}

async function permissions(client) {
  const made = await encrypt(client, KEY, TEXT, AAD, ANN);
  assert.deepEqual(await decrypt(client, made.ciphertext, AAD, KEY, ANN), opened(TEXT, true));
  const said = `Permission 'cloudkms.cryptoKeys.get' denied on resource '${KEY}' (or it may not exist).`;
  await refused('PERMISSION_DENIED', () => client.getCryptoKey({name: KEY}, ANN), said);
  const destroy = () => client.destroyCryptoKeyVersion({name: version(1)}, ANN);
  await refused('PERMISSION_DENIED', destroy, 'cloudkms.cryptoKeyVersions.destroy');
  const absent = `${RING}/cryptoKeys/absent`;
  await refused('PERMISSION_DENIED', () => client.getCryptoKey({name: absent}, ANN), 'may not exist');
  ok('permissions');
}

async function randomBytes(client) {
  const ask = async lengthBytes => {
    const asked = {location: LOCATION, lengthBytes, protectionLevel: 'HSM'};
    const [answer] = await client.generateRandomBytes(asked);
    assert.equal(answer.data.length, lengthBytes);
    assert.equal(Number(answer.dataCrc32c.value), crc32c(answer.data));
    return Buffer.from(answer.data).toString('hex');
  };
  assert.notEqual(await ask(32), await ask(32), 'the same bytes twice');
  await refused('INVALID_ARGUMENT', () => ask(7));
  await refused('INVALID_ARGUMENT', () => ask(1025));
  ok('random bytes');
}

async function locations(client, transport) {
  const ids = async () => {
    const found = [];
    for await (const {locationId} of client.listLocationsAsync({name: 'projects/interop'})) found.push(locationId);
    return found;
  };
  const get = async name => (await client.getLocation({name}))[0];
  if (transport === 'rest') {
    // Over REST this client does not know the type of the metadata that Cloud KMS puts into a location, and gives up.
    const unknown = /cannot find type google.cloud.kms.v1.LocationMetadata/;
    await assert.rejects(ids, unknown);
    await assert.rejects(() => get(LOCATION), unknown);
  } else {
    const found = await ids();
    for (const id of ['global', 'europe', 'europe-west3']) assert(found.includes(id), `${id} is missing of ${found}`);
    const one = await get(LOCATION);
    assert.deepEqual([one.name, one.locationId], [LOCATION, 'europe-west3']);
  }
  await refused('NOT_FOUND', () => get('projects/interop/locations/atlantis'));
  ok('locations');
}

async function notServed(client) {
  const call = () => client.decapsulate({name: version(1), ciphertext: Buffer.from('c')});
  await refused('UNIMPLEMENTED', call, 'Decapsulate');
  ok('not served');
}

async function rotationBySchedule(client, clock) {
  const start = await clock.now();
  const cryptoKey = {
    ...SYMMETRIC,
    destroyScheduledDuration: {seconds: DAY},
    rotationPeriod: {seconds: DAY},
    nextRotationTime: {seconds: start + DAY},
  };
  const [{name}] = await client.createCryptoKey({parent: RING, cryptoKeyId: 'timed', cryptoKey});
  const get = async () => (await client.getCryptoKey({name}))[0];
  const old = await encrypt(client, name);
  assert.equal(old.name, version(1, name), 'version that encrypted');
  await clock.setRate(DAY);
  await waitUntil(async () => (await get()).primary.name !== old.name, 'another primary');
  await clock.setRate(1);
  const key = await get();
  // A slow machine may have seen more days than one.
  const [versions] = await client.listCryptoKeyVersions({parent: name});
  const days = versions.length - 1;
  assert.equal(key.primary.name, version(days + 1, name), 'primary');
  assert.equal(seconds(key.nextRotationTime), start + (days + 1) * DAY, 'time of the next rotation');
  assert.equal((await encrypt(client, name)).name, key.primary.name, 'version that encrypts now');
  assert.deepEqual(await decrypt(client, old.ciphertext, AAD, name), opened(TEXT, false));
  ok('rotation by schedule');
  return old;
}

async function destructionForGood(client, clock, old) {
  const name = old.name;
  const [{destroyTime}] = await client.destroyCryptoKeyVersion({name});
  await clock.move(DAY + 60);
  const [gone] = await client.getCryptoKeyVersion({name});
  assert.equal(gone.state, 'DESTROYED');
  assert.deepEqual(gone.destroyEventTime, destroyTime, 'time at which it was destroyed');
  assert(!gone.destroyTime, 'a destroyed version has a time of destruction to come');
  const open = () => decrypt(client, old.ciphertext, AAD, name.split('/cryptoKeyVersions/')[0]);
  const error = await refused('FAILED_PRECONDITION', open, 'DESTROYED');
  assert.deepEqual(violation(error), {type: 'KEY_DESTROYED', subject: name});
  await refused('FAILED_PRECONDITION', () => client.restoreCryptoKeyVersion({name}));
  await refused('FAILED_PRECONDITION', () => setState(client, name, 'ENABLED'));
  ok('destruction for good');
}

async function main([transport, endpoint]) {
  const client = clientOf(transport, endpoint);
  await rings(client);
  await keys(client);
  await encryptAndDecrypt(client);
  await checksums(client);
  await anotherAad(client);
  await encryptToAVersion(client);
  const old = await rotate(client);
  await disableAndEnable(client, old);
  await destroyAndRestore(client, old);
  await updateByMask(client);
  await errors(client);
  await paging(client);
  await filterAndOrder(client);
  await policies(client);
  await permissions(client);
  await randomBytes(client);
  await locations(client, transport);
  await notServed(client);
  const clock = new Clock(endpoint);
  await destructionForGood(client, clock, await rotationBySchedule(client, clock));
  await client.close();
}

main(process.argv.slice(2)).catch(error => {
  console.error(error.stack);
  process.exit(1);
});
