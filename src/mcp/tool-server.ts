import {
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  inputResponse,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type CallToolResult,
  type InputRequiredResult,
  type ServerContext,
} from '@modelcontextprotocol/server';

import type { Caller, Origin } from '../shared/caller.ts';
import { isJsonObject, type JsonObject } from '../shared/json.ts';
import { callTool, declinedAnswer, type CallServices } from './call-tool.ts';
import { instructions } from './instructions.ts';
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
    return answerCall(services, { tool, given, scope }, modern ? context : undefined);
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
}

async function answerCall(
  services: CallServices,
  { tool, given, scope }: CallInScope,
  context: ServerContext | undefined,
): Promise<CallToolResult | InputRequiredResult> {
  const { caller, origin } = scope;
  const word = context === undefined ? undefined : confirmedToken(context);
  if (word === 'declined') return toResult(declinedAnswer());
  const confirmed = word === undefined ? given : { ...given, confirmation: word.token };
  const answer = await callTool(services, { tool, given: confirmed, caller, origin });
  return context !== undefined && canAsk(context) ? (askBack(answer) ?? toResult(answer)) : toResult(answer);
}

const QUESTION = 'confirm';

/** What the client sent back to our question: the token it was asked about, or a no. */
function confirmedToken(context: ServerContext): { readonly token: string } | 'declined' | undefined {
  const state = context.mcpReq.requestState<unknown>();
  const response = inputResponse(context.mcpReq.inputResponses, QUESTION);
  if (typeof state !== 'string' || response.kind !== 'elicit') return undefined;
  const agreed = response.action === 'accept' && response.content?.['confirm'] === true;
  return agreed ? { token: state } : 'declined';
}

function canAsk(context: ServerContext): boolean {
  const envelope: unknown = context.mcpReq.envelope;
  const capabilities = isJsonObject(envelope) ? envelope[CLIENT_CAPABILITIES_META_KEY] : undefined;
  return isJsonObject(capabilities) && capabilities['elicitation'] !== undefined;
}

/**
 * The question that a destructive call asks. The state that travels with it is the one-time token itself: whoever
 * issued it checks that it is unspent and bound to this plan and this session, so there is nothing here to forge.
 */
function askBack(answer: ToolAnswer): InputRequiredResult | undefined {
  const { confirmation } = answer;
  if (confirmation === undefined) return undefined;
  const question = inputRequired.elicit({
    message: `${confirmation.summary}\n\nGo on? Nothing has been changed yet.`,
    requestedSchema: {
      type: 'object',
      properties: { confirm: { type: 'boolean', title: 'Yes, do it', default: false } },
      required: ['confirm'],
    },
  });
  return inputRequired({ inputRequests: { [QUESTION]: question }, requestState: confirmation.token });
}

function toResult(answer: ToolAnswer): CallToolResult {
  return {
    content: answer.texts.map((text) => ({ type: 'text', text })),
    structuredContent: { ...answer.structured },
    ...(answer.failed ? { isError: true } : {}),
    ...(answer.code === undefined ? {} : { _meta: { 'sluice/code': answer.code } }),
  };
}
