import { chromium, type Page } from 'playwright-core';

import { findTool } from './tools.ts';

export interface Decision {
  readonly approve: boolean;
  /** Boxes to clear before. */
  readonly without?: readonly string[];
}

/** Somebody at a browser. */
export interface Person {
  /** Opens the one-time link and makes an account. */
  accept(link: string, name: string, password: string): Promise<void>;
  /** Opens what a client wants opened, signs in if asked, decides. @returns where the browser is sent at the end */
  decide(authorization: URL, decision: Decision): Promise<URL>;
  close(): Promise<void>;
}

export const password = 'an unlikely pass phrase';

/** The link for the first person, as the server printed it. */
export function invitationIn(output: string): string {
  const link = /https?:\/\/\S+\/invitation\/\S+/.exec(output)?.[0];
  if (link === undefined) throw new Error(`no link in:\n${output}`);
  return link;
}

/** A person with Chromium. The page that a client listens on is answered by the browser itself. */
export async function browserPerson(name: string): Promise<Person & { readonly page: Page }> {
  const executablePath = findTool('chromium');
  if (executablePath === undefined) throw new Error('chromium is absent');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const page = await browser.newPage();
  return {
    page,
    async accept(link, username, secret) {
      await page.goto(link);
      await page.getByLabel('Name', { exact: true }).fill(username);
      await page.getByLabel('Password', { exact: true }).fill(secret);
      await page.getByLabel('The same password again').fill(secret);
      await page.getByRole('button', { name: 'Create the account' }).click();
      await page.getByRole('heading', { name: 'You are signed in', exact: true }).waitFor();
    },
    async decide(authorization, { approve, without = [] }) {
      const redirect = new URL(authorization.searchParams.get('redirect_uri') ?? '');
      await page.route(`${redirect.origin}/**`, (route) => route.fulfill({ body: 'done' }));
      await page.goto(authorization.href);
      if (page.url().includes('/sign-in')) await signIn(page, name);
      for (const scope of without) await page.locator(`input[value="${scope}"]`).uncheck();
      await page.getByRole('button', { name: approve ? 'Approve' : 'Deny' }).click();
      await page.waitForURL(`${redirect.origin}/**`);
      return new URL(page.url());
    },
    close: () => browser.close(),
  };
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Approve' }).waitFor();
}

/** A person whose browser is as plain as can be: it keeps cookies, sends forms and follows redirects of the server. */
export function plainPerson(name: string): Person & { visit(url: string, form?: URLSearchParams): Promise<Visit> } {
  const cookies = new Map<string, string>();
  const visit = async (url: string, form?: URLSearchParams): Promise<Visit> => {
    const answer = await request(url, cookies, form);
    const location = answer.headers.get('location');
    if (location === null) return { url: new URL(url), status: answer.status, text: await answer.text() };
    const next = new URL(location, url);
    return next.origin === new URL(url).origin ? visit(next.href) : { url: next, status: answer.status, text: '' };
  };
  return {
    visit,
    async accept(link, username, secret) {
      const page = await visit(link);
      const done = await visit(link, formOf(page, { username, password: secret, repeated: secret }));
      if (!done.text.includes('You are signed in')) throw new Error(done.text);
    },
    async decide(authorization, { approve, without = [] }) {
      let page = await visit(authorization.href);
      if (page.url.pathname === '/sign-in') {
        const next = page.url.searchParams.get('next') ?? '';
        page = await visit(new URL('/sign-in', page.url).href, formOf(page, { username: name, password, next }));
      }
      if (!page.url.pathname.startsWith('/oauth/consent/')) return page.url;
      const form = formOf(page, { decision: approve ? 'approve' : 'deny' });
      for (const scope of ['mcp:read', 'mcp:write']) {
        if (page.text.includes(`value="${scope}"`) && !without.includes(scope)) form.append('scope', scope);
      }
      return (await visit(page.url.href, form)).url;
    },
    close: () => Promise.resolve(),
  };
}

export interface Visit {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
}

export function formOf(page: Visit, fields: Readonly<Record<string, string>>): URLSearchParams {
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  return new URLSearchParams({ csrf, ...fields });
}

async function request(url: string, cookies: Map<string, string>, form: URLSearchParams | undefined) {
  const { origin, pathname } = new URL(url);
  const jar = [...cookies].filter(([key]) => pathname.startsWith(key.split(' ')[1] ?? '/'));
  const answer = await fetch(url, {
    redirect: 'manual',
    headers: {
      accept: 'text/html',
      cookie: jar.map(([key, value]) => `${key.split(' ')[0]}=${value}`).join('; '),
      ...(form === undefined ? {} : { origin }),
    },
    ...(form === undefined ? {} : { method: 'POST', body: form }),
  });
  for (const line of answer.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const path = /path=([^;]+)/i.exec(line)?.[1] ?? '/';
    cookies.set(`${name} ${path}`, value);
  }
  return answer;
}
