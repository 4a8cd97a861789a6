import type { GraphQLFormattedError } from 'graphql';

import type { ErrorCode } from '../shared/errors.ts';

/** One entry of `errors`, ready to be sent: masked, with a code. */
export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly locations?: GraphQLFormattedError['locations'];
  readonly extensions: { readonly code: ErrorCode; readonly [detail: string]: unknown };
}

/**
 * What came of a request. `data` is absent when nothing ran: the document, its variables or its caller were refused.
 * When something ran, `data` is an object, or null where an error reached the top.
 */
export interface ExecutionOutcome {
  readonly data: Readonly<Record<string, unknown>> | null | undefined;
  /** Empty when all went well. */
  readonly errors: readonly AnswerError[];
}

/** JSON text of the answer: `{"data":…}`, with `errors` first when there are any. */
export function answerText({ data, errors }: ExecutionOutcome): string {
  if (errors.length === 0) return JSON.stringify({ data: data ?? null });
  const errorsText = JSON.stringify(errors);
  return data === undefined ? `{"errors":${errorsText}}` : `{"errors":${errorsText},"data":${JSON.stringify(data)}}`;
}

/** The same for clients that show every key of `extensions` to people: messages only. */
export function plainAnswerText({ data, errors }: ExecutionOutcome): string {
  if (errors.length === 0) return answerText({ data, errors });
  const messages = JSON.stringify(errors.map(({ message }) => ({ message })));
  return `{"errors":${messages},"data":${JSON.stringify(data ?? null)}}`;
}
