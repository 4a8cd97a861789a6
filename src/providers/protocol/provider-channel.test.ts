import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createPluginCertificate } from '../plugin-certificate.ts';
import { parseHandshake } from './handshake.ts';
import { ProviderCallError } from './provider-call-error.ts';
import { connectProvider, type ProviderConnection } from './provider-connection.ts';

const HOUR_MS = 3_600_000;

describe('a provider that dies before it has answered', () => {
  let folder: string;
  let silent: Server;
  const accepted: Socket[] = [];
  let connection: ProviderConnection;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-silent-'));
    const socket = join(folder, 'socket');
    silent = createServer((each) => accepted.push(each)).listen(socket); // and never says a word
    const own = createPluginCertificate();
    const certificate = Buffer.from(own.certificatePem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
    const handshake = parseHandshake(`1|6|unix|${socket}|grpc|${certificate.toString('base64')}`);
    connection = await connectProvider(handshake, own, { maxMessageBytes: 1024 });
  });
  after(async () => {
    for (const each of accepted) each.destroy();
    silent.close();
    await rm(folder, { recursive: true, force: true });
  });

  const gone = (error: unknown): boolean => error instanceof ProviderCallError && error.reason === 'GONE';
  const validate = (): Promise<unknown> =>
    connection.validateResource({ type: 'any', config: new Uint8Array() }, { timeoutMs: HOUR_MS });

  it('ends a call under way, however long that might have taken', async () => {
    const call = assert.rejects(validate(), gone);
    connection.close();
    await call;
  });

  it('ends a call that begins after its end, which the library would leave without an answer', () =>
    assert.rejects(validate(), gone));
});
