import {
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type CallToolResult,
  type InputRequiredResult,
  type ServerContext,
} from '@modelcontextprotocol/server';

import type { Caller, Origin } from '../shared/caller.ts';
import { isJsonObject, type JsonObject } from '../shared/json.ts';
import { askBack, canAsk, clientOf, confirmedToken } from './ask-back.ts';
import { callTool, declinedAnswer, type CallServices } from './call-tool.ts';
import { instructions } from './instructions.ts';
import { type Reporter, reporterFor } from './reporter.ts';
import { suggest } from './suggest.ts';
import type { ToolAnswer } from './tool-answer.ts';
import type { ToolShelf } from './tool-list.ts';
import type { Endpoint, Tool } from './tool.ts';

/** Everything that belongs to one HTTP request and to no other. */
export interface RequestScope {
  readonly endpoint: Endpoint;
  readonly caller: Caller;
  readonly origin: Origin;
  /** Names that `?tools=` lets through; undefined lets all through. */
  readonly only: ReadonlySet<string> | undefined;
}

const LIST_TTL_MS = 60_000; // a list changes only with the server's own version

/**
 * Builds the server of one request. It is never shared: with a shared one, answers to equal JSON-RPC ids of two
 * clients can be mixed up.
 *
 * @param modern whether the client speaks the 2026-07-28 revision, in which a server may ask back
 */
export function createToolServer(
  shelf: ToolShelf,
  services: CallServices,
  scope: RequestScope,
  modern: boolean,
): Server {
  const server = new Server(
    { name: 'sluice', title: 'Sluice', version: services.version },
    {
      capabilities: { tools: { listChanged: true } },
      instructions: instructions[scope.endpoint],
      cacheHints: { 'tools/list': { ttlMs: LIST_TTL_MS, cacheScope: 'private' } },
    },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: shelf.list(scope.endpoint, scope.caller.scopes).filter(({ name }) => isShown(scope, name)),
  }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const tool = findTool(shelf, scope, params.name);
    const given = parseArguments(params.arguments);
    const reporter = reporterFor(context);
    try {
      return await answerCall(services, { tool, given, scope, report: reporter?.report }, modern ? context : undefined);
    } finally {
      reporter?.end();
    }
  });
  return server;
}

function isShown(scope: RequestScope, name: string): boolean {
  return scope.only === undefined || scope.only.has(name);
}

function findTool(shelf: ToolShelf, scope: RequestScope, name: string): Tool {
  const tool = isShown(scope, name) ? shelf.find(scope.endpoint, name) : undefined;
  if (tool !== undefined) return tool;
  const known = shelf.list(scope.endpoint, scope.caller.scopes).map((listed) => listed.name);
  const message = `no such tool ${JSON.stringify(name)}${suggest(name, known)}`;
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}

function parseArguments(given: unknown): JsonObject {
  return isJsonObject(given) ? given : {};
}

interface CallInScope {
  readonly tool: Tool;
  readonly given: JsonObject;
  readonly scope: RequestScope;
  readonly report: Reporter['report'] | undefined;
}

async function answerCall(
  services: CallServices,
  { tool, given, scope, report }: CallInScope,
  context: ServerContext | undefined,
): Promise<CallToolResult | InputRequiredResult> {
  const { caller, origin } = scope;
  if (context === undefined) return toResult(await callTool(services, { tool, given, caller, origin, report }));
  const word = confirmedToken(context);
  if (word === 'declined') return toResult(declinedAnswer());
  const answer = await callTool(services, {
    tool,
    given: word === undefined ? given : { ...given, confirmation: word.token },
    caller,
    report,
    origin: { ...origin, client: clientOf(context) ?? origin.client },
  });
  const asks = answer.confirmation !== undefined && canAsk(context);
  return asks ? askBack(answer.confirmation) : toResult(answer);
}

function toResult(answer: ToolAnswer): CallToolResult {
  return {
    content: answer.texts.map((text) => ({ type: 'text', text })),
    structuredContent: { ...answer.structured },
    ...(answer.failed ? { isError: true } : {}),
    ...(answer.code === undefined ? {} : { _meta: { 'sluice/code': answer.code } }),
  };
}
