import { join, resolve } from 'node:path';

import type { Config } from './config.ts';
import type { FirstStart } from './domain/first-start/index.ts';
import { clientSetups, describeClients } from './cli/index.ts';

const root = resolve(import.meta.dirname, '..');

export interface Welcome extends FirstStart {
  readonly version: string;
  /** Secret of the link for the first person; undefined once there is one. */
  readonly invitation: string | undefined;
}

/** What a person sees after the start: what to do next. */
export function greeting(config: Config, welcome: Welcome): string {
  const url = config.publicUrl;
  const { adminKeyFile, first, invitation, version } = welcome;
  const clients = clientSetups({ name: 'sluice', url: `${url}/mcp`, auth: { kind: 'OAUTH' } });
  const tokenCommand = `node ${join(root, 'scripts/sluice.mjs')} profile export-token --url ${url} --key ${adminKeyFile}`;
  return [
    'Connect an assistant; it opens your browser to sign in (the same with /intent/mcp for the fine-grained tools).',
    'Where there is no browser, docs/clients.md says how to use a token of the admin key.',
    '',
    describeClients(clients),
    '',
    `Sluice ${version} is ready at ${url}`,
    ...(invitation === undefined
      ? []
      : [`  First of all  ${url}/invitation/${invitation} makes you the administrator (works once, within a day)`]),
    `  GraphiQL      ${url}/graphql`,
    `  Admin key     ${adminKeyFile}${first ? ' (new; keep it safe)' : ''}`,
    `  Token         ${tokenCommand}`,
    `  Try it        npm run demo -- --url ${url} --key ${adminKeyFile}`,
  ].join('\n');
}
