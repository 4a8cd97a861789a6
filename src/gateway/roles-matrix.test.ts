import assert from 'node:assert/strict';
import { Agent, request as send } from 'node:http';

import { fieldAccess, typeAccess } from '../../generated/access.ts';
import { createApp, listen, type Listening } from '../http/index.ts';
import { createMcp, type Mcp } from '../mcp/index.ts';
import { anonymous } from '../shared/caller.ts';
import type { JsonObject } from '../shared/json.ts';
import { silentLogger } from '../shared/logger.ts';
import {
  type Ask,
  askGateway,
  type Case,
  cases,
  casesFor,
  described,
  everybody,
  fewerCasesFor,
  gatewayWith,
  questions,
  rules,
  type Somebody,
  stranger,
  verdictOf,
} from '../testing/access-matrix.ts';
import { judge, type Verdict } from '../testing/access-oracle.ts';
import { generatedChecks, generatedTools } from '../testing/mcp-server.ts';
import type { Question } from '../testing/stub-api.ts';
import type { Requirement } from './access-table.ts';

// Who may use what: every root field and every field that asks for more than its type, as every role, with every set of
// scopes, about things here, below, above and elsewhere, over HTTP and over MCP, against an oracle that reads the SDL.

async function differences(ask: Ask, expect: (who: Somebody, asked: Case) => Verdict, choose = casesFor) {
  const found: string[] = [];
  const seen = new Map<Verdict, number>();
  const work = everybody.flatMap((who) => choose(who).map((each) => [who, each] as const));
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < work.length; at = next++) {
      const [who, each] = work[at] ?? [stranger, cases[0] as Case];
      const [expected, answered] = [expect(who, each), await ask(who, each)];
      seen.set(expected, (seen.get(expected) ?? 0) + 1);
      if (answered !== expected) found.push(`${described(each)} as ${who.name}: ${answered}, must be ${expected}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return { found, decisions: work.length, seen };
}

const expectHttp = (who: Somebody, { question, ...place }: Case): Verdict =>
  judge(rules, who, { ...question, ...place });

/** The tool is asked for before the document: strangers use none, and each tool has its scope. */
function expectMcp(who: Somebody, asked: Case): Verdict {
  if (!who.signedIn) return 'UNAUTHENTICATED';
  const may = who.scopes.includes('mcp:write') || (asked.question.kind === 'query' && who.scopes.includes('mcp:read'));
  return may ? expectHttp(who, asked) : 'INSUFFICIENT_SCOPE';
}

describe('who may do what', function () {
  this.timeout(300_000);
  let server: Listening;
  let mcp: Mcp;
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const byName = new Map(everybody.map((who) => [who.name, who.caller]));

  before(async () => {
    const gateway = gatewayWith({ typeAccess, fieldAccess });
    mcp = createMcp({
      gateway,
      tools: generatedTools,
      checks: generatedChecks,
      allowsHost: () => true,
      maxBodyBytes: 100_000,
      version: '0.0.0-test',
      log: silentLogger,
    });
    const app = createApp({
      gateway,
      callerOf: (token) => byName.get(token) ?? anonymous,
      mcp: (endpoint, request, response, caller, origin) => mcp.handle(endpoint, request, response, caller, origin),
      health: async () => ({ ready: true, isolation: 'none' }),
      publicUrl: 'http://localhost:1',
      allowedHosts: ['localhost'],
      maxBodyBytes: 100_000,
      log: silentLogger,
    });
    server = await listen(app, '127.0.0.1', 0);
  });
  after(async () => {
    agent.destroy();
    await mcp.close();
    await server.stop(1_000);
  });

  function post(path: string, who: Somebody, body: object): Promise<{ status: number; text: string }> {
    return new Promise((done, fail) => {
      const headers = {
        host: 'localhost',
        'content-type': 'application/json',
        accept: path === '/mcp' ? 'application/json, text/event-stream' : 'application/json',
        'mcp-protocol-version': '2025-11-25',
        ...(who.signedIn ? { authorization: `Bearer ${who.name}` } : {}),
      };
      const call = send({ agent, host: '127.0.0.1', port: server.port, path, method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => done({ status: response.statusCode ?? 0, text }));
      });
      call.on('error', fail);
      call.end(JSON.stringify(body));
    });
  }

  const askHttp: Ask = async (who, { question, space, absent }) => {
    const body = { query: question.document, variables: question.variables(space, absent) };
    const { data, errors } = JSON.parse((await post('/graphql', who, body)).text) as {
      data?: unknown;
      errors?: { extensions?: { code?: string } }[];
    };
    return verdictOf(errors?.[0]?.extensions?.code, data);
  };

  const askMcp: Ask = async (who, { question, space, absent }) => {
    const given = { document: question.document, variables: question.variables(space, absent) };
    const first = await callTool(who, question, given);
    const token = first.structured?.details?.confirmation;
    if (first.code !== 'CONFIRMATION_REQUIRED') return verdictOf(first.code, first.structured);
    const second = await callTool(who, question, { ...given, confirmation: token ?? '' });
    return verdictOf(second.code, second.structured);
  };

  interface Called {
    readonly code: string | undefined;
    readonly structured: { readonly details?: { readonly confirmation?: string } } | undefined;
  }

  async function callTool(who: Somebody, { kind }: Question, given: JsonObject): Promise<Called> {
    const params = { name: kind === 'query' ? 'query' : 'mutate', arguments: given };
    const { status, text } = await post('/mcp', who, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    if (status === 401) return { code: 'UNAUTHENTICATED', structured: undefined };
    if (status === 403) return { code: 'INSUFFICIENT_SCOPE', structured: undefined };
    const line = text.startsWith('{') ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? '{}');
    const { result } = JSON.parse(line) as {
      result?: { _meta?: Record<string, string>; structuredContent?: Called['structured'] };
    };
    assert.ok(result !== undefined, text);
    return { code: result._meta?.['sluice/code'], structured: result.structuredContent };
  }

  it('is what the SDL says, over HTTP', async () => {
    const { found, decisions, seen } = await differences(askHttp, expectHttp);
    assert.deepEqual(found.slice(0, 20), [], `${found.length} of ${decisions}`);
    assert.ok(decisions > 5_000 && seen.size === 6, `${decisions} decisions, ${[...seen].join(' ')}`);
  });

  it('is what the SDL says, over MCP', async () => {
    const { found, decisions, seen } = await differences(askMcp, expectMcp, fewerCasesFor);
    assert.deepEqual(found.slice(0, 20), [], `${found.length} of ${decisions}`);
    assert.ok(decisions > 5_000 && seen.size === 6, `${decisions} decisions, ${[...seen].join(' ')}`);
  });

  /** One way to get a row wrong. */
  interface Alteration {
    readonly wrong: string;
    readonly alter: (row: Requirement) => Requirement;
    /** Whether a row can be wrong in this way, so that it must be noticed; `top` is the row of the field at the top. */
    readonly concerns: (row: Requirement, top: Requirement) => boolean;
  }
  const asksActions = ({ actions }: Requirement): boolean => actions.length > 0;
  const inPlace = ({ actions }: Requirement): boolean =>
    actions.some(({ space }) => space.from === 'noun' || space.from === 'parent' || space.from === 'args');
  const alterations: readonly Alteration[] = [
    { wrong: 'asks for no action', alter: (row) => ({ ...row, actions: [] }), concerns: asksActions },
    {
      wrong: 'asks for no scope',
      alter: (row) => ({ ...row, scopes: [] }),
      concerns: ({ scopes }) => scopes.length > 0,
    },
    {
      wrong: 'is content with the scope to read',
      alter: (row) => ({ ...row, scopes: [['mcp:read']] }),
      concerns: ({ scopes }) => scopes.flat().includes('mcp:write'),
    },
    {
      wrong: 'is open to strangers',
      alter: (row) => ({ ...row, public: true, scopes: [], actions: [] }),
      concerns: (row) => !row.public,
    },
    {
      wrong: 'is closed to strangers',
      alter: (row) => ({ ...row, public: false }),
      concerns: (row, top) => row.public && top.public,
    },
    {
      wrong: 'asks in any space',
      alter: (row) => ({
        ...row,
        actions: row.actions.map(({ action }) => ({ action, space: { from: 'any' } as const })),
      }),
      concerns: inPlace,
    },
    {
      wrong: 'asks for another action',
      alter: (row) => ({
        ...row,
        actions: row.actions.map(({ space }) => ({ action: 'TASK_CREATE' as const, space })),
      }),
      concerns: asksActions,
    },
  ];

  for (const { wrong, alter, concerns } of alterations) {
    it(`is noticed to differ for every field whose row ${wrong}`, async () => {
      const altered = (rows: Readonly<Record<string, Requirement>>) =>
        Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, alter(row)]));
      // Types too: many a field asks what its type asks again.
      const gateway = gatewayWith({ typeAccess: altered(typeAccess), fieldAccess: altered(fieldAccess) });
      const { found } = await differences(askGateway(gateway), expectHttp);
      const unnoticed = questions.filter(
        ({ path, name, kind }) =>
          path.some(({ type, field }) => {
            const row = fieldAccess[`${type}.${field}`];
            const top = fieldAccess[`${path[0]?.type}.${path[0]?.field}`];
            return row !== undefined && top !== undefined && concerns(row, top);
          }) && !found.some((line) => line.startsWith(`${kind} ${name} in `)),
      );
      assert.deepEqual(
        unnoticed.map(({ name }) => name),
        [],
      );
    });
  }
});
