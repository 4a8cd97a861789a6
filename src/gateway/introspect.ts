import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';

import type { PreparedOperation } from './prepare-document.ts';
import { type Execute, interpret } from './run-operation.ts';

/** Makes the function that runs an operation which reads the schema, on a caller's view of it. */
export type Introspect = (view: GraphQLSchema, prepared: PreparedOperation, text: string) => Execute;

const MAX_ANSWERS = 8; // a view; an editor and a client or two ask in their own words

/** Introspection is dear and says the same to all who share a view, so its answers are kept with the view. */
export function createIntrospect(): Introspect {
  const answers = new WeakMap<GraphQLSchema, LRUCache<string, ExecutionResult>>();
  return (view, prepared, text) => {
    const run = interpret(view, prepared);
    if (!saysTheSame(prepared)) return run;
    const known = answers.get(view) ?? new LRUCache<string, ExecutionResult>({ max: MAX_ANSWERS });
    answers.set(view, known);
    return async (context, variables, raw) => {
      const result = known.get(text) ?? (await run(context, variables, raw));
      if (result.errors === undefined) known.set(text, result);
      return result;
    };
  };
}

/** Nothing but the schema is read, there are no variables, and there is one operation to run. */
function saysTheSame({ use, document, operation }: PreparedOperation): boolean {
  const operations = document.definitions.filter((definition) => definition.kind === operation.kind);
  return use.fields.length === 0 && (operation.variableDefinitions ?? []).length === 0 && operations.length === 1;
}
