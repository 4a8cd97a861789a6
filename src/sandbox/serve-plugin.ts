import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';

import {
  createPluginCertificate,
  loadControllerService,
  loadProviderService,
  MAGIC_COOKIE,
} from '../providers/index.ts';
import { afterCall, beforeCall } from './faults.ts';
import type { Call, SandboxProvider } from './provider-service.ts';
import type { TypedRequest } from './wire-messages.ts';

/** The environment that whoever starts a plugin hands over. */
export type PluginEnvironment = Readonly<Record<string, string | undefined>>;

const SOCKET_PATH_LIMIT = 107; // bytes that a socket address holds on Linux

/** Whether a plugin host started this process, rather than a person at a prompt. */
export function startedByHost(environment: PluginEnvironment): boolean {
  return environment[MAGIC_COOKIE.name] === MAGIC_COOKIE.value;
}

/**
 * Offers the provider over protocol 6 and prints the handshake line; the process then lives until it is stopped.
 * A host that sends a certificate gets mutual TLS, which both sides pin.
 */
export async function servePlugin(provider: SandboxProvider, environment: PluginEnvironment): Promise<void> {
  const socket = socketPath(environment);
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  const stop = stopOnce(server, provider);
  server.addService(await loadProviderService(6), providerCalls(provider));
  server.addService(await loadControllerService(), { Shutdown: shutdownCall(stop) });
  const { credentials, certificate } = transport(environment['PLUGIN_CLIENT_CERT']);
  await bind(server, socket, credentials);
  process
    .on('SIGTERM', stop)
    .on('SIGHUP', stop)
    .on('SIGINT', () => {}); // a terminal's Ctrl-C is for the host to handle
  stopWithHost(stop);
  const noise = provider.faults().get('stdout_noise');
  if (noise === 'before') process.stdout.write('fault: noise before the handshake\n');
  process.stdout.write(`${provider.faults().get('handshake') ?? `1|6|unix|${socket}|grpc|${certificate}`}\n`);
  if (noise === 'after') process.stdout.write('fault: noise after the handshake\n');
}

function socketPath(environment: PluginEnvironment): string {
  const path = join(
    environment['PLUGIN_UNIX_SOCKET_DIR'] ?? tmpdir(),
    `sandbox-${randomBytes(6).toString('hex')}.sock`,
  );
  if (Buffer.byteLength(path) > SOCKET_PATH_LIMIT)
    throw new Error(`socket path too long: ${path}; set PLUGIN_UNIX_SOCKET_DIR`);
  return path;
}

function transport(clientCertificate: string | undefined): { credentials: ServerCredentials; certificate: string } {
  if (clientCertificate === undefined || clientCertificate === '') {
    return { credentials: ServerCredentials.createInsecure(), certificate: '' };
  }
  const own = createPluginCertificate();
  const pair = { private_key: Buffer.from(own.keyPem), cert_chain: Buffer.from(own.certificatePem) };
  return {
    credentials: ServerCredentials.createSsl(Buffer.from(clientCertificate), [pair], true),
    certificate: Buffer.from(own.certificateDer).toString('base64').replace(/=+$/, ''), // Go expects no padding
  };
}

function bind(server: Server, socket: string, credentials: ServerCredentials): Promise<void> {
  return new Promise((done, fail) => {
    server.bindAsync(`unix:${socket}`, credentials, (cause) => (cause === null ? done() : fail(cause)));
  });
}

const HOST_CHECK_MS = 1_000;

/** A host that was killed could not stop us; whoever loses its parent is given another one. */
function stopWithHost(stop: () => void): void {
  const host = process.ppid;
  setInterval(() => {
    if (process.ppid !== host) stop();
  }, HOST_CHECK_MS).unref();
}

type Answer = sendUnaryData<object>;

function providerCalls(
  provider: SandboxProvider,
): Record<string, (call: ServerUnaryCall<TypedRequest, object>, answer: Answer) => void> {
  return Object.fromEntries(
    Object.entries(provider.calls).map(([name, call]) => [
      name,
      ({ request }, answer) => {
        runCall(provider, name, call, request).then(
          (response) => answer(null, response),
          (cause: unknown) =>
            answer({ code: status.INTERNAL, details: cause instanceof Error ? cause.message : 'failed' }),
        );
      },
    ]),
  );
}

async function runCall(provider: SandboxProvider, name: string, call: Call, request: TypedRequest): Promise<object> {
  const faults = provider.faults();
  await beforeCall(faults, name);
  return afterCall(faults, name, await call(request));
}

function shutdownCall(stop: () => void) {
  return (_call: ServerUnaryCall<object, object>, answer: Answer): void => {
    answer(null, {});
    setImmediate(stop); // after the answer has left; hosts take its loss for an answer as well
  };
}

function stopOnce(server: Server, provider: SandboxProvider): () => void {
  return () => {
    if (provider.faults().has('ignore_stop')) return;
    server.forceShutdown(); // closes and removes the socket
    process.exit(0);
  };
}
