import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall, status } from '@grpc/grpc-js';

import { createPluginCertificate, loadControllerService, loadProviderService } from '../../providers/index.ts';
import type { TypedRequest } from '../../sandbox/wire-messages.ts';
import { isJsonObject } from '../../shared/json.ts';
import { complaints } from './complaints.ts';
import type { Liar } from './liar.ts';
import type { Lie } from './script.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Answer = sendUnaryData<object>;

const CRASH_DURING_MS = 5; // less than a long answer takes

/** Serves over protocol 6 and mutual TLS, as the one host asks for who is tested with it. */
export async function serveLiar(liar: Liar, environment: Environment): Promise<void> {
  const { start } = liar.script();
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService(await rawService(), callsOf(liar));
  const stop = (): void => {
    if (liar.script().start?.ignoreStop === true) return;
    server.forceShutdown();
    process.exit(0);
  };
  const Shutdown = (_call: ServerUnaryCall<object, object>, answer: Answer): void => {
    answer(null, {});
    setImmediate(stop);
  };
  server.addService(await loadControllerService(), { Shutdown });
  const own = createPluginCertificate();
  const pair = { private_key: Buffer.from(own.keyPem), cert_chain: Buffer.from(own.certificatePem) };
  const client = Buffer.from(environment['PLUGIN_CLIENT_CERT'] ?? '');
  const socket = join(environment['PLUGIN_UNIX_SOCKET_DIR'] ?? tmpdir(), `liar-${randomBytes(4).toString('hex')}.sock`);
  await new Promise<void>((done, fail) => {
    const credentials = ServerCredentials.createSsl(client, [pair], true);
    server.bindAsync(`unix:${socket}`, credentials, (cause) => (cause === null ? done() : fail(cause)));
  });
  process.on('SIGTERM', stop).on('SIGINT', () => {});
  const line = `1|6|unix|${socket}|grpc|${Buffer.from(own.certificateDer).toString('base64').replace(/=+$/, '')}`;
  process.stdout.write(`${start?.line?.replace('%', line) ?? line}\n`);
}

/** The provider's service, but an answer may be bytes as well: then they are sent as they are. */
async function rawService() {
  const service = await loadProviderService(6);
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => {
      const responseSerialize = (answer: object): Buffer =>
        Buffer.isBuffer(answer) ? answer : method.responseSerialize(answer);
      return [name, { ...method, responseSerialize }];
    }),
  );
}

function callsOf(liar: Liar): Record<string, (call: ServerUnaryCall<TypedRequest, object>, answer: Answer) => void> {
  return Object.fromEntries(
    Object.keys(liar.calls).map((name) => [
      name,
      ({ request }, answer) => {
        void run(liar, name, request).then(
          (given) => answer(null, given),
          (cause: unknown) => answer(asStatus(cause)),
        );
      },
    ]),
  );
}

class CallFailure extends Error {
  readonly code: number;

  constructor(code: number, words: string) {
    super(words);
    this.code = code;
  }
}

function asStatus(cause: unknown) {
  if (cause instanceof CallFailure) return { code: cause.code, details: cause.message };
  return { code: status.INTERNAL, details: cause instanceof Error ? cause.message : 'failed' };
}

async function run(liar: Liar, name: string, request: TypedRequest): Promise<object> {
  const lie = liar.script()[name] ?? {};
  if (lie.crash === 'before') crash(name);
  if (lie.hang === 'before') await new Promise(() => {});
  if (lie.slowMs !== undefined) await delay(lie.slowMs);
  const answer = liar.calls[name]?.(request) ?? {};
  if (lie.crash === 'after') crash(name);
  if (lie.hang === 'after') await new Promise(() => {});
  say(liar, lie);
  if (lie.noise === true) makeNoise();
  if (lie.crash === 'during') setTimeout(() => crash(name), CRASH_DURING_MS);
  if (lie.status !== undefined) throw new CallFailure(lie.status, lie.words ?? 'a lie');
  if (lie.answer !== undefined) return Buffer.from(lie.answer, 'base64');
  return {
    ...answer,
    ...fieldsOf(lie),
    diagnostics: [...(lie.diagnostics ?? []), ...noiseOf(lie), ...quotes(liar, lie)],
  };
}

function makeNoise(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.write('noise, as programmers leave it behind\n'.repeat(20_000));
}

function crash(name: string): void {
  process.stderr.write(`panic: a lie in ${name}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** What is said beside the answer. */
function say(liar: Liar, { quote, spelling }: Lie): void {
  if (quote === undefined || quote === 'warning' || quote === 'error') return;
  const said = complaints(liar.knows(), spelling).join('; ');
  if (quote === 'call') throw new CallFailure(status.INTERNAL, `cannot go on with ${said}`);
  process.stderr.write(`panic: cannot go on with ${said}\n`);
  process.stdout.write(`cannot go on with ${said}\n`);
  if (quote === 'panic') process.exit(2);
}

function quotes(liar: Liar, { quote, spelling }: Lie): object[] {
  if (quote !== 'warning' && quote !== 'error') return [];
  return complaints(liar.wasGiven(), spelling).map((said) => ({
    severity: quote === 'error' ? 'ERROR' : 'WARNING',
    summary: `cannot use ${said}`,
    detail: `it was given ${said}`,
    attribute: { steps: [{ attribute_name: 'secrets' }, { element_key_string: said }] },
  }));
}

function noiseOf({ warnings = 0, crash: end, hugeMb = end === 'during' ? 40 : 0 }: Lie): object[] {
  const flood = Array.from({ length: warnings }, (_, at) => ({
    severity: 'WARNING',
    summary: `Flood ${at}`,
    detail: '',
  }));
  const huge = hugeMb === 0 ? [] : [{ severity: 'WARNING', summary: 'Huge', detail: 'x'.repeat(hugeMb * 1024 ** 2) }];
  return [...flood, ...huge];
}

function fieldsOf({ fields = {} }: Lie): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, withBytes(value)]));
}

/** JSON has no bytes: `{ "base64": … }` stands for them. */
function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (!isJsonObject(value)) return value;
  if (typeof value['base64'] === 'string') return Buffer.from(value['base64'], 'base64');
  return fieldsOf({ fields: value });
}
