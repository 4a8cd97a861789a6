import {
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
} from 'graphql';

import { AppError, badInput } from '../../shared/errors.ts';
import { printField, printType } from './print-type.ts';
import { suggest } from './suggest.ts';

type AnyField = GraphQLField<unknown, unknown>;

const MAX_DEPTH = 3;
const MAX_NESTED_VALUES = 20;

/**
 * One type or one field in full, and the types below it to a depth. A type is printed once, so cycles end.
 *
 * @throws NO_SUCH with the nearest names, BAD_INPUT for a depth out of range
 */
export function describeType(schema: GraphQLSchema, name: string, depth: number): string[] {
  if (!Number.isInteger(depth) || depth < 0 || depth > MAX_DEPTH) {
    throw badInput('depth', `must be a whole number from 0 to ${MAX_DEPTH}`);
  }
  const type = schema.getType(name);
  if (type !== undefined) return [...printType(type), ...printBelow([type], depth, new Set([type]))];
  const found = findField(schema, name);
  if (found === undefined) throw unknownName(schema, name);
  const below = namedTypesOf(found.field);
  // A field is of no use without its input, so inputs are always printed with it.
  const inputs = below.filter((each) => isInputObjectType(each) || isEnumType(each));
  const start = depth === 0 ? inputs : below;
  return [
    `# ${found.owner}.${found.field.name}`,
    printField(found.field, ''),
    ...printAll(start),
    ...printBelow(start, depth === 0 ? 0 : depth - 1, new Set(start)),
  ];
}

function findField(schema: GraphQLSchema, name: string): { owner: string; field: AnyField } | undefined {
  const [owner = '', member] = name.split('.');
  const owners = member === undefined ? [schema.getQueryType(), schema.getMutationType()] : [schema.getType(owner)];
  for (const type of owners) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    const field = type.getFields()[member ?? owner];
    if (field !== undefined) return { owner: type.name, field };
  }
  return undefined;
}

function printAll(types: readonly GraphQLNamedType[]): string[] {
  return types.flatMap((type) => ['', ...printNested(type)]);
}

/** A long enum is printed only when it is asked for by its name. */
function printNested(type: GraphQLNamedType): string[] {
  const count = isEnumType(type) ? type.getValues().length : 0;
  return count > MAX_NESTED_VALUES ? [`enum ${type.name} # ${count} values: read it by its name`] : printType(type);
}

function printBelow(types: readonly GraphQLNamedType[], depth: number, printed: Set<GraphQLNamedType>): string[] {
  if (depth <= 0) return [];
  const next = types.flatMap((type) => typesWithin(type)).filter((type) => !printed.has(type));
  const fresh = [...new Set(next)];
  for (const type of fresh) printed.add(type);
  return fresh.length === 0 ? [] : [...printAll(fresh), ...printBelow(fresh, depth - 1, printed)];
}

function typesWithin(type: GraphQLNamedType): GraphQLNamedType[] {
  if (isUnionType(type)) return [...type.getTypes()];
  if (isInputObjectType(type))
    return worthPrinting(Object.values(type.getFields()).map((field) => getNamedType(field.type)));
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => namedTypesOf(field));
}

function namedTypesOf(field: AnyField): GraphQLNamedType[] {
  return worthPrinting([...field.args.map((argument) => getNamedType(argument.type)), getNamedType(field.type)]);
}

function worthPrinting(types: readonly GraphQLNamedType[]): GraphQLNamedType[] {
  return types.filter((type) => !isScalarType(type) || !isSpecifiedScalarType(type));
}

function unknownName(schema: GraphQLSchema, name: string): AppError {
  const types = Object.keys(schema.getTypeMap()).filter((type) => !type.startsWith('__'));
  const roots = [schema.getQueryType(), schema.getMutationType()];
  const fields = roots.flatMap((root) => Object.keys(root?.getFields() ?? {}));
  const near = suggest(name.split('.').at(-1) ?? name, [...types, ...fields]);
  const advice = near.length === 0 ? 'look for it with a search' : `did you mean ${near.join(', ')}?`;
  return new AppError('NO_SUCH', `no such type or field: ${JSON.stringify(name.slice(0, 100))}; ${advice}`);
}
