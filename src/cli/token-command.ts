import { type Command, InvalidArgumentError, Option } from 'commander';

import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { bearerToken, type TokenOptions } from './bearer-token.ts';
import { callServer } from './call-server.ts';
import { scopeOption, serverOptions } from './profile-command.ts';
import type { Terminal } from './terminal.ts';

interface CreateOptions extends Pick<TokenOptions, 'profile' | 'url' | 'key'> {
  readonly scope?: readonly string[];
  readonly space?: readonly string[];
  readonly days?: number;
}

const CREATE = `mutation($input: PersonalAccessTokenInput!) { personalAccessTokenCreate(input: $input) { id token expiresAt } }`;
const LIST = '{ personalAccessTokens { id name scopes spaces expiresAt lastUsedAt } }';
const DELETE = 'mutation($id: ID!) { personalAccessTokenDelete(id: $id) { name } }';
const DAY_SECONDS = 24 * 60 * 60;

/** `sluice token …`: tokens that last for long, for programs that cannot fetch a new one each hour. */
export function addToken(command: Command, terminal: Terminal): void {
  const token = command
    .command('token')
    .description('Personal access tokens: they act for you, for long, and may do less.');
  serverOptions(token.command('create').argument('<name>', 'what it is for'))
    .description('Makes a token and prints it, once.')
    .addOption(scopeOption('what it may do; mcp:read when left out'))
    .option('--space <ids...>', 'spaces that it is good in, with all below them')
    .addOption(
      new Option('--days <number>', 'when it ends; as late as the server lets it when left out').argParser(parseDays),
    )
    .action((name: string, options: CreateOptions) => create(terminal, name, options));
  serverOptions(token.command('list'))
    .description('Lists your tokens.')
    .action((options: TokenOptions) => list(terminal, options));
  serverOptions(token.command('delete').argument('<id>'))
    .description('Ends a token at once.')
    .action((id: string, options: TokenOptions) => remove(terminal, id, options));
}

function parseDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1) return days;
  throw new InvalidArgumentError('It must be a whole number of days.');
}

async function create(terminal: Terminal, name: string, options: CreateOptions): Promise<void> {
  const { scope = ['mcp:read'], space, days, ...server } = options;
  const { url, token } = await bearerToken(terminal, server);
  const input = {
    name,
    scopes: [...scope],
    ...(space === undefined ? {} : { spaces: [...space] }),
    ...(days === undefined ? {} : { expiresAt: Math.floor(Date.now() / 1000) + days * DAY_SECONDS }),
  };
  const answer = await callServer(url, CREATE, { variables: { input }, token });
  const made = objectOf(answer['personalAccessTokenCreate']);
  terminal.say(`The token ${textOf(made['id'])} ends on ${dayOf(made['expiresAt'])}. It is shown now and never again.`);
  terminal.print(textOf(made['token']));
}

async function list(terminal: Terminal, options: TokenOptions): Promise<void> {
  const { url, token } = await bearerToken(terminal, options);
  const { personalAccessTokens: tokens } = await callServer(url, LIST, { token });
  const rows: readonly Json[] = Array.isArray(tokens) ? tokens : [];
  if (rows.length === 0) terminal.say('There are none: `sluice token create` makes one.');
  for (const row of rows) terminal.print(lineOf(objectOf(row)));
}

function lineOf({ id, name, scopes, spaces, expiresAt, lastUsedAt }: JsonObject): string {
  const used = lastUsedAt === null ? 'never used' : `used on ${dayOf(lastUsedAt)}`;
  const where = wordsOf(spaces);
  return [
    textOf(id),
    textOf(name),
    wordsOf(scopes),
    ...(where === '' ? [] : [`in ${where}`]),
    `ends on ${dayOf(expiresAt)}`,
    used,
  ].join('  ');
}

async function remove(terminal: Terminal, id: string, options: TokenOptions): Promise<void> {
  const { url, token } = await bearerToken(terminal, options);
  const answer = await callServer(url, DELETE, { variables: { id }, token });
  terminal.say(`Ended the token ${textOf(objectOf(answer['personalAccessTokenDelete'])['name'])}.`);
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const wordsOf = (value: Json | undefined): string => (Array.isArray(value) ? value.join(' ') : '');

function dayOf(seconds: Json | undefined): string {
  return typeof seconds === 'number' ? new Date(seconds * 1000).toISOString().slice(0, 10) : '?';
}
