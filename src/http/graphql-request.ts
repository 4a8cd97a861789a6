import { AppError, badInput } from '../shared/errors.ts';
import { isJsonObject, type JsonObject } from '../shared/json.ts';

/** One GraphQL request as HTTP carries it. */
export interface GraphqlRequest {
  readonly document: string;
  readonly variables: JsonObject | undefined;
  readonly operationName: string | undefined;
}

/** @throws BAD_INPUT naming the key at fault */
export function parseBody(text: string): GraphqlRequest {
  return parseParameters(parseJson(text, 'body'));
}

/** @throws BAD_INPUT naming the parameter at fault */
export function parseQueryString(search: string): GraphqlRequest {
  const given = new URLSearchParams(search);
  const json = (name: string): unknown => {
    const text = given.get(name);
    return text === null || text === '' ? undefined : parseJson(text, name);
  };
  return parseParameters({
    query: given.get('query') ?? undefined,
    operationName: given.get('operationName') ?? undefined,
    variables: json('variables'),
    extensions: json('extensions'),
  });
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new AppError('BAD_INPUT', `${name}: must be JSON`, { cause: error });
  }
}

function parseParameters(body: unknown): GraphqlRequest {
  if (!isJsonObject(body)) throw badInput('body', 'must be a JSON object with the key query; batches are not served');
  const { query, variables, operationName, extensions } = body;
  if (typeof query !== 'string') throw badInput('query', 'must be the text of a GraphQL document');
  if (!isAbsent(variables) && !isJsonObject(variables)) throw badInput('variables', 'must be a JSON object');
  if (!isAbsent(operationName) && typeof operationName !== 'string')
    throw badInput('operationName', 'must be a string');
  if (!isAbsent(extensions) && !isJsonObject(extensions)) throw badInput('extensions', 'must be a JSON object');
  return { document: query, variables: variables ?? undefined, operationName: operationName ?? undefined };
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
