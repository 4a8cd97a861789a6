import assert from 'node:assert/strict';

import { companyClient, type CompanyIdp, startCompanyIdp } from '../testing/company-idp.ts';
import { clientMemory, oauthClients } from '../testing/oauth-client.ts';
import { browserPerson } from '../testing/person.ts';
import { freePort, startTestServer, type TestServer } from '../testing/server.ts';
import { requireTool } from '../testing/tools.ts';

describe('single sign-on with a real browser', function () {
  before(requireTool('chromium'));
  let idp: CompanyIdp;
  let server: TestServer;
  let grace: Awaited<ReturnType<typeof browserPerson>>;

  before(async () => {
    const port = await freePort();
    idp = await startCompanyIdp([`http://localhost:${port}/sign-in/sso/callback`]);
    idp.seat({ sub: 'grace', email: 'grace@example.com', email_verified: true });
    const settings = {
      SLUICE_SSO_ISSUER: idp.issuer,
      SLUICE_SSO_CLIENT_ID: companyClient.id,
      SLUICE_SSO_CLIENT_SECRET: companyClient.secret,
      SLUICE_SSO_NAME: 'Example',
    };
    server = await startTestServer({ settings, port });
    grace = await browserPerson('grace');
  });
  after(async () => {
    await grace?.close();
    await server?.stop();
    await idp?.stop();
  });

  it('leads from an assistant by the company to the consent, and back', async () => {
    const { page } = grace;
    const person: typeof grace = {
      ...grace,
      async decide(authorization, decision) {
        await page.goto(authorization.href);
        await page.getByRole('link', { name: 'Sign in with Example' }).click();
        await page.getByRole('button', { name: 'Approve' }).waitFor();
        assert.match(await page.locator('main').innerText(), /Signed in as grace@example\.com/);
        return grace.decide(authorization, decision);
      },
    };
    const [client] = oauthClients;
    const session = await (client ?? assert.fail()).connect(`${server.url}/mcp`, clientMemory('Assistant'), person);
    assert.ok((await session.tools()).includes('query'));
    await session.close();
  });

  it('shows what somebody is signed in with, and ends it at a click', async () => {
    const { page } = grace;
    await page.goto(`${server.url}/account`);
    const list = page.getByRole('list', { name: 'Your sessions' });
    assert.equal(await list.getByRole('listitem').count(), 2);
    await list.getByRole('button', { name: /^End Assistant/ }).click();
    await page.waitForURL(`${server.url}/account`);
    assert.equal(await list.getByRole('listitem').count(), 1);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${server.url}/sign-in`);
  });
});
