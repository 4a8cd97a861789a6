import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

/** The editor's page, made once: the package holds the whole editor, so nothing is fetched from elsewhere. */
export interface EditorPage {
  readonly html: string;
  readonly compressed: Buffer;
  readonly contentSecurityPolicy: string;
  readonly etag: string;
}

const welcome = `# Sluice's API. Press the book to read it, Ctrl+Enter to run a document.
#
# Without a token you see what strangers may use. Get a token from an API key:
#
#   mutation { apiKeyUser(id: "<id>", secret: "<secret>") { jwt } }
#
# and put it under "Headers" below:
#
#   { "Authorization": "Bearer <token>" }

{
  viewer {
    name
  }
}
`;

let page: Promise<EditorPage> | undefined;

export function editorPage(): Promise<EditorPage> {
  page ??= renderPage();
  return page;
}

async function renderPage(): Promise<EditorPage> {
  const html = renderGraphiQL({
    title: 'Sluice',
    endpoint: '/graphql',
    defaultQuery: welcome,
    headers: JSON.stringify({ Authorization: '' }, null, 2), // empty means a stranger, so the editor works at once
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false, // a token is not left behind in the browser's storage
  });
  const digest = createHash('sha256').update(html).digest('base64url');
  return {
    html,
    compressed: await promisify(gzip)(html),
    contentSecurityPolicy: policyFor(html),
    etag: `"${digest}"`,
  };
}

/** Only the page's own scripts run, by their digest; the editor's workers are blobs, its styles are written at run time. */
function policyFor(html: string): string {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text = '']) => digestSource(text));
  return [
    "default-src 'none'",
    `script-src ${scripts.join(' ')} blob:`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function digestSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
