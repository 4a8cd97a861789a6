import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { mcpClients } from '../testing/mcp-clients.ts';
import { startMcpServer, type McpTestServer } from '../testing/mcp-server.ts';
import { clientSetups, describeClients, type ClientAuth, type ClientSetup } from './clients.ts';

const byToken: ClientAuth = {
  kind: 'TOKEN',
  variable: 'SPACELIFT_API_TOKEN',
  tokenCommand: 'echo write',
  headersCommand: `echo '{"Authorization": "Bearer write"}'`,
};

interface Endpoint {
  readonly url: string;
  readonly authorization: string | undefined;
}

/** What each client makes of its file: where it connects to and with which header. */
const readers: Readonly<Record<string, (setup: ClientSetup, name: string) => Endpoint>> = {
  'Claude Code': ({ file }, name) => {
    const server = objectAt(JSON.parse(file.text), 'mcpServers', name);
    assert.equal(server['type'], 'http');
    const helper = server['headersHelper'];
    // The client runs the helper in a shell and reads a JSON object of headers from it.
    const headers = helper === undefined ? {} : objectAt(JSON.parse(shell(textOf(helper))));
    return endpointOf(server['url'], headers['Authorization']);
  },
  'Gemini CLI': ({ file, commands }, name) => {
    const server = objectAt(JSON.parse(file.text), 'mcpServers', name);
    const header = server['headers'] === undefined ? undefined : objectAt(server, 'headers')['Authorization'];
    return endpointOf(server['httpUrl'], expand(header, /\$\{(\w+)\}/, commands));
  },
  Codex: ({ file, commands }, name) => {
    const toml = parseToml(file.text);
    assert.deepEqual(toml['features'], { rmcp_client: true });
    const server = toml[`mcp_servers.${name}`] ?? {};
    assert.equal(server['startup_timeout_sec'], 20);
    assert.equal(server['enabled'], true);
    assert.equal(server['experimental_use_rmcp_client'], true);
    const variable = server['bearer_token_env_var'];
    return endpointOf(
      server['url'],
      variable === undefined ? undefined : `Bearer ${environment(commands)[textOf(variable)]}`,
    );
  },
  'VS Code': ({ file, commands }, name) => {
    const parsed: unknown = JSON.parse(file.text);
    const server = objectAt(parsed, 'servers', name);
    assert.equal(server['type'], 'http');
    if (server['headers'] === undefined) return endpointOf(server['url'], undefined);
    const inputs = objectAt(parsed)['inputs'];
    assert.ok(Array.isArray(inputs));
    const input = objectAt(inputs[0]);
    assert.equal(input['type'], 'promptString');
    assert.equal(input['password'], true);
    const header = textOf(objectAt(server, 'headers')['Authorization']);
    // The person runs the command and pastes what it prints.
    return endpointOf(server['url'], header.replace(`$\{input:${textOf(input['id'])}}`, shell(commands[0] ?? '')));
  },
  Cursor: ({ file, commands }, name) => {
    const server = objectAt(JSON.parse(file.text), 'mcpServers', name);
    const header = server['headers'] === undefined ? undefined : objectAt(server, 'headers')['Authorization'];
    return endpointOf(server['url'], expand(header, /\$\{env:(\w+)\}/, commands));
  },
};

