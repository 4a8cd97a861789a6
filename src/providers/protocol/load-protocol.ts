import { fileURLToPath } from 'node:url';

import {
  loadSync,
  type AnyDefinition,
  type MessageTypeDefinition,
  type PackageDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';

import { invariant } from '../../shared/errors.ts';

export type ProtocolVersion = 5 | 6;

const folder = fileURLToPath(new URL('.', import.meta.url));

// 64-bit integers arrive as decimal text (exact), enums as their names, absent messages as null.
const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true, includeDirs: [folder] };

const packages = new Map<string, PackageDefinition>();

// Parsing a .proto file costs tens of milliseconds, so each is parsed once a process and only when it is needed.
function loadFile(file: string): PackageDefinition {
  const known = packages.get(file);
  if (known !== undefined) return known;
  const loaded = loadSync(file, options);
  packages.set(file, loaded);
  return loaded;
}

function loadService(file: string, name: string): ServiceDefinition {
  const definition = loadFile(file)[name];
  invariant(definition !== undefined && !('format' in definition), `${file} has no service ${name}`);
  return definition;
}

/** The provider's service in one version of the protocol, for a gRPC client or server. */
export function loadProviderService(version: ProtocolVersion): ServiceDefinition {
  return loadService(`tfplugin${version}.proto`, `tfplugin${version}.Provider`);
}

/** The service that stops a plugin process. A server has to offer it: without it each process is killed after two seconds. */
export function loadControllerService(): ServiceDefinition {
  return loadService('go-plugin.proto', 'plugin.GRPCController');
}

/** The service that carries a plugin's standard streams; a server may leave it out. */
export function loadStdioService(): ServiceDefinition {
  return loadService('go-plugin.proto', 'plugin.GRPCStdio');
}

/** One message by its full name, to read or write it outside a call. */
export function loadMessage(version: ProtocolVersion, name: string): MessageTypeDefinition<object, object> {
  const definition = loadFile(`tfplugin${version}.proto`)[name];
  invariant(isMessage(definition), `no message ${name}`);
  return definition;
}

function isMessage(definition: AnyDefinition | undefined): definition is MessageTypeDefinition<object, object> {
  return definition !== undefined && 'deserialize' in definition && typeof definition.deserialize === 'function';
}
