import { AppError } from '../shared/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { exchangeKey, type ProfileOptions } from './profile.ts';

export interface ExportOptions extends ProfileOptions {
  readonly resource?: string;
}

const REQUEST_LIMIT_MS = 300_000; // each import is tried on its provider
const EXPORT = `query($project: ID!, $id: ID) {
  intentProjectExport(intentProject: $project, resourceID: $id) { hcl warnings } }`;
const LOG = `query($project: ID!, $id: ID, $after: ID) {
  intentOperationLog(intentProject: $project, resourceID: $id, after: $after) { lines cursor } }`;

/** A project as a Terraform configuration, and what there is to be said of it. */
export async function exportConfiguration(
  project: string,
  options: ExportOptions,
): Promise<{ hcl: string; warnings: string[] }> {
  const token = await exchangeKey(options);
  const answer = await ask(options.url, token, EXPORT, { project, id: options.resource ?? null });
  const found = answer['intentProjectExport'] ?? null;
  const { hcl, warnings } = isJsonObject(found) ? found : {};
  const list: readonly Json[] = Array.isArray(warnings) ? warnings : [];
  return { hcl: typeof hcl === 'string' ? hcl : '', warnings: list.filter((each) => typeof each === 'string') };
}

/** What was done in a project, page by page: each is some lines of JSON. */
export async function* exportLog(project: string, options: ExportOptions): AsyncGenerator<string> {
  const token = await exchangeKey(options);
  let after: Json = null;
  do {
    const answer: JsonObject = await ask(options.url, token, LOG, { project, id: options.resource ?? null, after });
    const page: Json = answer['intentOperationLog'] ?? null;
    if (!isJsonObject(page)) return;
    if (typeof page['lines'] === 'string' && page['lines'] !== '') yield page['lines'].trimEnd();
    after = page['cursor'] ?? null;
  } while (after !== null);
}

async function ask(url: string, token: string, query: string, variables: JsonObject): Promise<JsonObject> {
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  const { data, errors } = isJsonObject(answer) ? answer : {};
  const list: readonly Json[] = Array.isArray(errors) ? errors : [];
  const messages = list.flatMap((error) =>
    isJsonObject(error) && typeof error['message'] === 'string' ? [error['message']] : [],
  );
  if (messages.length > 0) throw new AppError('BAD_INPUT', messages.join('\n'));
  if (!isJsonObject(data)) throw new AppError('UNAVAILABLE', `${url} did not answer as expected`);
  return data;
}
