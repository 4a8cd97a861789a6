import { execute, type ExecutionResult, getVariableValues, type GraphQLError, type GraphQLSchema } from 'graphql';

import type { JsonObject } from '../shared/json.ts';
import type { GatewayContext } from './context.ts';
import { InvalidDocument, type PreparedOperation } from './prepare-document.ts';

/** Variables after coercion; made for one run, which may add to them. */
export type CoercedVariables = Record<string, unknown>;

/** Runs one operation. */
export type Execute = (
  context: GatewayContext,
  variables: CoercedVariables,
  raw: JsonObject | undefined,
) => ExecutionResult | Promise<ExecutionResult>;

/** Runs an operation as graphql-js does; the compiled form must answer the same. */
export function interpret(schema: GraphQLSchema, { document, operation }: PreparedOperation): Execute {
  return (contextValue, _coerced, raw) =>
    execute({
      schema,
      document,
      contextValue,
      variableValues: raw,
      operationName: operation.name?.value,
      hideSuggestions: true,
    });
}

const MAX_VARIABLE_ERRORS = 10;

/**
 * @returns values by variable name, in a fresh object
 * @throws BAD_INPUT with every error
 */
export function coerceVariables(
  schema: GraphQLSchema,
  { operation }: PreparedOperation,
  raw: JsonObject | undefined,
): CoercedVariables {
  const definitions = operation.variableDefinitions;
  if (definitions === undefined || definitions.length === 0) return {};
  const result = getVariableValues(schema, definitions, raw ?? {}, { maxErrors: MAX_VARIABLE_ERRORS });
  if (result.errors !== undefined) throw new InvalidDocument(result.errors);
  return { ...result.variableValues.coerced };
}

export type { ExecutionResult, GraphQLError };
