import { type DocumentNode, GraphQLError, parse } from 'graphql';

import { AppError } from '../shared/errors.ts';
import { limitExceeded } from './limits.ts';

/**
 * Parses a document. An existing client writes `spaces(){id}`; GraphQL has no empty argument lists, so after a failure
 * they are taken out and the text is read again.
 *
 * @throws BAD_INPUT with line and column, LIMIT_EXCEEDED when there are too many tokens
 */
export function parseDocument(text: string, maxTokens: number): DocumentNode {
  try {
    return parse(text, { maxTokens });
  } catch (error) {
    const stripped = stripEmptyArguments(text);
    if (stripped !== text) return parseStripped(stripped, maxTokens);
    throw parseFailure(error, maxTokens);
  }
}

function parseStripped(text: string, maxTokens: number): DocumentNode {
  try {
    return parse(text, { maxTokens });
  } catch (error) {
    throw parseFailure(error, maxTokens);
  }
}

// Strings and comments are matched first, so that a pair of parentheses inside them stays.
const STRING_COMMENT_OR_EMPTY_PAIR = /"""[\s\S]*?(?<!\\)"""|"(?:[^"\\\n\r]|\\.)*"|#[^\n\r]*|\([\s,]*\)/g;

export function stripEmptyArguments(text: string): string {
  return text.replace(STRING_COMMENT_OR_EMPTY_PAIR, (match) => (match.startsWith('(') ? '' : match));
}

function parseFailure(error: unknown, maxTokens: number): AppError {
  // The parser calls itself for each level, until there is no room left to.
  if (error instanceof RangeError)
    return new AppError('LIMIT_EXCEEDED', 'the document is nested too deeply to be read');
  if (!(error instanceof GraphQLError)) throw error;
  if (error.message.includes('tokens')) return limitExceeded('tokens', maxTokens, 'split it');
  const [at] = error.locations ?? [];
  const where = at === undefined ? '' : ` (line ${at.line}, column ${at.column})`;
  return new AppError('BAD_INPUT', `document: ${error.message}${where}`, {
    details: at === undefined ? {} : { locations: [at] },
  });
}
