import { GraphQLError } from 'graphql';

import { type AppError, maskError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { AnswerError } from './outcome.ts';
import { InvalidDocument } from './prepare-document.ts';
import { refusalMessage } from './refusals.ts';
import { withoutValues } from './without-values.ts';

/**
 * The one way in which an error leaves the gateway. What we expected is shown with its code; anything else is logged
 * once with its cause and shown as INTERNAL with a reference to the log.
 */
export function maskErrors(errors: readonly unknown[], reference: string, log: Logger): AnswerError[] {
  return errors.flatMap((error) => answerErrors(error, reference, log));
}

function answerErrors(error: unknown, reference: string, log: Logger): AnswerError[] {
  if (error instanceof InvalidDocument) return error.errors.map((each) => inputError(each));
  if (error instanceof GraphQLError) return [fieldError(error, reference, log)];
  return [toAnswer(mask(error, reference, log), {})];
}

function mask(error: unknown, reference: string, log: Logger): AppError {
  const masked = maskError(error, reference);
  if (masked.code === 'INTERNAL')
    log.error({ reference, err: masked.cause ?? masked }, 'a request failed unexpectedly');
  return masked;
}

// A hostile document could have its own length told back to it ten times over.
const MAX_MESSAGE_LENGTH = 1_000;
const MAX_LOCATIONS = 10;

/** A document or its variables are wrong: graphql-js says how. */
function inputError({ message: said, locations }: GraphQLError): AnswerError {
  const message = withoutValues(said);
  const isLong = message.length > MAX_MESSAGE_LENGTH;
  return {
    message: isLong ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message,
    ...(locations === undefined ? {} : { locations: locations.slice(0, MAX_LOCATIONS) }),
    extensions: { code: 'BAD_INPUT' },
  };
}

/** A field failed while the operation ran. */
function fieldError(error: GraphQLError, reference: string, log: Logger): AnswerError {
  const cause = error.originalError ?? error;
  const position = {
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.locations === undefined ? {} : { locations: error.locations }),
  };
  return toAnswer(mask(cause, reference, log), position);
}

type Position = Pick<AnswerError, 'path' | 'locations'>;

function toAnswer(error: AppError, position: Position): AnswerError {
  const { locations, ...details } = error.details;
  const where = isLocations(locations) ? { locations } : {};
  return {
    message: refusalMessage(error),
    ...where,
    ...position,
    extensions: { ...details, code: error.code },
  };
}

function isLocations(value: unknown): value is NonNullable<AnswerError['locations']> {
  return Array.isArray(value);
}
