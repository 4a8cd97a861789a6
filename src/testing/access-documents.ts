import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

import type { JsonObject } from '../shared/json.ts';
import type { AccessRules } from './access-rules.ts';
import { spaces } from './access-world.ts';
import type { Random } from './campaign.ts';

// Random documents of one operation each, as trees that a judge can walk and a printer can write in many ways.

export interface Condition {
  readonly runs: boolean;
  /** Set when a variable decides. */
  readonly variable: string | undefined;
}

export interface FieldNode {
  readonly kind: 'field';
  /** Under which name the answer has it. */
  readonly key: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly condition: Condition | undefined;
  readonly inner: readonly Selection[];
}

export interface FragmentNode {
  readonly kind: 'fragment';
  /** Undefined when it is written in place. */
  readonly name: string | undefined;
  /** Undefined takes whatever type stands around it. */
  readonly on: string | undefined;
  readonly condition: Condition | undefined;
  readonly inner: readonly Selection[];
}

export type Selection = FieldNode | FragmentNode;

export interface Question {
  readonly kind: 'query' | 'mutation';
  readonly selections: readonly Selection[];
  readonly text: string;
  readonly variables: JsonObject;
  /** Set when the document holds more operations than the one that is run. */
  readonly operationName: string | undefined;
}

export interface Target {
  readonly type: string;
  readonly field: string;
  /** Fields that lead there from a root. */
  readonly path: readonly { readonly type: string; readonly field: string }[];
}

/** Every field of the API with a shortest way to it. */
export function findTargets(schema: GraphQLSchema): Target[] {
  const ways = new Map<string, Target['path']>([
    ['Query', []],
    ['Mutation', []],
  ]);
  const queue = [...ways.keys()];
  for (let type = queue.shift(); type !== undefined; type = queue.shift()) {
    for (const field of fieldsOf(schema, type)) {
      for (const next of objectsOf(schema, getNamedType(field.type))) {
        if (ways.has(next)) continue;
        ways.set(next, [...(ways.get(type) ?? []), { type, field: field.name }]);
        queue.push(next);
      }
    }
  }
  return [...ways].flatMap(([type, path]) =>
    fieldsOf(schema, type).map((field) => ({ type, field: field.name, path })),
  );
}

function fieldsOf(schema: GraphQLSchema, type: string): GraphQLField<unknown, unknown>[] {
  const named = schema.getType(type);
  return isObjectType(named) || isInterfaceType(named) ? Object.values(named.getFields()) : [];
}

function objectsOf(schema: GraphQLSchema, type: GraphQLNamedType): string[] {
  if (isAbstractType(type)) return schema.getPossibleTypes(type).map(({ name }) => name);
  return isObjectType(type) ? [type.name] : [];
}

interface Making {
  readonly schema: GraphQLSchema;
  readonly rules: AccessRules;
  readonly random: Random;
  readonly variables: { name: string; type: string; value: JsonObject[string] }[];
  /** Names within one document. */
  count: number;
}

/** One operation that reaches the target, with company. */
export function makeQuestion(schema: GraphQLSchema, rules: AccessRules, target: Target, random: Random): Question {
  const making: Making = { schema, rules, random, variables: [], count: 0 };
  const root = target.path[0]?.type ?? target.type;
  const kind = root === 'Mutation' ? 'mutation' : 'query';
  const selections = [reach(making, target, 0)];
  const others = kind === 'query' ? random.below(3) : 0;
  for (let at = 0; at < others; at += 1) {
    const field = random.pick(fieldsOf(schema, root));
    selections.push(wrap(making, root, fieldNode(making, root, field, 1)));
  }
  return print(making, kind, random.chance(0.5) ? selections : selections.toReversed());
}

/** The field at `depth` of the way, with the rest of the way below it. */
function reach(making: Making, target: Target, depth: number): Selection {
  const step = target.path[depth] ?? { type: target.type, field: target.field };
  const field = fieldsOf(making.schema, step.type).find(({ name }) => name === step.field);
  if (field === undefined) throw new Error(`${step.type}.${step.field} is no field`);
  const node = fieldNode(making, step.type, field, depth === target.path.length ? 1 : 0);
  if (depth === target.path.length) return wrap(making, step.type, node);
  const next = (target.path[depth + 1] ?? target).type;
  const deeper = reach(making, target, depth + 1);
  const named = getNamedType(field.type);
  const needed = isAbstractType(named) && !hasField(making.schema, named.name, deeper);
  const held: Selection = needed
    ? { kind: 'fragment', name: nameOr(making, 'F'), on: next, condition: condition(making), inner: [deeper] }
    : deeper;
  const company = making.random.chance(0.5) ? companyOf(making, named.name) : [];
  return wrap(making, step.type, { ...node, inner: [held, ...company] });
}

