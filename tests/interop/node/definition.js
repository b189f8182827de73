// The emulator's interface definition against Google's own, as @google-cloud/kms and google-gax carry it:
// `definition.js FOLDER_OF_OUR_PROTOS`. What is served must be the same in every number, type, label, name and HTTP form,
// and nothing may be missing of a message that it reaches.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const protobuf = require('protobufjs');
const {assert, ok} = require('./check');

const GOOGLES = ['@google-cloud/kms', 'google-gax'].map(name =>
  path.join(process.env.NODE_PATH, name, 'build/protos')
);

const KMS = '.google.cloud.kms.v1.';

const filesOf = folder => fs.readdirSync(folder, {recursive: true}).filter(name => name.endsWith('.proto'));

/** Google's files of the packages that we define. Which file of a package says what is nobody's concern. */
function counterparts(names) {
  const packages = new Set(names.map(name => path.dirname(name)));
  return GOOGLES.flatMap(filesOf).filter(name => packages.has(path.dirname(name)));
}

function load(folders, names) {
  const root = new protobuf.Root();
  root.resolvePath = (_, name) => {
    const found = folders.map(folder => path.join(folder, name)).find(file => fs.existsSync(file));
    return found ?? null;
  };
  // Imports that neither side carries are the well-known types, which the parser has built in.
  return root.loadSync(names, {keepCase: true}).resolveAll();
}

const nameOf = type => (type ? type.fullName : null);

function field(field) {
  return {
    id: field.id,
    type: nameOf(field.resolvedType) ?? field.type,
    key: field.keyType ?? null,
    repeated: field.repeated,
    oneof: field.partOf ? field.partOf.name : null,
    optional: Boolean(field.options?.proto3_optional),
  };
}

const shape = {
  message: type => Object.fromEntries(type.fieldsArray.map(each => [each.name, field(each)])),
  enumeration: type => ({...type.values}),
  method: method => ({
    request: nameOf(method.resolvedRequestType),
    response: nameOf(method.resolvedResponseType),
    streams: [Boolean(method.requestStream), Boolean(method.responseStream)],
    http: method.parsedOptions?.find(option => option['(google.api.http)'])?.['(google.api.http)'] ?? null,
  }),
};

const only = (all, chosen) => Object.fromEntries(Object.entries(all).filter(([name]) => name in chosen));

class Comparison {
  constructor(google, own) {
    this.google = google;
    this.own = own;
    this.seen = new Set();
    this.differences = [];
    this.methods = 0;
    this.fields = 0;
  }

  differs(name, found, wanted) {
    try {
      assert.deepEqual(found, wanted);
    } catch {
      this.differences.push(`${name}: ${JSON.stringify(found)}, and Google has ${JSON.stringify(wanted)}`);
    }
  }

  /** Names of either side, each with what both sides say of it. */
  pairs(name, found, wanted, compare) {
    for (const each of new Set([...Object.keys(found), ...Object.keys(wanted)])) {
      if (!(each in found)) this.differences.push(`${name}.${each}: missing`);
      else if (!(each in wanted)) this.differences.push(`${name}.${each}: unknown to Google`);
      else compare(each);
    }
  }

  /**
   * Cloud KMS's own services must be whole. Of the ones that all of Google's APIs share, an API serves what it likes, in
   * HTTP forms of its own choice, which the clients over REST know and use.
   */
  service(service) {
    const google = this.google.lookupService(service.fullName);
    const shared = !service.fullName.startsWith(KMS);
    const methods = shared ? only(google.methods, service.methods) : google.methods;
    this.pairs(service.fullName, service.methods, methods, name => {
      this.methods++;
      const [found, wanted] = [shape.method(service.methods[name]), shape.method(google.methods[name])];
      if (shared) wanted.http = found.http;
      this.differs(`${service.fullName}.${name}`, found, wanted);
      this.type(found.request);
      this.type(found.response);
    });
  }

  type(name) {
    if (this.seen.has(name)) return;
    this.seen.add(name);
    const [own, google] = [this.own.lookup(name), this.google.lookup(name)];
    if (!google) return void this.differences.push(`${name}: unknown to Google`);
    if (own instanceof protobuf.Enum) {
      const [found, wanted] = [shape.enumeration(own), shape.enumeration(google)];
      return this.pairs(name, found, wanted, each => this.differs(`${name}.${each}`, found[each], wanted[each]));
    }
    const [found, wanted] = [shape.message(own), shape.message(google)];
    this.pairs(name, found, wanted, each => {
      this.fields++;
      this.differs(`${name}.${each}`, found[each], wanted[each]);
    });
    for (const each of own.fieldsArray) if (each.resolvedType) this.type(each.resolvedType.fullName);
  }

  /** Services, and messages that only come as details. */
  everything(namespace) {
    // Only how options are written, and the well-known types, which are the parser's own on both sides.
    if (['.google.api', '.google.protobuf'].includes(namespace.fullName)) return;
    for (const nested of namespace.nestedArray) {
      if (nested instanceof protobuf.Service) this.service(nested);
      else if (nested instanceof protobuf.Type || nested instanceof protobuf.Enum) this.type(nested.fullName);
      else if (nested instanceof protobuf.Namespace) this.everything(nested);
    }
  }
}

function main([folder]) {
  // What is not in Google's namespace is the emulator's own interface; google.api only says how options are written.
  const names = filesOf(folder).filter(name => name.startsWith('google/') && !name.startsWith('google/api/'));
  const compared = new Comparison(load(GOOGLES, counterparts(names)), load([folder], names));
  compared.everything(compared.own.lookup('google'));
  const {differences, methods, fields} = compared;
  for (const difference of differences) console.error(difference);
  assert.equal(differences.length, 0, `${differences.length} differences`);
  assert(methods >= 35 && fields > 100, `only ${methods} calls and ${fields} fields were compared`);
  ok(`${methods} calls and ${fields} fields are Google's`);
}

main(process.argv.slice(2));
