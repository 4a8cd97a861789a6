// What it costs the server as it ships to know who is calling: small requests with tokens that it has never seen, against
// the same requests with tokens that it knows.
import { startTestServer, type TestServer } from '../../../src/testing/server.ts';
import { aKey } from '../../../src/testing/shared-server.ts';
import { cpuOf } from '../gateway/server-process.ts';
import { type AccessRow, median, rangeOf } from './rows.ts';

const ROUNDS = 6;
const TOKENS = 250; // of one round
const narrow = 'mutation { accessTokenNarrow(scopes: ["mcp:read"]) { jwt } }';

export async function measureTokens(): Promise<AccessRow[]> {
  const server = await startTestServer({ settings: { SLUICE_CALLER_RATE: '0', SLUICE_ADDRESS_RATE: '0' } });
  try {
    const { token } = await aKey(server, { 'space-reader': 'root' });
    const [fresh, known]: [number[], number[]] = [[], []];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const tokens = await makeTokens(server, token);
      const first = await costOf(server, tokens);
      const again = await costOf(server, tokens);
      if (round === 0) continue; // the code is still being compiled
      fresh.push(first - again);
      known.push(again);
    }
    return [
      row(
        'to verify a token that was never seen',
        fresh,
        'signature, key, roles and spaces, from the embedded database; on top of the request',
      ),
      row('a whole small request with a known token', known, '{ viewer { name } } over HTTP'),
    ];
  } finally {
    await server.stop();
  }
}

function row(what: string, values: readonly number[], note: string): AccessRow {
  return { what, subject: 'sluice', value: median(values), unit: 'CPU us', range: rangeOf(values), note };
}

async function makeTokens(server: TestServer, token: string): Promise<string[]> {
  const tokens: string[] = [];
  for (let at = 0; at < TOKENS; at += 1) {
    const { data } = await server.graphql(narrow, {}, token);
    tokens.push((data as unknown as { accessTokenNarrow: { jwt: string } }).accessTokenNarrow.jwt);
  }
  return tokens;
}

/** Microseconds of the server for each request. */
async function costOf(server: TestServer, tokens: readonly string[]): Promise<number> {
  const pid = server.process.pid ?? 0;
  const before = cpuOf(pid);
  for (const token of tokens) {
    const { data } = await server.graphql('{ viewer { name } }', {}, token);
    if (JSON.stringify(data) !== '{"viewer":{"name":"test key"}}') throw new Error('a wrong answer');
  }
  return (cpuOf(pid) - before) / tokens.length;
}