describe('client configurations', () => {
  let server: McpTestServer;
  before(async () => {
    server = await startMcpServer(() => ({ data: {} }));
  });
  after(() => server.stop());

  for (const [client, read] of Object.entries(readers)) {
    for (const path of ['/mcp', '/intent/mcp']) {
      it(`connect ${client} to ${path} with a token`, async () => {
        const [name, url] = [path === '/mcp' ? 'sluice' : 'intent-mcp', server.url + path];
        const endpoint = read(setupOf(client, { name, url, auth: byToken }), name);
        assert.equal(endpoint.url, url);
        for (const { connect } of mcpClients) {
          const session = await connect({
            url: endpoint.url,
            headers: { authorization: endpoint.authorization ?? '' },
          });
          assert.ok((await session.listTools()).length > 3);
          await session.close();
        }
      });
    }

    it(`send ${client} to the browser when it shall sign in there`, () => {
      const url = 'https://sluice.example/mcp';
      const endpoint = read(setupOf(client, { name: 'sluice', url, auth: { kind: 'OAUTH' } }), 'sluice');
      assert.deepEqual(endpoint, { url, authorization: undefined });
    });
  }

  it('give the line to paste where a client has one', () => {
    const url = 'https://sluice.example/mcp';
    const lines = clientSetups({ name: 'sluice', url, auth: { kind: 'OAUTH' } }).map(({ commands }) => commands[0]);
    assert.deepEqual(lines, [
      'claude mcp add sluice -t http https://sluice.example/mcp',
      'gemini mcp add --transport http sluice https://sluice.example/mcp',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('tell to sign in after the file is written, not before', () => {
    const text = describeClients(
      clientSetups({ name: 'sluice', url: 'http://localhost:4000/mcp', auth: { kind: 'OAUTH' } }),
    );
    assert.match(
      text,
      /Codex\n {2}~\/\.codex\/config\.toml\n[^]*enabled = true\n {2}Then run: codex mcp login sluice\n/,
    );
  });

  it('quote what a shell would take apart', () => {
    const auth = { ...byToken, headersCommand: `node "it's here/token.mjs" --headers` };
    const [line = ''] = setupOf('Claude Code', {
      name: 'sluice',
      url: 'http://localhost:1/mcp?a=1&b=2',
      auth,
    }).commands;
    const json = shell(line.replace(/^claude mcp add-json sluice/, 'printf %s'));
    assert.deepEqual(JSON.parse(json), {
      type: 'http',
      url: 'http://localhost:1/mcp?a=1&b=2',
      headersHelper: auth.headersCommand,
    });
  });

  it('read well in a terminal', () => {
    const text = describeClients(clientSetups({ name: 'sluice', url: 'http://localhost:4000/mcp', auth: byToken }));
    assert.match(text, /^Claude Code\n {4}claude mcp add-json sluice '\{/);
    assert.match(
      text,
      /Codex\n {4}export SPACELIFT_API_TOKEN=\$\(echo write\)\n {2}~\/\.codex\/config\.toml\n {4}\[features\]/,
    );
    assert.match(text, /A token lasts one hour/);
  });
});

function setupOf(client: string, options: Parameters<typeof clientSetups>[0]): ClientSetup {
  const setup = clientSetups(options).find((each) => each.client === client);
  assert.ok(setup, client);
  return setup;
}

function endpointOf(url: unknown, authorization: unknown): Endpoint {
  return { url: textOf(url), authorization: authorization === undefined ? undefined : textOf(authorization) };
}

function textOf(value: unknown): string {
  assert.ok(typeof value === 'string');
  return value;
}

function shell(command: string): string {
  return execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim();
}

/** The variables that the setup's own lines export. */
function environment(commands: readonly string[]): Record<string, string | undefined> {
  const printed = shell([...commands, 'env'].join('\n'));
  return Object.fromEntries(
    printed.split('\n').map((line) => {
      const [name = '', value = ''] = line.split(/=(.*)/s);
      return [name, value] as const;
    }),
  );
}

function expand(text: unknown, pattern: RegExp, commands: readonly string[]): string | undefined {
  if (text === undefined) return undefined;
  const variables = environment(commands);
  return textOf(text).replace(pattern, (_all, name: string) => variables[name] ?? '');
}

function objectAt(value: unknown, ...path: string[]): Record<string, unknown> {
  let at: unknown = value;
  for (const key of path) at = (at as Record<string, unknown>)[key];
  assert.ok(typeof at === 'object' && at !== null);
  return at as Record<string, unknown>;
}

/** As much TOML as these files use: tables of strings, numbers and booleans, whose values are JSON too. */
function parseToml(text: string): Record<string, Record<string, unknown>> {
  const tables: Record<string, Record<string, unknown>> = {};
  let table: Record<string, unknown> = {};
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const header = /^\[([\w.-]+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      table = tables[header] = {};
      continue;
    }
    const [, key = '', value = ''] = /^(\w+) = (.+)$/.exec(line) ?? assert.fail(`not TOML: ${line}`);
    table[key] = JSON.parse(value);
  }
  return tables;
}
