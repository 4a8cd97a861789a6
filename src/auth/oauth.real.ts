import assert from 'node:assert/strict';

import { clientMemory, oauthClients } from '../testing/oauth-client.ts';
import { browserPerson, invitationIn, password } from '../testing/person.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { requireTool } from '../testing/tools.ts';

describe('signing in with a real browser', function () {
  before(requireTool('chromium'));
  let server: TestServer;
  let ada: Awaited<ReturnType<typeof browserPerson>>;

  before(async () => {
    server = await startTestServer({ settings: { SLUICE_ACCESS_TOKEN_SECONDS: '5' } });
    ada = await browserPerson('ada');
  });
  after(async () => {
    await ada?.close();
    await server?.stop();
  });

  it('begins with the link that the server printed, which works once', async () => {
    const link = invitationIn(server.output());
    await ada.accept(link, 'Ada', password);
    await ada.page.goto(link);
    assert.match(await ada.page.locator('main').innerText(), /used already/);
  });

  for (const { era, connect } of oauthClients) {
    for (const [path, readTools, writeTools] of [
      ['/mcp', ['discover', 'provider', 'query'], ['discover', 'intent', 'mutate', 'provider', 'query']],
    ] as const) {
      it(`lets a ${era} client in at ${path}, after consent`, async () => {
        const memory = clientMemory(`Client ${era}`);
        const session = await connect(server.url + path, memory, ada);
        assert.deepEqual((await session.tools()).toSorted(), writeTools);
        assert.equal(memory.kept.tokens?.scope, 'mcp:read mcp:write');
        await session.close();
      });

      it(`lets a ${era} client read only when the box is cleared`, async () => {
        const memory = clientMemory(`Reader ${era}`);
        const session = await connect(server.url + path, memory, ada, { approve: true, without: ['mcp:write'] });
        assert.deepEqual((await session.tools()).toSorted(), readTools);
        const refused = await post(`${server.url}${path}`, memory.kept.tokens?.access_token ?? '', {
          method: 'tools/call',
          params: { name: 'mutate', arguments: { document: 'mutation { __typename }' } },
        });
        assert.equal(refused.status, 403);
        const challenge = refused.headers.get('www-authenticate') ?? '';
        assert.match(challenge, /error="insufficient_scope"/);
        assert.match(challenge, /scope="mcp:write"/);
        assert.match(challenge, /resource_metadata="[^"]+\/\.well-known\/oauth-protected-resource\/mcp"/);
        await session.close();
      });

      it(`keeps a ${era} client connected while its tokens end, without asking`, async () => {
        const memory = clientMemory(`Lasting ${era}`);
        const session = await connect(server.url + path, memory, ada);
        const opened = memory.opened.count;
        const first = memory.kept.tokens;
        await new Promise((resolve) => setTimeout(resolve, 11_000)); // a token's life and the tolerance for clocks
        assert.ok((await session.tools()).includes('query'));
        assert.equal(memory.opened.count, opened, 'nobody was asked');
        assert.notEqual(memory.kept.tokens?.access_token, first?.access_token);
        assert.notEqual(memory.kept.tokens?.refresh_token, first?.refresh_token, 'rotated');
        await session.close();
      });
    }

    it(`tells a ${era} client that access was denied`, async () => {
      const memory = clientMemory(`Unwanted ${era}`);
      await assert.rejects(
        connect(`${server.url}/mcp`, memory, ada, { approve: false }),
        /access_denied|denied|given access/,
      );
      assert.equal(memory.kept.tokens, undefined);
    });

    it(`gives a ${era} client the fine-grained tools at their endpoint`, async () => {
      const session = await connect(`${server.url}/intent/mcp`, clientMemory(`Intent ${era}`), ada);
      assert.ok((await session.tools()).includes('lifecycle-resources-create'));
      await session.close();
    });
  }

  it('has a client that reads ask its person again before it changes anything', async () => {
    // The 2025 library refreshes instead, gets the same scopes, and gives up.
    const modern = oauthClients.find(({ era }) => era === '2026') ?? assert.fail();
    const memory = clientMemory('Growing');
    const session = await modern.connect(`${server.url}/mcp`, memory, ada, { approve: true, without: ['mcp:write'] });
    await assert.rejects(session.call('mutate', { document: 'mutation { __typename }' }));
    assert.equal(memory.opened.count, 2, 'the browser was opened for more');
    assert.match(memory.opened.last?.searchParams.get('scope') ?? '', /mcp:write/);
    const callback = await ada.decide(memory.opened.last ?? assert.fail(), { approve: true });
    assert.ok(callback.searchParams.has('code'));
    await session.close();
  });

  it('shows both scopes preselected and explained, the client, and where it leads to', async () => {
    const memory = clientMemory('<i>Sly</i> client');
    const seen: string[] = [];
    const looking = {
      ...ada,
      async decide(url: URL, decision: { approve: boolean }) {
        await ada.page.goto(url.href);
        for (const scope of ['mcp:read', 'mcp:write']) {
          assert.equal(await ada.page.locator(`input[value="${scope}"]`).isChecked(), true, scope);
        }
        seen.push(await ada.page.locator('main').innerText());
        return ada.decide(url, decision);
      },
    };
    const [client] = oauthClients;
    assert.ok(client);
    const session = await client.connect(`${server.url}/mcp`, memory, looking);
    await session.close();
    assert.match(seen[0] ?? '', /<i>Sly<\/i> client asks for access/);
    assert.match(seen[0] ?? '', /http:\/\/127\.0\.0\.1:39217/);
    assert.match(seen[0] ?? '', /Signed in as ada/);
  });

  it('needs no script, and lets none run', async () => {
    const answer = await ada.page.goto(`${server.url}/account`);
    assert.match(answer?.headers()['content-security-policy'] ?? '', /^default-src 'none'; style-src 'sha256-/);
    assert.equal(await ada.page.locator('script').count(), 0);
    const layout = await ada.page.locator('body').evaluate((body) => getComputedStyle(body).display);
    assert.equal(layout, 'grid', 'the style is the one that the policy names');
  });

  async function post(url: string, token: string, message: object): Promise<Response> {
    return fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
    });
  }
});