function hasField(schema: GraphQLSchema, type: string, selection: Selection): boolean {
  if (selection.kind === 'field') return fieldsOf(schema, type).some(({ name }) => name === selection.name);
  return selection.inner.every((each) => hasField(schema, type, each)) && selection.on === undefined;
}

function companyOf(making: Making, type: string): Selection[] {
  const leaves = fieldsOf(making.schema, type).filter(({ type: of }) => !isCompositeType(getNamedType(of)));
  return leaves.length === 0
    ? [typename(making)]
    : [wrap(making, type, fieldNode(making, type, making.random.pick(leaves), 1))];
}

const MAX_BELOW = 2;

/** @param below how many levels may still come; the way down is put in by `reach` */
function fieldNode(making: Making, type: string, field: GraphQLField<unknown, unknown>, below: number): FieldNode {
  const named = getNamedType(field.type);
  const args = argumentsOf(making, type, field);
  const inner = isCompositeType(named) && below > 0 ? innerOf(making, named, below) : [];
  return {
    kind: 'field',
    key: keyFor(making, field.name),
    name: field.name,
    args,
    condition: condition(making),
    inner,
  };
}

function innerOf(making: Making, type: GraphQLNamedType, below: number): Selection[] {
  const { random, schema } = making;
  const inner: Selection[] = [typename(making)];
  for (const object of isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [type.name]) {
    if (isAbstractType(type) && random.chance(0.4)) continue;
    const fields = fieldsOf(schema, object).filter(
      (field) => below < MAX_BELOW || !isCompositeType(getNamedType(field.type)),
    );
    if (fields.length === 0) continue;
    const chosen = Array.from({ length: 1 + random.below(3) }, () => random.pick(fields));
    const nodes = chosen.map((field) =>
      wrap(making, object, fieldNode(making, object, field, below + 1 > MAX_BELOW ? 0 : below + 1)),
    );
    const whole = nodes.filter((node) => !isHollow(schema, object, node));
    if (whole.length === 0) continue;
    if (isAbstractType(type)) {
      inner.push({
        kind: 'fragment',
        name: nameOr(making, 'F'),
        on: object,
        condition: condition(making),
        inner: whole,
      });
    } else inner.push(...whole);
  }
  return inner;
}

/** A field of objects with nothing below it cannot be written. */
function isHollow(schema: GraphQLSchema, type: string, selection: Selection): boolean {
  if (selection.kind === 'fragment')
    return selection.inner.some((each) => isHollow(schema, selection.on ?? type, each));
  const field = fieldsOf(schema, type).find(({ name }) => name === selection.name);
  return field !== undefined && isCompositeType(getNamedType(field.type)) && selection.inner.length === 0;
}

function typename(making: Making): FieldNode {
  const key = making.random.chance(0.5) ? '__typename' : `t${(making.count += 1)}`;
  return { kind: 'field', key, name: '__typename', args: {}, condition: undefined, inner: [] };
}

// Names that mean something to the code that runs documents, or that other fields have.
const misleading = ['id', 'space', 'name', 'constructor', 'length', 'toString', 'data', 'errors', 'viewer'];

/** Every field has a name of its own in the answer, so that fields never have to be merged. */
function keyFor(making: Making, field: string): string {
  making.count += 1;
  return making.random.chance(0.4) ? `${making.random.pick(misleading)}_${making.count}` : `${field}_${making.count}`;
}

function nameOr(making: Making, letter: string): string | undefined {
  return making.random.chance(0.5) ? `${letter}${(making.count += 1)}` : undefined;
}

function condition(making: Making): Condition | undefined {
  const { random, variables } = making;
  if (!random.chance(0.15)) return undefined;
  const runs = random.chance(0.6);
  if (random.chance(0.4)) return { runs, variable: undefined };
  const name = `c${(making.count += 1)}`;
  variables.push({ name, type: 'Boolean!', value: runs });
  return { runs, variable: name };
}

/** Puts a field into fragments, or leaves it. */
function wrap(making: Making, type: string, node: Selection): Selection {
  if (!making.random.chance(0.3)) return node;
  const on = making.random.chance(0.7) ? type : undefined;
  const name = on === undefined ? undefined : nameOr(making, 'G');
  const outer: FragmentNode = { kind: 'fragment', name, on, condition: condition(making), inner: [node] };
  return making.random.chance(0.3) ? wrap(making, type, outer) : outer;
}

function argumentsOf(making: Making, type: string, field: GraphQLField<unknown, unknown>) {
  const args: Record<string, unknown> = {};
  const rule = making.rules.ofField(type, field.name);
  const demanded = (rule?.demands ?? []).map(({ space }) => space);
  for (const argument of field.args) {
    const value = valueFor(making, argument, `args.${argument.name}`, demanded);
    if (value !== undefined) args[argument.name] = value;
  }
  return args;
}

