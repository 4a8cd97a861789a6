import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';

import { invariant } from '../../shared/errors.ts';
import { pem, type PluginCertificate } from '../plugin-certificate.ts';
import type { Handshake } from './handshake.ts';
import type { ProtocolDefinitions } from './load-protocol.ts';
import type { CallName, MethodNames, WireCalls } from './messages.ts';
import { ProviderCallError } from './provider-call-error.ts';
import { methodNames5 } from './protocol5/method-names.ts';
import { methodNames6 } from './protocol6/method-names.ts';

export interface ChannelOptions {
  readonly maxMessageBytes: number;
}

// A call that the library was just sending when the process died may be left without any answer. What did arrive before
// the end is still read.
const LAST_ANSWERS_MS = 250;

interface CallLimits {
  readonly timeoutMs: number;
}

/** The encrypted connection to one provider process, and its calls by our names for them. */
export class ProviderChannel {
  private readonly client: Client;
  private readonly names: MethodNames;
  private readonly unanswered = new Set<() => void>();
  private isGone = false;
  readonly definitions: ProtocolDefinitions;

  constructor(handshake: Handshake, own: PluginCertificate, definitions: ProtocolDefinitions, options: ChannelOptions) {
    this.definitions = definitions;
    this.names = handshake.protocol === 5 ? methodNames5 : methodNames6;
    this.client = new Client(handshake.target, pinnedTls(handshake.serverCertificate, own), {
      'grpc.max_receive_message_length': options.maxMessageBytes,
      'grpc.max_send_message_length': options.maxMessageBytes,
      'grpc.ssl_target_name_override': 'localhost',
      'grpc.enable_retries': 0, // a change must never be sent twice
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
    });
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
    const stream = this.client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      {},
    );
    stream.on('data', (message: { data: Buffer }) => onText(message.data.toString('utf8')));
    stream.on('error', () => {}); // not offered, or the process has ended
  }

  /** Calls without an answer fail as GONE. */
  close(): void {
    this.client.close();
    setTimeout(() => {
      this.isGone = true;
      for (const giveUp of this.unanswered) giveUp();
    }, LAST_ANSWERS_MS).unref();
  }

  private unary<T>(
    call: string,
    method: MethodDefinition<object, object>,
    request: object,
    { timeoutMs }: CallLimits,
    parse: (message: object | undefined) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new ProviderCallError(call, ...lost));
      if (this.isGone) return giveUp();
      this.unanswered.add(giveUp);
      this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        { deadline: Date.now() + timeoutMs },
        (error, message) => {
          this.unanswered.delete(giveUp);
          if (error === null) resolve(parse(message));
          else reject(asCallError(call, error));
        },
      );
    });
  }
}

// The .proto files say what comes back; this is the one place where that is taken as the type.
function parseAnswer<Name extends CallName>(message: object | undefined): WireCalls[Name]['response'] {
  invariant(message !== undefined, 'an answer without a message');
  return message as WireCalls[Name]['response'];
}

// The server's certificate is its own root, and it must be the very one of the handshake line.
function pinnedTls(serverCertificate: Buffer, own: PluginCertificate) {
  return credentials.createSsl(
    Buffer.from(pem(serverCertificate)),
    Buffer.from(own.keyPem),
    Buffer.from(own.certificatePem),
    {
      checkServerIdentity: (_host, certificate) =>
        certificate.raw.equals(serverCertificate) ? undefined : new Error('another certificate than in the handshake'),
    },
  );
}

const lost = ['GONE', 'the connection to it was lost'] as const;

const reasons: Readonly<Partial<Record<status, readonly [ProviderCallError['reason'], string]>>> = {
  [status.UNAVAILABLE]: lost,
  [status.DEADLINE_EXCEEDED]: ['TIMEOUT', 'it did not answer in time'],
  [status.CANCELLED]: ['CANCELED', 'the call was cancelled'],
  [status.RESOURCE_EXHAUSTED]: ['TOO_LARGE', 'its answer is larger than the limit'],
  [status.UNIMPLEMENTED]: ['UNSUPPORTED', 'it does not offer this call'],
};

// The provider's own words stay out of the message.
function asCallError(call: string, error: ServiceError): ProviderCallError {
  const [reason, message] = reasons[error.code] ?? ['BROKEN', `the call broke off (gRPC code ${error.code})`];
  return new ProviderCallError(call, reason, message, {
    cause: error,
    words: reason === 'BROKEN' ? error.details : undefined,
  });
}
