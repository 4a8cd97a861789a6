import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { bearerToken, type TokenOptions } from './bearer-token.ts';
import { callServer } from './call-server.ts';
import type { Terminal } from './terminal.ts';

export interface ExportOptions extends TokenOptions {
  readonly resource?: string;
}

const REQUEST_LIMIT_MS = 300_000; // each import is tried on its provider
const EXPORT = `query($project: ID!, $id: ID) {
  intentProjectExport(intentProject: $project, resourceID: $id) { hcl warnings } }`;
const LOG = `query($project: ID!, $id: ID, $after: ID) {
  intentOperationLog(intentProject: $project, resourceID: $id, after: $after) { lines cursor } }`;

/** Prints a project as a Terraform configuration, and says what there is to be said of it. */
export async function exportConfiguration(terminal: Terminal, project: string, options: ExportOptions): Promise<void> {
  const { url, token } = await bearerToken(terminal, options);
  const variables = { project, id: options.resource ?? null };
  const answer = await callServer(url, EXPORT, { variables, token, timeoutMs: REQUEST_LIMIT_MS });
  const found = answer['intentProjectExport'] ?? null;
  const { hcl, warnings } = isJsonObject(found) ? found : {};
  terminal.print(typeof hcl === 'string' ? hcl : '');
  const list: readonly Json[] = Array.isArray(warnings) ? warnings : [];
  for (const warning of list) if (typeof warning === 'string') terminal.say(warning);
}

/** Prints what was done in a project, page by page: each is some lines of JSON. */
export async function exportLog(terminal: Terminal, project: string, options: ExportOptions): Promise<void> {
  const { url, token } = await bearerToken(terminal, options);
  let after: Json = null;
  do {
    const variables: JsonObject = { project, id: options.resource ?? null, after };
    const answer = await callServer(url, LOG, { variables, token, timeoutMs: REQUEST_LIMIT_MS });
    const page: Json = answer['intentOperationLog'] ?? null;
    if (!isJsonObject(page)) return;
    if (typeof page['lines'] === 'string' && page['lines'] !== '') terminal.print(page['lines'].trimEnd());
    after = page['cursor'] ?? null;
  } while (after !== null);
}
