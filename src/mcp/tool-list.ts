import type { Scope } from '../shared/caller.ts';
import { badInput } from '../shared/errors.ts';
import { suggest } from './suggest.ts';
import { scopeCovers, type Endpoint, type Tool } from './tool.ts';

/** A tool as `tools/list` shows it. */
export interface ListedTool {
  name: string;
  title?: string;
  description: string;
  inputSchema: { type: 'object'; [key: string]: unknown };
  outputSchema?: { type: 'object'; [key: string]: unknown };
  annotations: Record<string, boolean>;
}

/** The tools of both endpoints, made ready once: a list is never built per request. */
export interface ToolShelf {
  find(endpoint: Endpoint, name: string): Tool | undefined;
  list(endpoint: Endpoint, scopes: ReadonlySet<Scope>): readonly ListedTool[];
  names(endpoint: Endpoint): readonly string[];
}

export function createToolShelf(tools: readonly Tool[]): ToolShelf {
  const byName = new Map(tools.map((tool) => [shelfKey(tool.endpoint, tool.name), tool]));
  const lists = new Map<string, readonly ListedTool[]>();
  for (const endpoint of ['MAIN', 'INTENT'] as const) {
    for (const scope of ['mcp:read', 'mcp:write'] as const) {
      lists.set(shelfKey(endpoint, scope), listedTools(tools, endpoint, scope));
    }
  }
  return {
    find: (endpoint, name) => byName.get(shelfKey(endpoint, name)),
    list: (endpoint, scopes) => lists.get(shelfKey(endpoint, widest(scopes))) ?? [],
    names: (endpoint) => tools.filter((tool) => tool.endpoint === endpoint).map((tool) => tool.name),
  };
}

function shelfKey(endpoint: Endpoint, name: string): string {
  return `${endpoint} ${name}`;
}

function widest(scopes: ReadonlySet<Scope>): Scope | 'none' {
  if (scopes.has('mcp:write')) return 'mcp:write';
  return scopes.has('mcp:read') ? 'mcp:read' : 'none';
}

function listedTools(tools: readonly Tool[], endpoint: Endpoint, scope: Scope): readonly ListedTool[] {
  const granted: ReadonlySet<Scope> = new Set([scope]);
  return tools.filter((tool) => tool.endpoint === endpoint && scopeCovers(granted, tool.scope)).map(listedTool);
}

function listedTool(tool: Tool): ListedTool {
  const { name, title, description, inputSchema, outputSchema, annotations } = tool;
  if (tool.endpoint === 'MAIN') return briefTool(tool);
  return {
    name,
    title,
    description,
    inputSchema: { ...inputSchema, type: 'object' },
    ...(outputSchema === undefined ? {} : { outputSchema: { ...outputSchema, type: 'object' } }),
    annotations: { ...annotations },
  };
}

/**
 * The main list is part of every conversation, so it says nothing that the protocol's defaults say: no title beside a
 * telling name, no hint that is the default or has no meaning for a tool that only reads. Unknown arguments are refused
 * by the server, whether or not the schema says so.
 */
function briefTool({ name, description, inputSchema, annotations }: Tool): ListedTool {
  const { additionalProperties: _refusedAnyway, ...schema } = inputSchema;
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations;
  const writeHints = { destructiveHint, ...(idempotentHint ? { idempotentHint } : {}) };
  return {
    name,
    description,
    inputSchema: { ...schema, type: 'object' },
    annotations: { readOnlyHint, ...(readOnlyHint ? {} : writeHints), ...(openWorldHint ? {} : { openWorldHint }) },
  };
}

/**
 * The `tools` parameter of the endpoint's URL: `?tools=discover,query` shows only these.
 * `intent` brings `provider` with it: nobody can create what they cannot look up.
 *
 * @returns undefined when nothing is narrowed
 * @throws AppError BAD_INPUT for a name that the endpoint does not have
 */
export function parseNarrowing(url: string, shelf: ToolShelf, endpoint: Endpoint): ReadonlySet<string> | undefined {
  const given = new URL(url, 'http://localhost').searchParams.get('tools');
  if (given === null) return undefined;
  const known = shelf.names(endpoint);
  const names = new Set(
    given
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );
  for (const name of names) {
    if (!known.includes(name)) throw badInput('tools', `no such tool ${JSON.stringify(name)}${suggest(name, known)}`);
  }
  if (names.has('intent')) names.add('provider');
  return names;
}
