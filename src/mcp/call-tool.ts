import type { Gateway } from '../gateway/index.ts';
import type { Caller, Origin } from '../shared/caller.ts';
import { AppError, badInput, maskError } from '../shared/errors.ts';
import { isJsonObject, type JsonObject } from '../shared/json.ts';
import type { Logger } from '../shared/logger.ts';
import { checkArguments, chooseKind } from './check-arguments.ts';
import { type MutationTools, noMutationTools } from './in-tool-words.ts';
import { errorAnswer, shapeAnswer } from './shape-answer.ts';
import { toVariables, withLowerWords } from './to-variables.ts';
import type { ToolAnswer } from './tool-answer.ts';
import { scopeCovers, type ArgumentChecks, type Tool, type ToolKind } from './tool.ts';

export interface CallServices {
  /** Version of this server, as clients see it. */
  readonly version: string;
  readonly gateway: Pick<Gateway, 'execute'>;
  readonly checks: ArgumentChecks;
  readonly mutationTools: MutationTools;
  readonly log: Logger;
}

export interface ToolCall {
  readonly tool: Tool;
  readonly given: JsonObject;
  readonly caller: Caller;
  readonly origin: Origin;
  readonly report?: ((message: string) => void) | undefined;
}

/** A call whose arguments fit: the document and its variables are known. */
interface ReadyCall extends ToolCall {
  readonly kind: ToolKind;
  readonly document: string;
  readonly variables: JsonObject;
  readonly operationName: string | undefined;
  readonly confirmation: string | undefined;
}

/** Runs one tool call. Whatever goes wrong becomes an answer: assistants mend their call by reading it. */
export async function callTool(services: CallServices, call: ToolCall): Promise<ToolAnswer> {
  try {
    const kind = chooseKind(call.tool, call.given);
    const given = withLowerWords(kind, call.given);
    checkArguments(services.checks, call.tool, kind, given);
    const ready = await fillProject(services, readCall({ ...call, given }, kind));
    const others = call.tool.endpoint === 'INTENT' ? services.mutationTools : noMutationTools;
    return shapeAnswer(kind, await runCall(services, ready), others);
  } catch (error) {
    const shown = maskError(error, call.origin.requestId);
    if (shown.code === 'INTERNAL') services.log.error({ err: error, tool: call.tool.name }, 'a tool call failed');
    return errorAnswer(shown);
  }
}

function readCall(call: ToolCall, kind: ToolKind): ReadyCall {
  const { given } = call;
  const confirmation = optionalText(given['confirmation']);
  if (kind.document !== null) {
    const variables = toVariables(kind, given);
    return { ...call, kind, document: kind.document, variables, operationName: undefined, confirmation };
  }
  const variables = isJsonObject(given['variables']) ? given['variables'] : {};
  const operationName = optionalText(given['operationName']);
  return { ...call, kind, document: optionalText(given['document']) ?? '', variables, operationName, confirmation };
}

const currentProject = 'query{intentProjectActive{id}}';

/** The session's current project stands in for a project that the caller did not name. */
async function fillProject(services: CallServices, call: ReadyCall): Promise<ReadyCall> {
  const { projectVariable } = call.kind;
  if (projectVariable === null || call.variables[projectVariable] !== undefined) return call;
  const { data } = await services.gateway.execute({
    document: currentProject,
    variables: {},
    caller: call.caller,
    origin: call.origin,
    allow: 'query',
  });
  const active = data?.['intentProjectActive'];
  const project = isJsonObject(active) ? optionalText(active['id']) : undefined;
  if (project === undefined) throw badInput(projectVariable, `name a project${orUseOne(call)}`);
  return { ...call, variables: { ...call.variables, [projectVariable]: project } };
}

/** Callers that only read have no tool to use a project with. */
function orUseOne({ caller, tool }: ReadyCall): string {
  if (!scopeCovers(caller.scopes, 'mcp:write')) return '; project-list has their ids';
  return `, or use one first (${tool.endpoint === 'MAIN' ? 'intent with kind "use"' : 'project-use'})`;
}

async function runCall(services: CallServices, call: ReadyCall) {
  return services.gateway.execute({
    document: call.document,
    variables: call.variables,
    operationName: call.operationName,
    caller: call.caller,
    origin: call.origin,
    // `query` refuses mutations even for callers that may mutate: assistants are trusted with it unasked.
    allow: call.kind.operation === 'query' ? 'query' : 'any',
    confirmDestructive: { token: call.confirmation },
    report: call.report,
  });
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A call that never reached a tool because a person said no. */
export function declinedAnswer(): ToolAnswer {
  return errorAnswer(new AppError('CONFIRMATION_REQUIRED', 'not confirmed; nothing was changed'));
}
