import { TransformCompositeFields } from '@graphql-tools/wrap';
import {
  getNamedType,
  getNullableType,
  type GraphQLFieldConfig,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

import { invariant } from '../shared/errors.ts';
import type { AccessTable, Requirement } from './access-table.ts';
import type { GatewayContext, SpaceOf } from './context.ts';
import { createFieldGuard, type FieldGuard } from './field-guard.ts';
import { createObjectGuard, type ObjectGuard } from './object-guard.ts';
import type { RefusalHook } from './refusals.ts';
import type { Args } from './space-source.ts';

export interface GuardOptions {
  readonly table: AccessTable;
  readonly spaceOf: SpaceOf;
  readonly onRefusal: RefusalHook;
}

type Resolve = (source: unknown, args: Args, context: GatewayContext) => unknown;
type FieldConfig = GraphQLFieldConfig<unknown, GatewayContext>;

/**
 * Puts a guard round each resolver, once, at boot. Nothing is delegated: the guarded schema runs under graphql-js and
 * as compiled code alike.
 *
 * No resolver is given `info`: compiled operations describe a field wrongly there when aliases hold underscores, so
 * nothing may be decided by it.
 *
 * @throws when a field has no row in the table: the server does not start with an open door
 */
export function guardSchema(schema: GraphQLSchema, options: GuardOptions): GraphQLSchema {
  const uncovered = uncoveredFields(schema, options.table);
  invariant(uncovered.length === 0, `no access rule covers ${uncovered.join(', ')}`);
  const transform = new TransformCompositeFields<GatewayContext>((type, field, config) =>
    isObjectType(schema.getType(type)) ? guardField(schema, type, field, config, options) : undefined,
  );
  return transform.transformSchema(schema, { schema });
}

function uncoveredFields(schema: GraphQLSchema, table: AccessTable): string[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) => (isObjectType(type) ? Object.keys(type.getFields()).map((field) => [type.name, field]) : []))
    .filter(([type, field]) => table.ofField(type ?? '', field ?? '') === undefined)
    .map((names) => names.join('.'));
}

function guardField(
  schema: GraphQLSchema,
  type: string,
  field: string,
  config: FieldConfig,
  options: GuardOptions,
): FieldConfig | undefined {
  const row = options.table.ofField(type, field);
  invariant(row !== undefined, `no access rule covers ${type}.${field}`);
  const isMutation = schema.getMutationType()?.name === type;
  const name = `${type}.${field}`;
  const before = createFieldGuard(
    row.actions,
    { name, answersNull: !isMutation && !isNonNullType(config.type), onRefusal: options.onRefusal },
    options.spaceOf,
  );
  // What a mutation answers with is what its own actions have just opened; grants are older than a space it creates.
  const after = isMutation && row.actions.length > 0 ? undefined : objectGuard(schema, name, row, config.type, options);
  if (config.resolve === undefined && before === undefined && after === undefined) return undefined;
  return { ...config, resolve: compose(before, resolverOf(config, field), after) };
}

function resolverOf(config: FieldConfig, field: string): Resolve {
  const resolve = config.resolve;
  return resolve === undefined ? (source) => readProperty(source, field) : parseResolver(resolve);
}

function readProperty(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null) return undefined;
  const value: unknown = Reflect.get(object, key);
  return value;
}

// A resolver is called without `info`, on purpose.
function parseResolver(resolve: NonNullable<FieldConfig['resolve']>): Resolve {
  return resolve as unknown as Resolve;
}

function objectGuard(
  schema: GraphQLSchema,
  field: string,
  row: Requirement,
  type: GraphQLOutputType,
  { table, onRefusal }: GuardOptions,
): ObjectGuard | undefined {
  const named = getNamedType(type);
  const possible = isObjectType(named) ? [named] : isAbstractType(named) ? schema.getPossibleTypes(named) : [];
  if (possible.length === 0) return undefined;
  return createObjectGuard(table, {
    field,
    type: named.name,
    possibleTypes: possible.map((object) => object.name),
    list: isListType(getNullableType(type)),
    nullable: !isNonNullType(innermost(type)),
    public: row.public,
    onRefusal,
  });
}

/** The type of an element: `[[T!]]` -> `T!`. */
function innermost(type: GraphQLOutputType): GraphQLOutputType {
  const bare = getNullableType(type);
  return isListType(bare) ? innermost(bare.ofType) : type;
}

function compose(before: FieldGuard | undefined, resolve: Resolve, after: ObjectGuard | undefined): Resolve {
  const checked: Resolve =
    after === undefined
      ? (source, args, context) => resolve(source, args, context)
      : (source, args, context) => {
          const produced = resolve(source, args, context);
          return produced instanceof Promise
            ? produced.then((value: unknown) => after(value, context))
            : after(produced, context);
        };
  if (before === undefined) return checked;
  return (source, args, context) => {
    const passed = before(source, args, context);
    if (passed === true) return checked(source, args, context);
    if (passed === false) return null;
    return passed.then((ok) => (ok ? checked(source, args, context) : null));
  };
}