function valueFor(
  making: Making,
  { type, name }: Pick<GraphQLArgument, 'type' | 'name'>,
  path: string,
  demanded: readonly string[],
): unknown {
  const { random } = making;
  const asked = demanded.some((space) => space.includes(path));
  if (!isNonNullType(type) && !(asked ? random.chance(0.8) : random.chance(0.3))) {
    return random.chance(0.3) ? null : undefined;
  }
  const bare = isNonNullType(type) ? type.ofType : type;
  if (isInputObjectType(bare)) {
    const fields = Object.values(bare.getFields());
    const given = fields.map(
      (inner) => [inner.name, valueFor(making, inner, `${path}.${inner.name}`, demanded)] as const,
    );
    return Object.fromEntries(given.filter(([, value]) => value !== undefined));
  }
  if (demanded.some((space) => space === path || space === `${path}?`)) {
    return random.chance(0.1) ? random.pick(['', 'nowhere']) : random.pick(spaces);
  }
  if (asked) return random.chance(0.1) ? random.pick(['', 'none']) : `${random.pick(spaces)}~${random.below(100)}`;
  return plainValue(bare, name);
}

function plainValue(type: GraphQLInputType, name: string): unknown {
  if (isListType(type)) return [];
  if (isEnumType(type)) return { enum: type.getValues()[0]?.name };
  const { name: scalar } = getNamedType(type);
  if (scalar === 'Int' || scalar === 'Float') return 3;
  return scalar === 'Boolean' ? true : name;
}

function print(making: Making, kind: Question['kind'], selections: readonly Selection[]): Question {
  const { random, schema, variables } = making;
  const fragments: string[] = [];
  const root = kind === 'query' ? 'Query' : 'Mutation';
  const body = printSet({ fragments, making, schema }, selections, root);
  const several = random.chance(0.2);
  const declared = variables.map(({ name, type }) => `$${name}: ${type}`).join(', ');
  const head = several || declared !== '' ? `${kind} Asked${declared === '' ? '' : `(${declared})`} ` : `${kind} `;
  const decoys = several ? ['query Other { debugInfo { selfHostedVersion } }', 'query { __typename }'].slice(0, 1) : [];
  const text = [head + body, ...fragments, ...decoys].join('\n');
  return {
    kind,
    selections,
    text,
    variables: Object.fromEntries(variables.map(({ name, value }) => [name, value])),
    operationName: several ? 'Asked' : undefined,
  };
}

interface Printing {
  readonly fragments: string[];
  readonly making: Making;
  readonly schema: GraphQLSchema;
}

function printSet(printing: Printing, selections: readonly Selection[], type: string): string {
  return `{ ${selections.map((each) => printSelection(printing, each, type)).join(' ')} }`;
}

function printSelection(printing: Printing, selection: Selection, type: string): string {
  const directive = printCondition(selection.condition);
  if (selection.kind === 'fragment') {
    const inner = printSet(printing, selection.inner, selection.on ?? type);
    if (selection.name === undefined)
      return `... ${selection.on === undefined ? '' : `on ${selection.on} `}${directive}${inner}`;
    printing.fragments.push(`fragment ${selection.name} on ${selection.on ?? type} ${inner}`);
    return `...${selection.name} ${directive}`;
  }
  const { name, key, args, inner } = selection;
  const field = fieldsOf(printing.schema, type).find((each) => each.name === name);
  const given = Object.entries(args).map(([key, value]) => `${key}: ${printArgument(printing, field, key, value)}`);
  const below = inner.length === 0 ? '' : printSet(printing, inner, getNamedType(field?.type)?.name ?? '');
  return `${key === name ? '' : `${key}: `}${name}${given.length === 0 ? '' : `(${given.join(', ')})`} ${directive}${below}`;
}

function printCondition(condition: Condition | undefined): string {
  if (condition === undefined) return '';
  const { runs, variable } = condition;
  if (variable !== undefined) return `@include(if: $${variable}) `;
  return runs ? '@skip(if: false) ' : '@skip(if: true) ';
}

/** As a literal, or as a variable of its own. */
function printArgument(
  { making }: Printing,
  field: GraphQLField<unknown, unknown> | undefined,
  name: string,
  value: unknown,
): string {
  const type = field?.args.find((each) => each.name === name)?.type;
  if (typeof value !== 'string' || type === undefined || !making.random.chance(0.3)) return printValue(value);
  const variable = `v${(making.count += 1)}`;
  making.variables.push({ name: variable, type: String(type), value });
  return `$${variable}`;
}

function printValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if ('enum' in value) return String(value.enum);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}: ${printValue(inner)}`)
    .join(', ')}}`;
}
