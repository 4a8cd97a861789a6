import type { ExecutionOutcome } from '../gateway/index.ts';
import { AppError, type ErrorCode } from '../shared/errors.ts';
import { listItem } from '../shared/problems.ts';
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { cleanJson, cleanText } from './clean-text.ts';
import { documentText } from './document-text.ts';
import { fitText } from './fit-text.ts';
import { inToolWords, type MutationTools } from './in-tool-words.ts';
import { lockLine } from './lock-line.ts';
import { listOperations } from './list-operations.ts';
import { answerText, compactText, toJson, toObject, toText } from './read-json.ts';
import type { ConfirmationRequest, ToolAnswer } from './tool-answer.ts';
import type { ToolKind } from './tool.ts';

const MAX_ERRORS = 5;

/** Turns the outcome of a tool's document into the tool's answer. Everything in it counts as data from outside. */
export function shapeAnswer(kind: ToolKind, outcome: ExecutionOutcome, others: MutationTools): ToolAnswer {
  if (outcome.errors.length > 0) return failedAnswer(kind, outcome, others);
  const data = toObject(cleanJson(toJson(outcome.data)));
  if (kind.document === null) return plainAnswer(kind, data);
  const value = data[kind.resultKey ?? kind.rootField] ?? null;
  if (kind.resultKey !== null) return plainAnswer(kind, { [kind.resultKey]: value });
  if (!isJsonObject(value)) return noSuchAnswer(kind);
  return isOperation(kind, value) ? operationAnswer(value) : plainAnswer(kind, value);
}

/** An expected failure before or instead of a document's outcome. */
export function errorAnswer(error: AppError): ToolAnswer {
  return refusedAnswer(error.code, cleanText(error.message), toObject(cleanJson(toJson(error.details))), undefined);
}

function failedAnswer(kind: ToolKind, { data, errors }: ExecutionOutcome, others: MutationTools): ToolAnswer {
  const { code = 'INTERNAL', ...details } = errors[0]?.extensions ?? {};
  const message = errors
    .slice(0, MAX_ERRORS)
    .map((error) => inToolWords(cleanText(error.message), kind, others))
    .join('\n');
  // Only the caller's own document may fail in part; what it did get is not thrown away.
  const partial = kind.document === null && data ? toObject(cleanJson(toJson(data))) : undefined;
  return refusedAnswer(code, message, toObject(cleanJson(toJson(details))), partial);
}

function refusedAnswer(
  code: ErrorCode,
  message: string,
  details: JsonObject,
  data: JsonObject | undefined,
): ToolAnswer {
  const confirmation = code === 'CONFIRMATION_REQUIRED' ? confirmationOf(details, message) : undefined;
  const partial = data === undefined ? [] : [`data: ${compactText(data)}`];
  return {
    failed: true,
    code,
    texts: [fitText([message, `code: ${code}`, ...hintFor(confirmation), ...partial].join('\n'))],
    structured: { code, message, details, ...(data === undefined ? {} : { data }) },
    confirmation,
  };
}

function noSuchAnswer(kind: ToolKind): ToolAnswer {
  // What hangs on a resource is missing because the resource is.
  const noun = kind.rootField
    .replace(/Dependencies$/, '')
    .replaceAll(/([A-Z])/g, ' $1')
    .toLowerCase();
  return errorAnswer(new AppError('NO_SUCH', `no such ${noun}, or you may not read it`));
}

function plainAnswer(kind: ToolKind, structured: JsonObject): ToolAnswer {
  return { failed: false, code: undefined, texts: textsFor(kind, structured), structured, confirmation: undefined };
}

function textsFor(kind: ToolKind, value: JsonObject): string[] {
  // The API's own description is read as it is; quoting it as JSON would cost tokens and help nobody.
  if (kind.rootField === 'discover') return [fitText(discoveryText(value))];
  if (kind.rootField === 'providerDocument') return [fitText(documentText(value))];
  if (kind.rootField === 'intentResourceOperations')
    return [fitText(listOperations(value)), fitText(answerText(value))];
  if (kind.rootField === 'intentProjectActivate') return [fitText(`${lockLine(value)}\n${answerText(value)}`)];
  return [fitText(answerText(value))];
}

function discoveryText(value: JsonObject): string {
  const cursor = value['cursor'];
  const more = typeof cursor === 'string' ? `\n[more: repeat with cursor ${JSON.stringify(cursor)}]` : '';
  return toText(value['text']) + more;
}

/** Mutations of resources answer with an operation or a set of them, whichever keys the tool gives it. */
function isOperation(kind: ToolKind, value: JsonObject): boolean {
  return kind.operation === 'mutation' && ('decision' in value || 'confirmation' in value) && 'message' in value;
}

const failedOutcomes: Readonly<Record<string, ErrorCode>> = {
  denied: 'POLICY_DENIED',
  failed: 'PROVIDER_FAILED',
  interrupted: 'PROVIDER_FAILED',
};

function operationAnswer(structured: JsonObject): ToolAnswer {
  const code = failedOutcomes[toText(structured['outcome'] ?? structured['status'])];
  const message = toText(structured['message']);
  const asked = structured['confirmation'];
  const confirmation = isJsonObject(asked) ? confirmationOf(asked, message) : undefined;
  const lead = [message, ...reasonsOf(structured), ...hintFor(confirmation)].join('\n');
  return {
    failed: code !== undefined,
    code,
    texts: [fitText(`${lead}\n${compactText(structured)}`)],
    structured,
    confirmation,
  };
}

/** A denial names every reason, one a line. */
function reasonsOf(operation: JsonObject): string[] {
  const decision = operation['decision'];
  const deny = isJsonObject(decision) ? decision['deny'] : undefined;
  return Array.isArray(deny) ? deny.map((reason: Json) => listItem(toText(reason))) : [];
}

/** Operations ask by `{token, summary}`, refused destructive fields by `{confirmation}` and their message. */
function confirmationOf(asked: JsonObject, message: string): ConfirmationRequest | undefined {
  const token = asked['token'] ?? asked['confirmation'];
  return typeof token === 'string' ? { token, summary: toText(asked['summary'] ?? message) } : undefined;
}

function hintFor(confirmation: ConfirmationRequest | undefined): string[] {
  if (confirmation === undefined) return [];
  return [
    `Show the user what will happen and ask; if they agree, repeat the same call with confirmation ${JSON.stringify(confirmation.token)}.`,
  ];
}
