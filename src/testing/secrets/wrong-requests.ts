import type { JsonObject } from '../../shared/json.ts';
import type { Random } from '../campaign.ts';
import { liarAddress } from '../liar/lay-liar.ts';
import type { SecretWorld } from './secret-world.ts';

/** Secrets in requests that are refused: the caller knows them, but answers are kept in logs and conversations. */
export async function wrongRequests(
  { server, canaries, hits }: SecretWorld,
  project: string,
  random: Random,
): Promise<void> {
  const see = (what: string, text: string): void => void hits.push(...canaries.findIn(what, text));
  const secret = (kind: string): string => canaries.make(kind, random, '');
  const ask = async (what: string, document: string, variables: JsonObject, token?: string) =>
    see(what, JSON.stringify(await server.graphql(document, variables, token)));
  const add = `mutation($c: ConfigInput!) { intentProjectConfigAdd(intentProject: "${project}", config: $c) { id } }`;
  await ask('wrong type', add, { c: { id: 'A', value: { hidden: secret('wrong type') }, writeOnly: true, type: 'X' } });
  await ask('wrong list', add, { c: { id: 'A', value: [secret('wrong type')], writeOnly: true, type: 'FILE_MOUNT' } });
  await ask('unknown field', add, {
    c: { id: 'A', value: secret('beside'), writeOnly: true, secret: secret('beside') },
  });
  await ask('no file', add, { c: { id: 'A', value: secret('no base64'), writeOnly: true, type: 'FILE_MOUNT' } });
  await ask('reserved', add, {
    c: { id: 'LD_PRELOAD', value: secret('reserved'), writeOnly: true, type: 'ENVIRONMENT_VARIABLE' },
  });
  const literal = (value: string) =>
    `mutation { intentProjectConfigAdd(intentProject: "${project}", config: ${value}) { id } }`;
  await ask('literal', literal(`{ id: 1.5, value: "${secret('literal')}", type: ENVIRONMENT_VARIABLE }`), {});
  await ask(
    'literal list',
    literal(`{ id: "A", value: ["${secret('literal')}"], type: ENVIRONMENT_VARIABLE, writeOnly: true }`),
    {},
  );
  await ask('syntax', literal(`{ id: "A", value: "${secret('syntax')}`), {});
  const create = `mutation($c: JSON!) { intentResourceCreate(intentProject: "${project}", resourceID: "x",
    provider: "${liarAddress}", type: "liar_thing", config: $c) { id } }`;
  await ask('wrong shape', create, { c: { secret: { a: secret('wrong shape') }, secrets: secret('wrong shape') } });
  await ask('wrong config', create, { c: secret('wrong config') });
  const exchange = 'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }';
  await ask('wrong key', exchange, { id: 'admin', secret: secret('wrong key') }, '');
  await ask('github', 'mutation($t: String!) { oauthUser(token: $t) { jwt } }', { t: secret('github token') }, '');
  await ask('bearer', '{ viewer { id } }', {}, secret('bearer token'));
  const raw = async (what: string, path: string, init: RequestInit): Promise<void> => {
    const answer = await fetch(`${server.url}${path}`, { redirect: 'manual', ...init });
    see(what, JSON.stringify([...answer.headers]) + (await answer.text()));
  };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const headers = {
    authorization: `Basic ${Buffer.from(`a:${secret('basic')}`).toString('base64')}`,
    cookie: `s=${secret('cookie')}`,
  };
  await raw('headers', '/graphql?query={viewer{id}}', { headers });
  await raw('query string', `/graphql?access_token=${secret('query string')}`, {});
  await raw('path', `/invitation/${secret('invitation')}`, {});
  await raw('token endpoint', '/oauth/token', {
    method: 'POST',
    headers: form,
    body: `grant_type=refresh_token&refresh_token=${secret('refresh token')}&client_id=x&client_secret=${secret('client secret')}`,
  });
  await raw('sign-in', '/sign-in', {
    method: 'POST',
    headers: form,
    body: `username=a&password=${secret('password')}&csrf=x`,
  });
  await raw('body', '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"query": "${secret('bad JSON')}`,
  });
  await raw('mcp', '/mcp', { method: 'POST', headers: { authorization: `Bearer ${secret('MCP token')}` }, body: '{}' });
}
