import {
  type DocumentNode,
  FieldsOnCorrectTypeRule,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLSchema,
  Kind,
  KnownTypeNamesRule,
  type OperationDefinitionNode,
  specifiedRules,
  validate,
} from 'graphql';

import { AppError } from '../shared/errors.ts';
import type { AccessTable } from './access-table.ts';
import { analyseAccess, type OperationUse } from './analyse-access.ts';
import type { ActionBits } from './caller-mask.ts';
import { type AccessDemand, demandOf } from './decide-access.ts';
import { checkLimits, type GatewayLimits } from './limits.ts';
import { estimateCost, type OperationCost } from './operation-cost.ts';
import { parseDocument } from './parse-document.ts';
import { unauthenticated } from './refusals.ts';
import { refuseUnstorableLiterals } from './refuse-unstorable.ts';

/** One operation of a document, read and judged as far as that is possible without a caller. */
export interface PreparedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly use: OperationUse;
  readonly demand: AccessDemand;
  readonly cost: OperationCost;
  /** Names of the root fields that destroy something. */
  readonly destructive: readonly string[];
}

export interface Preparation {
  readonly schema: GraphQLSchema;
  /** What strangers may see; undefined when that is nothing. */
  readonly strangersSchema: () => GraphQLSchema | undefined;
  readonly table: AccessTable;
  readonly bits: ActionBits;
  readonly limits: GatewayLimits;
}

const MAX_VALIDATION_ERRORS = 10; // enough to mend a document; more would let a hostile one cost more

/**
 * Parses, limits, validates and analyses a document.
 *
 * @throws BAD_INPUT with every validation error as `details.errors`, LIMIT_EXCEEDED
 */
export function prepareDocument(
  preparation: Preparation,
  text: string,
  operationName: string | undefined,
  stranger: boolean,
): PreparedOperation {
  const { limits, table, bits, schema } = preparation;
  const document = parseDocument(text, limits.tokens);
  checkLimits(document, limits);
  if (stranger) validateForStranger(preparation.strangersSchema(), document);
  else validateDocument(schema, document, false);
  refuseUnstorableLiterals(document);
  const operation = findOperation(document, operationName);
  const fragments = fragmentsOf(document);
  const use = analyseAccess(schema, operation, fragments, limits.expandedFields);
  return {
    document,
    operation,
    use,
    demand: demandOf(use, table, bits),
    cost: estimateCost(schema, operation, fragments),
    destructive: destructiveIn(use, table),
  };
}

function validateDocument(schema: GraphQLSchema, document: DocumentNode, hideSuggestions: boolean): void {
  const errors = validate(schema, document, specifiedRules, { maxErrors: MAX_VALIDATION_ERRORS, hideSuggestions });
  if (errors.length > 0) throw new InvalidDocument(errors);
}

// The answer is the same for what does not exist and for what strangers may not see.
function validateForStranger(schema: GraphQLSchema | undefined, document: DocumentNode): void {
  if (schema === undefined || validate(schema, document, [FieldsOnCorrectTypeRule, KnownTypeNamesRule]).length > 0) {
    throw unauthenticated('the document');
  }
  validateDocument(schema, document, true);
}

/** Several things are wrong with one document; each becomes an entry of `errors`. */
export class InvalidDocument extends AppError {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super('BAD_INPUT', errors.map((error) => error.message).join('; '));
    this.errors = errors;
  }
}

function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  );
}

function findOperation(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const found = name === undefined ? operations : operations.filter((operation) => operation.name?.value === name);
  const [only] = found;
  if (name !== undefined && only === undefined) {
    throw new AppError('BAD_INPUT', `operationName: the document has no operation named ${JSON.stringify(name)}`);
  }
  if (only === undefined) throw new AppError('BAD_INPUT', 'document: it has no operation');
  if (found.length > 1) {
    throw new AppError('BAD_INPUT', 'operationName: the document has several operations; name the one to run');
  }
  return only;
}

function destructiveIn(use: OperationUse, table: AccessTable): string[] {
  return use.fields
    .filter(({ type, field }) => table.ofField(type, field)?.destructive === true)
    .map(({ field }) => field);
}
