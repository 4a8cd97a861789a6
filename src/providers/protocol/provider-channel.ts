import type { ConnectionOptions } from 'node:tls';

import type { MethodDefinition } from '@grpc/proto-loader';

import { invariant } from '../../shared/errors.ts';
import { pem, type PluginCertificate } from '../plugin-certificate.ts';
import { GrpcClient } from './grpc-client.ts';
import { GrpcError, grpcCodes } from './grpc-error.ts';
import type { Handshake } from './handshake.ts';
import type { ProtocolDefinitions } from './load-protocol.ts';
import type { CallName, MethodNames, WireCalls } from './messages.ts';
import { ProviderCallError } from './provider-call-error.ts';
import { methodNames5 } from './protocol5/method-names.ts';
import { methodNames6 } from './protocol6/method-names.ts';

export interface ChannelOptions {
  readonly maxMessageBytes: number;
}

// What did arrive before the process died is still read.
const LAST_ANSWERS_MS = 250;

interface CallLimits {
  readonly timeoutMs: number;
}

/** The encrypted connection to one provider process, and its calls by our names for them. */
export class ProviderChannel {
  private readonly client: GrpcClient;
  private readonly names: MethodNames;
  private isGone = false;
  readonly definitions: ProtocolDefinitions;

  constructor(handshake: Handshake, own: PluginCertificate, definitions: ProtocolDefinitions, options: ChannelOptions) {
    this.definitions = definitions;
    this.names = handshake.protocol === 5 ? methodNames5 : methodNames6;
    this.client = new GrpcClient({ server: pinnedTls(handshake, own), maxMessageBytes: options.maxMessageBytes });
  }

  /** @throws ProviderCallError */
  call<Name extends CallName>(
    name: Name,
    request: WireCalls[Name]['request'],
    limits: CallLimits,
  ): Promise<WireCalls[Name]['response']> {
    const method = this.definitions.provider[this.names[name]];
    invariant(method !== undefined, `the protocol has no call ${name}`);
    const { deserialize } = name === 'getSchema' ? this.definitions.schemaParts : method.responseType;
    return this.unary(name, { ...method, responseDeserialize: deserialize }, request, limits, (message) =>
      parseAnswer<Name>(message),
    );
  }

  /** Asks the process to end. It ends before it answers, so a lost connection is the expected answer. */
  async shutdown(timeoutMs: number): Promise<void> {
    const method = this.definitions.controller['Shutdown'];
    invariant(method !== undefined, 'the controller has no Shutdown');
    await this.unary('shutdown', method, {}, { timeoutMs }, () => undefined).catch(() => undefined);
  }

  /**
   * Reads what the plugin's own code prints, which its library catches; unread it would stop the plugin once a pipe is
   * full. A server need not offer this.
   */
  readOutput(onText: (text: string) => void): void {
    const method = this.definitions.stdio['StreamStdio'];
    invariant(method !== undefined, 'the stdio service has no StreamStdio');
    this.client.stream(method.path, method.requestSerialize({}), (bytes) => onText(textOf(method, bytes)));
  }

  /** Calls without an answer fail as GONE. */
  close(): void {
    this.client.close();
    setTimeout(() => {
      this.isGone = true;
      this.client.destroy();
    }, LAST_ANSWERS_MS).unref();
  }

  private async unary<T>(
    call: string,
    method: MethodDefinition<object, object>,
    request: object,
    { timeoutMs }: CallLimits,
    parse: (message: object) => T,
  ): Promise<T> {
    if (this.isGone) throw new ProviderCallError(call, ...lost);
    try {
      const bytes = await this.client.unary(method.path, method.requestSerialize(request), timeoutMs);
      return parse(method.responseDeserialize(bytes));
    } catch (error) {
      throw asCallError(call, error);
    }
  }
}

// The .proto files say what comes back; this is the one place where that is taken as the type.
function parseAnswer<Name extends CallName>(message: object): WireCalls[Name]['response'] {
  return message as WireCalls[Name]['response'];
}

// What it prints is bytes in a message of which nothing else is of use.
function textOf({ responseDeserialize }: MethodDefinition<object, object>, bytes: Buffer): string {
  const message = responseDeserialize(bytes) as { data: Buffer };
  return message.data.toString('utf8');
}

// The server's certificate is its own root, and it must be the very one of the handshake line.
function pinnedTls({ target, socketPath, serverCertificate }: Handshake, own: PluginCertificate): ConnectionOptions {
  return {
    ...(socketPath === undefined ? addressOf(target) : { path: socketPath }),
    servername: 'localhost',
    ca: pem(serverCertificate),
    key: own.keyPem,
    cert: own.certificatePem,
    checkServerIdentity: (_host, certificate) =>
      certificate.raw.equals(serverCertificate) ? undefined : new Error('another certificate than in the handshake'),
  };
}

/** `[::1]:4000` */
function addressOf(target: string): { host: string; port: number } {
  const { hostname, port } = new URL(`tcp://${target}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}

type Reason = readonly [ProviderCallError['reason'], string];

const lost = ['GONE', 'the connection to it was lost'] as const;

const reasons: ReadonlyMap<number, Reason> = new Map<number, Reason>([
  [grpcCodes.UNAVAILABLE, lost],
  [grpcCodes.DEADLINE_EXCEEDED, ['TIMEOUT', 'it did not answer in time']],
  [grpcCodes.CANCELLED, ['CANCELED', 'the call was cancelled']],
  [grpcCodes.RESOURCE_EXHAUSTED, ['TOO_LARGE', 'its answer is larger than the limit']],
  [grpcCodes.UNIMPLEMENTED, ['UNSUPPORTED', 'it does not offer this call']],
]);

// The provider's own words stay out of the message.
function asCallError(call: string, cause: unknown): ProviderCallError {
  if (!(cause instanceof GrpcError)) {
    const words = cause instanceof Error ? cause.message : undefined;
    return new ProviderCallError(call, 'BROKEN', 'its answer cannot be read', { cause, words });
  }
  const [reason, message] = reasons.get(cause.code) ?? ['BROKEN', `the call broke off (gRPC code ${cause.code})`];
  return new ProviderCallError(call, reason, message, {
    cause,
    words: reason === 'BROKEN' ? cause.message : undefined,
  });
}
