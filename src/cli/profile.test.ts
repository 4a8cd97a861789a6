import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { AppError } from '../shared/errors.ts';
import { aCli, type Cli, type Ran, type RunOptions } from '../testing/cli.ts';
import { startIssuer, type TestIssuer } from '../testing/issuer.ts';
import { mcpClients } from '../testing/mcp-clients.ts';
import { formOf, invitationIn, password, plainPerson, type Visit } from '../testing/person.ts';
import { read, refusal } from '../testing/shared-server.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { aTerminal } from '../testing/terminal.ts';
import { createCommand } from './index.ts';

interface Key {
  readonly id: string;
  readonly secret: string;
}

describe('sluice profile', function () {
  let server: TestServer;
  let issuer: TestIssuer;
  let ada: ReturnType<typeof plainPerson>;
  let key: Key;
  let cli: Cli;

  before(async () => {
    issuer = await startIssuer();
    server = await startTestServer({ settings: { SLUICE_OUTBOUND_ALLOW: issuer.host } });
    ada = plainPerson('ada');
    await ada.accept(invitationIn(server.output()), 'ada', password);
    key = JSON.parse(readFileSync(join(server.dataDir, 'admin-key.json'), 'utf8')) as Key;
  });
  after(async () => {
    issuer?.stop();
    await server?.stop();
  });
  beforeEach(() => (cli = aCli()));
  afterEach(() => cli.remove());

  async function run(args: readonly string[], options?: RunOptions): Promise<Ran> {
    const ran = await cli.run(args, options);
    assert.equal(ran.code, 0, ran.err);
    return ran;
  }
  const loginByKey = (alias: string): Promise<Ran> =>
    run(['profile', 'login', alias, '--url', server.url, '--key-id', key.id], { input: `${key.secret}\n` });
  const keyInShell = (): RunOptions => ({
    environment: {
      SLUICE_API_KEY_ENDPOINT: server.url,
      SLUICE_API_KEY_ID: key.id,
      SLUICE_API_KEY_SECRET: key.secret,
    },
  });
  const viewerOf = async (token: string): Promise<string> =>
    read<{ viewer: { name: string } }>(await server.graphql('{ viewer { name } }', {}, token)).viewer.name;

  describe('with an API key', () => {
    it('logs in without a browser, and exports a token that opens every door', async () => {
      const { out, err } = await loginByKey('work');
      assert.equal(out, '');
      assert.match(err, /^Logged in to http:\/\/localhost:\d+ as admin\. The profile is work/);
      const exported = await run(['profile', 'export-token']);
      assert.match(exported.out, /^[\w-]+\.[\w-]+\.[\w-]+\n$/, 'only the token is printed');
      assert.equal(exported.err, '');
      const token = exported.out.trim();
      assert.equal(await viewerOf(token), 'admin');
      for (const path of ['/mcp', '/intent/mcp']) {
        for (const { connect } of mcpClients) {
          const session = await connect({ url: server.url + path, headers: { authorization: `Bearer ${token}` } });
          assert.ok((await session.listTools()).length > 0);
          await session.close();
        }
      }
    });

    it('keeps the secret where only the user reads it, and shows it nowhere', async () => {
      const { err } = await loginByKey('work');
      const shown = [
        err,
        ...(await Promise.all([run(['profile', 'list']), run(['profile', 'current'])])).map(({ out }) => out),
      ];
      assert.equal(shown.join('').includes(key.secret), false);
      assert.equal(statSync(cli.profilesFile).mode & 0o777, 0o600);
      assert.equal(statSync(dirname(cli.profilesFile)).mode & 0o777, 0o700);
      assert.ok(readFileSync(cli.profilesFile, 'utf8').includes(key.secret));
    });

    it('narrows the token that it exports, and shortens it', async () => {
      await loginByKey('work');
      const { out } = await run(['profile', 'export-token', '--scope', 'mcp:read', '--ttl', '60']);
      const claims = claimsOf(out.trim());
      assert.equal(claims['scope'], 'mcp:read');
      assert.ok(Math.abs(Number(claims['exp']) - Date.now() / 1000 - 60) < 20);
      const change = await server.graphql('mutation { intentProjectCreate(name: "no") { id } }', {}, out.trim());
      assert.equal(refusal(change).code, 'INSUFFICIENT_SCOPE');
      const short = await run(['profile', 'export-token', '--ttl', '60']);
      assert.equal(claimsOf(short.out.trim())['scope'], 'mcp:read mcp:write');
    });

    it('gives the headers for a connection, new ones each time', async () => {
      await loginByKey('work');
      const [first, second] = [await run(['profile', 'mcp-headers']), await run(['profile', 'mcp-headers'])];
      assert.notEqual(first.out, second.out);
      const { Authorization: header, ...more } = JSON.parse(second.out) as { Authorization: string };
      assert.deepEqual(more, {});
      assert.equal(await viewerOf(header.replace(/^Bearer /, '')), 'admin');
    });

    it('needs no profile where the shell has the key', async () => {
      const { out } = await run(['profile', 'export-token'], keyInShell());
      assert.equal(await viewerOf(out.trim()), 'admin');
      assert.equal(existsSync(cli.profilesFile), false);
      const { SLUICE_API_KEY_ID: id, SLUICE_API_KEY_SECRET: secret } = keyInShell().environment ?? {};
      const existing = {
        SPACELIFT_API_KEY_ENDPOINT: server.url,
        SPACELIFT_API_KEY_ID: id ?? '',
        SPACELIFT_API_KEY_SECRET: secret ?? '',
      };
      assert.equal(
        await viewerOf((await run(['profile', 'export-token'], { environment: existing })).out.trim()),
        'admin',
      );
    });

    it('needs no secret where a CI system gives the job a token', async () => {
      const oidc = { issuer: issuer.url, clientId: 'sluice', subjectExpression: 'repo:acme/shop:.*' };
      const made = await server.graphql('mutation($input: ApiKeyInput!) { apiKeyCreate(input: $input) { id } }', {
        input: { name: 'deploy', admin: false, teams: [], oidc },
      });
      const { id } = read<{ apiKeyCreate: Key }>(made).apiKeyCreate;
      const iat = Math.floor(Date.now() / 1000);
      const claims = { iss: issuer.url, aud: 'sluice', sub: 'repo:acme/shop:main', iat, exp: iat + 300 };
      const environment = {
        SLUICE_API_KEY_ENDPOINT: server.url,
        SLUICE_API_KEY_ID: id,
        SLUICE_API_KEY_SECRET: await issuer.sign(claims),
      };
      const { out } = await run(['profile', 'export-token'], { environment });
      assert.equal(await viewerOf(out.trim()), 'deploy');
    });

    it('may be in a file', async () => {
      const file = join(server.dataDir, 'admin-key.json');
      const { out } = await run(['profile', 'export-token', '--url', server.url, '--key', file]);
      assert.equal(await viewerOf(out.trim()), 'admin');
    });
  });

  describe('with a personal access token', () => {
    it('logs in, and hands the token on as it is', async () => {
      const made = await server.graphql(
        'mutation { personalAccessTokenCreate(input: { name: "cli", scopes: ["mcp:read"] }) { token } }',
      );
      const { token } = read<{ personalAccessTokenCreate: { token: string } }>(made).personalAccessTokenCreate;
      await run(['profile', 'login', 'kept', '--url', server.url, '--token'], { input: token });
      assert.equal((await run(['profile', 'export-token'])).out, `${token}\n`);
      const narrowed = await cli.run(['profile', 'export-token', '--ttl', '60']);
      assert.match(narrowed.err, /^unauthorized: a personal access token cannot be narrowed/);
      assert.equal(narrowed.code, 1);
    });
  });

  describe('by the browser', () => {
    it('logs the person in who signs in there', async () => {
      let visited: Promise<Visit> | undefined;
      const { err } = await run(['profile', 'login', 'mine', '--url', server.url, '--no-browser'], {
        hear: (said) => {
          const address = /http\S+\/cli_login\S+/.exec(said)?.[0];
          if (address !== undefined) visited ??= approve(address);
        },
      });
      assert.match(err, /as ada\. The profile is mine/);
      const end = await visited;
      assert.match(end?.text ?? '', /You are logged in/, 'the browser ends on a page that says so');
      assert.equal(await viewerOf((await run(['profile', 'export-token'])).out.trim()), 'ada');
      const narrowed = (await run(['profile', 'export-token', '--scope', 'mcp:read'])).out.trim();
      assert.equal(await viewerOf(narrowed), 'ada');
      await run(['profile', 'logout']);
      assert.equal((await server.graphql('{ viewer { name } }', {}, narrowed)).status, 401, 'the session has ended');
    });

    async function approve(address: string): Promise<Visit> {
      let page = await ada.visit(address);
      if (page.url.pathname === '/sign-in') {
        const next = page.url.searchParams.get('next') ?? '';
        page = await ada.visit(`${server.url}/sign-in`, formOf(page, { username: 'ada', password, next }));
      }
      const { url } = await ada.visit(page.url.href, formOf(page, { decision: 'approve' }));
      const back = await fetch(url, { redirect: 'manual' });
      return ada.visit(back.headers.get('location') ?? '');
    }

    it('says when the login has ended, and what to do', async () => {
      mkdirSync(dirname(cli.profilesFile), { recursive: true });
      const login = { kind: 'SESSION', token: 'a.b.c', validUntil: 1_000 };
      writeFileSync(
        cli.profilesFile,
        JSON.stringify({ current: 'old', profiles: { old: { url: server.url, login } } }),
      );
      const { code, out, err } = await cli.run(['profile', 'export-token']);
      assert.deepEqual([code, out], [1, '']);
      assert.equal(err, 'the login has ended: run `sluice profile login old` and then this command again\n');
      assert.match((await run(['profile', 'list'])).out, /old .* browser, ended/);
    });
  });

  describe('by a device without a browser', () => {
    it('logs in whoever enters its code elsewhere, and renews the login until that is ended', async () => {
      let decided: Promise<Visit> | undefined;
      const { err } = await run(['profile', 'login', 'far', '--url', server.url, '--device'], {
        hear: (said) => {
          const userCode = /\b[A-Z]{4}-[A-Z]{4}\b/.exec(said)?.[0];
          if (userCode !== undefined) decided ??= enter(userCode);
        },
      });
      assert.match((await decided)?.text ?? '', /The device is logged in/);
      assert.match(err, /as ada\. The profile is far/);
      const token = async (): Promise<string> => (await run(['profile', 'export-token'])).out.trim();
      const first = await token();
      assert.equal(await viewerOf(first), 'ada');
      assert.equal(await token(), first, 'it is good for an hour');
      endSoon();
      const renewed = await Promise.all([token(), token(), token()]);
      assert.notEqual(renewed[0], first);
      assert.equal(new Set(renewed).size, 1, 'it is renewed once by several at the same time');
      const narrowed = await run(['profile', 'export-token', '--scope', 'mcp:read', '--ttl', '60']);
      assert.equal(await viewerOf(narrowed.out.trim()), 'ada');
      await run(['profile', 'logout']);
      for (const ended of [renewed[0] ?? '', narrowed.out.trim()]) {
        assert.equal((await server.graphql('{ viewer { name } }', {}, ended)).status, 401);
      }
    });

    /** As if the hour were over. */
    function endSoon(): void {
      const text = readFileSync(cli.profilesFile, 'utf8');
      writeFileSync(cli.profilesFile, text.replace(/"validUntil": \d+/, '"validUntil": 1000'));
    }

    async function enter(userCode: string): Promise<Visit> {
      let page = await ada.visit(`${server.url}/device`);
      if (page.url.pathname === '/sign-in') {
        page = await ada.visit(`${server.url}/sign-in`, formOf(page, { username: 'ada', password, next: '/device' }));
      }
      page = await ada.visit(page.url.href, formOf(page, { user_code: userCode }));
      const form = formOf(page, { user_code: userCode, decision: 'approve' });
      for (const scope of ['mcp:read', 'mcp:write']) form.append('scope', scope);
      return ada.visit(page.url.href, form);
    }
  });

  describe('has several', () => {
    it('of which one is current', async () => {
      await loginByKey('one');
      await loginByKey('two');
      assert.equal(
        (await run(['profile', 'list'])).out,
        `  one  ${server.url}  API key\n* two  ${server.url}  API key\n`,
      );
      await run(['profile', 'select', 'one']);
      assert.equal((await run(['profile', 'current'])).out, `one  ${server.url}  API key\n`);
      await run(['profile', 'logout']);
      assert.match((await cli.run(['profile', 'current'])).err, /^there is no current profile/);
      assert.equal((await run(['profile', 'list'])).out, `  two  ${server.url}  API key\n`);
      assert.equal(await viewerOf((await run(['profile', 'export-token', '--profile', 'two'])).out.trim()), 'admin');
    });
  });

  describe('says what is wrong when', () => {
    const inShell = (changes: Record<string, string>): Record<string, string> => ({
      SLUICE_API_KEY_ENDPOINT: server.url,
      SLUICE_API_KEY_ID: key.id,
      SLUICE_API_KEY_SECRET: key.secret,
      ...changes,
    });
    const wrong: Readonly<Record<string, readonly [string, () => Record<string, string>, RegExp]>> = {
      'no profile has that name': [
        'select none',
        () => ({}),
        /^no such profile: "none"; there is none yet\. `sluice profile login` makes one$/,
      ],
      'the server cannot be reached': [
        'export-token',
        () => inShell({ SLUICE_API_KEY_ENDPOINT: 'http://127.0.0.1:1' }),
        /^no server answers at http:\/\/127\.0\.0\.1:1: start it, or name it with --url$/,
      ],
      'the secret is wrong': [
        'export-token',
        () => inShell({ SLUICE_API_KEY_SECRET: 'wrong' }),
        /refused the API key \w+: its secret is wrong, or it was deleted or has ended$/,
      ],
      'half of the key is there': [
        'export-token',
        () => inShell({ SLUICE_API_KEY_SECRET: '' }),
        /^SLUICE_API_KEY_SECRET: is missing while the other is set$/,
      ],
      'the address is none': [
        'export-token',
        () => inShell({ SLUICE_API_KEY_ENDPOINT: 'localhost' }),
        /^url: must begin with https:\/\/ or http:\/\/, not "localhost"$/,
      ],
      'there is no key in the file': [
        'export-token --key /nowhere.json',
        () => ({}),
        /^no API key in \/nowhere\.json: run `sluice profile login`, /,
      ],
      'several ways are wanted at once': [
        'login --device --token',
        () => ({}),
        /^login: takes one of --device, --key, --key-id and --token$/,
      ],
      'the alias cannot be one': ['login a/b --token', () => ({}), /^alias: must be 1 to 64 letters/],
      'no secret is given': ['login --token', () => ({}), /^SLUICE_API_TOKEN: is missing: set it, pipe it in/],
    };
    for (const [what, [line, environment, message]] of Object.entries(wrong)) {
      it(what, async () => {
        const printed: string[] = [];
        const terminal = aTerminal({
          root: cli.home,
          environment: environment(),
          print: (text) => printed.push(text),
        });
        const command = createCommand(terminal).parseAsync(['profile', ...line.split(' ')], { from: 'user' });
        await assert.rejects(command, (error) => error instanceof AppError && message.test(error.message));
        assert.deepEqual(printed, []);
      });
    }

    it('it is told in words that it does not know', async () => {
      const [scope, ttl] = await Promise.all([
        cli.run(['profile', 'export-token', '--scope', 'all']),
        cli.run(['profile', 'export-token', '--ttl', '7200']),
      ]);
      assert.match(scope.err, /'all' is invalid/);
      assert.match(ttl.err, /from 1 to 3600/);
      assert.deepEqual([scope.code, ttl.code, scope.out, ttl.out], [1, 1, '', '']);
    });

    it('the file with the profiles is spoilt', async () => {
      mkdirSync(dirname(cli.profilesFile), { recursive: true });
      writeFileSync(cli.profilesFile, '{"profiles": 1}');
      assert.match((await cli.run(['profile', 'list'])).err, /profiles\.json holds no profiles: mend it, or delete it/);
    });
  });

  describe('and sluice token', () => {
    it('make, list and end tokens that last', async () => {
      const { out, err } = await run(['token', 'create', 'nightly', '--space', 'root', '--days', '7'], keyInShell());
      const token = out.trim();
      assert.match(token, /^slc_\w{39}$/);
      assert.equal(await viewerOf(token), 'admin');
      const [, id = ''] = /^The token (\w{26}) ends on /.exec(err) ?? [];
      const { out: listed } = await run(['token', 'list'], keyInShell());
      assert.match(listed, new RegExp(`^${id} {2}nightly {2}mcp:read {2}in root {2}ends on \\S+ {2}used on`, 'm'));
      assert.equal(listed.includes(token), false);
      await run(['token', 'delete', id], keyInShell());
      assert.equal((await server.graphql('{ viewer { name } }', {}, token)).status, 401);
    });
  });

  describe('and sluice mcp config', () => {
    it('print what connects an assistant to the server of the profile', async () => {
      await loginByKey('work');
      const { out } = await run(['mcp', 'config', 'claude-code', '--token', '--intent']);
      assert.match(out, /^Claude Code\n {4}claude mcp add-json sluice-intent /);
      assert.ok(out.includes(`"url":"${server.url}/intent/mcp"`));
      assert.ok(out.includes('"headersHelper":"npx sluice profile mcp-headers --profile work"'));
      assert.equal(out.includes(key.secret), false);
    });

    it('know the same clients as the docs', async () => {
      const docs = readFileSync(join(import.meta.dirname, '../../docs/clients.md'), 'utf8');
      const names = { codex: 'Codex', gemini: 'Gemini CLI', vscode: 'VS Code', cursor: 'Cursor' };
      for (const [client, name] of Object.entries(names)) {
        let out = '';
        const terminal = aTerminal({ root: cli.home, print: (line) => (out += line) });
        await createCommand(terminal).parseAsync(['mcp', 'config', client], { from: 'user' });
        assert.ok(out.startsWith(`${name}\n`), out);
        assert.ok(docs.includes(`## ${name}\n`));
      }
      assert.match(
        (await cli.run(['mcp', 'config', 'emacs'])).err,
        /Allowed choices are claude-code, gemini, codex, vscode, cursor/,
      );
    });
  });
});

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}
