import {
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isObjectType,
} from 'graphql';

import type { GatewayContext, SpaceOf } from '../gateway/index.ts';
import type { Caller } from '../shared/caller.ts';
import { hashText } from './campaign.ts';

// An API of the real shape over made-up objects. What a field gives depends on nothing but the case, the object it is
// asked of and the field, so that whoever judges an answer can work out what there was to be seen.

export interface Thing {
  readonly __typename: string;
  /** Where it lives. */
  readonly home: string;
  readonly seed: string;
  readonly [field: string]: unknown;
}

export interface World {
  readonly schema: GraphQLSchema;
  /** By type, the field that holds the space of an object, from the rules. */
  readonly spaceFields: ReadonlyMap<string, string>;
  /** How queries narrow their lists. */
  readonly readable: (thing: Thing, caller: Caller) => boolean;
}

export const spaces = ['root', 'a', 'b', 'c'] as const;
const LIST_LENGTH = 3;

/** Where an id of a made-up object lives: ids are `<space>~<number>`. */
export function spaceOfId(id: string): string | undefined {
  const [space = '', number] = id.split('~');
  return number !== undefined && spaces.some((each) => each === space) ? space : undefined;
}

export function worldSpaceOf(nouns: readonly string[]): SpaceOf {
  return Object.fromEntries(nouns.map((noun) => [noun, (_context: unknown, id: string) => later(spaceOfId(id))]));
}

/** From where a field is asked. */
export interface Standpoint {
  /** Names the case and the object. */
  readonly seed: string;
  /** The space that objects mostly come from. */
  readonly near: string;
  readonly caller: Caller;
}

/** What a field of objects gives: an object, or a list that is mostly narrowed to what the caller may read. */
export function produce(world: World, { seed, near, caller }: Standpoint, field: GraphQLField<unknown, unknown>) {
  const named = getNamedType(field.type);
  if (!isCompositeType(named)) throw new Error(`${field.name} gives no objects`);
  const types = isAbstractType(named) ? world.schema.getPossibleTypes(named) : [named];
  const one = (at: number): Thing => {
    const inner = `${seed}/${field.name}.${at}`;
    const type = types[hashText(`${inner} type`) % types.length];
    if (!isObjectType(type)) throw new Error(`${named.name} has no object type`);
    return makeThing(world, type, inner, homeOf(world, type, inner, near));
  };
  if (!isListType(getNullableType(field.type))) return one(0);
  const all = Array.from({ length: LIST_LENGTH }, (_, at) => one(at));
  const forgets = hashText(`${seed} ${field.name} forgets`) % 5 === 0; // as if a query forgot to narrow
  return forgets ? all : all.filter((thing) => world.readable(thing, caller));
}

/** Mostly near, sometimes anywhere: an object's own rule must hold whatever led to it. */
function homeOf({ spaceFields }: World, type: GraphQLObjectType, seed: string, near: string): string {
  const number = hashText(`${seed} home`);
  const moves = spaceFields.has(type.name) && number % 3 === 0;
  return moves ? (spaces[(number >>> 8) % spaces.length] ?? near) : near;
}

function makeThing({ spaceFields }: World, type: GraphQLObjectType, seed: string, home: string): Thing {
  const thing: Record<string, unknown> = {};
  for (const field of Object.values(type.getFields())) {
    if (!isCompositeType(getNamedType(field.type))) thing[field.name] = leafValue(type, field, home);
  }
  const spaceField = spaceFields.get(type.name);
  if (spaceField !== undefined) thing[spaceField] = home;
  return { ...thing, __typename: type.name, home, seed };
}

/** Text says where it comes from, so that it can be told wherever it turns up. */
export function markOf(home: string, type: string, field: string): string {
  return `mark-${home}-${type}.${field}`;
}

function leafValue(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>, home: string): unknown {
  const named = getNamedType(field.type);
  const value: unknown = isEnumType(named)
    ? named.getValues()[0]?.value
    : scalarValue(named.name, home, type.name, field.name);
  return isListType(getNullableType(field.type)) ? [value] : value;
}

function scalarValue(scalar: string, home: string, type: string, field: string): unknown {
  if (scalar === 'Int' || scalar === 'Float') return 7;
  if (scalar === 'Boolean') return true;
  return markOf(home, type, field);
}

const later = <T>(value: T): Promise<T> => Promise.resolve(value);

/** Resolvers of every field that gives objects; `ran` is told for which request one ran. */
export function worldResolvers(world: World, ran: (requestId: string) => void) {
  const types = Object.values(world.schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
  );
  return Object.fromEntries(types.map((type) => [type.name, resolversOf(world, type, ran)]));
}

type Resolver = (source: unknown, args: Readonly<Record<string, unknown>>, context: GatewayContext) => unknown;

function resolversOf(
  world: World,
  type: GraphQLObjectType,
  ran: (requestId: string) => void,
): Record<string, Resolver> {
  const isRoot = type.name === 'Query' || type.name === 'Mutation';
  const resolvers: Record<string, Resolver> = {};
  for (const field of Object.values(type.getFields())) {
    const gives = isCompositeType(getNamedType(field.type));
    if (!gives && !isRoot) continue;
    resolvers[field.name] = (source, args, { caller, origin }) => {
      ran(origin.requestId);
      const thing = isThing(source) ? source : undefined;
      const seed = thing?.seed ?? rootSeed(origin.requestId, args);
      const near = thing?.home ?? homeOfArgs(args, seed);
      const value = gives ? produce(world, { seed, near, caller }, field) : leafValue(type, field, near);
      return hashText(`${seed} ${field.name} later`) % 2 === 0 ? value : later(value);
    };
  }
  return resolvers;
}

function isThing(source: unknown): source is Thing {
  return typeof source === 'object' && source !== null && 'seed' in source;
}

/** Of the arguments only ids count: what else there is may be filled in on the way. */
export function rootSeed(requestId: string, args: Readonly<Record<string, unknown>>): string {
  return `${requestId} ${idsIn(args).join(' ')}`;
}

function idsIn(args: Readonly<Record<string, unknown>>): string[] {
  return Object.values(args).filter((value) => typeof value === 'string' && spaceOfId(value) !== undefined) as string[];
}

/** What a root field gives lives where its arguments say, or anywhere. */
export function homeOfArgs(args: Readonly<Record<string, unknown>>, seed: string): string {
  const [id] = idsIn(args);
  const home = id === undefined ? undefined : spaceOfId(id);
  return home ?? spaces[hashText(`${seed} home`) % spaces.length] ?? 'root';
}
