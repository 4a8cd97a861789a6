import { fileURLToPath } from 'node:url';

import type { AnyDefinition, MessageTypeDefinition, PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';

import { invariant } from '../../shared/errors.ts';

export type ProtocolVersion = 5 | 6;

/** All that a client of one version of the protocol calls and reads. */
export interface ProtocolDefinitions {
  readonly provider: ServiceDefinition;
  readonly controller: ServiceDefinition;
  readonly stdio: ServiceDefinition;
  /** One type's schema by itself. */
  readonly schema: MessageTypeDefinition<object, object>;
  /** The answer to a schema call with each type's schema still as bytes. */
  readonly schemaParts: MessageTypeDefinition<object, object>;
}

const folder = fileURLToPath(new URL('.', import.meta.url));

// 64-bit integers arrive as decimal text (exact), enums as their names, absent messages as null.
const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true, includeDirs: [folder] };

const packages = new Map<string, Promise<PackageDefinition>>();

// Parsing a .proto file costs tens of milliseconds, so each is parsed once a process. The parser itself is loaded here
// and not on top: the server, which never speaks to a provider, need not carry it.
function loadFile(file: string): Promise<PackageDefinition> {
  const known = packages.get(file);
  if (known !== undefined) return known;
  const loading = import('@grpc/proto-loader').then(({ load }) => load(file, options));
  packages.set(file, loading);
  return loading;
}

async function loadService(file: string, name: string): Promise<ServiceDefinition> {
  const definition = (await loadFile(file))[name];
  invariant(definition !== undefined && !('format' in definition), `${file} has no service ${name}`);
  return definition;
}

/** The provider's service in one version of the protocol, for a gRPC client or server. */
export function loadProviderService(version: ProtocolVersion): Promise<ServiceDefinition> {
  return loadService(`tfplugin${version}.proto`, `tfplugin${version}.Provider`);
}

/** The service that stops a plugin process. A server has to offer it: without it each process is killed after two seconds. */
export function loadControllerService(): Promise<ServiceDefinition> {
  return loadService('go-plugin.proto', 'plugin.GRPCController');
}

/** What a client needs, once it knows which version the provider speaks. */
export async function loadProtocol(version: ProtocolVersion): Promise<ProtocolDefinitions> {
  return {
    provider: await loadProviderService(version),
    controller: await loadControllerService(),
    stdio: await loadService('go-plugin.proto', 'plugin.GRPCStdio'),
    schema: await loadMessage(version, `tfplugin${version}.Schema`),
    schemaParts: await loadMessage(version, 'sluice.plugin.SchemaParts'),
  };
}

async function loadMessage(version: ProtocolVersion, name: string): Promise<MessageTypeDefinition<object, object>> {
  const definition = (await loadFile(`tfplugin${version}.proto`))[name];
  invariant(isMessage(definition), `no message ${name}`);
  return definition;
}

function isMessage(definition: AnyDefinition | undefined): definition is MessageTypeDefinition<object, object> {
  return definition !== undefined && 'deserialize' in definition && typeof definition.deserialize === 'function';
}
