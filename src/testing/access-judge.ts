import {
  getNamedType,
  getNullableType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

import { type Caller, may } from '../shared/caller.ts';
import type { FieldNode, Question, Selection } from './access-documents.ts';
import type { AccessRule, AccessRules, Demand } from './access-rules.ts';
import { homeOfArgs, markOf, produce, rootSeed, spaceOfId, type Thing, type World } from './access-world.ts';

// What a document should be answered with, worked out from the rules as they are told to people, field by field and
// without a line of the gateway: an oracle.

export type Code = 'UNAUTHENTICATED' | 'INSUFFICIENT_SCOPE' | 'FORBIDDEN' | 'NO_SUCH' | 'INTERNAL';

export interface Verdict {
  /** Codes of which the refusal has one, when nothing may run at all. */
  readonly refused: ReadonlySet<Code> | undefined;
  readonly data: Readonly<Record<string, unknown>> | null;
  /** `path code` of what failed; some of it may go untold behind a null further up. */
  readonly errors: ReadonlySet<string>;
  /** How many fields were decided about. */
  readonly decisions: number;
}

export interface Bench {
  readonly schema: GraphQLSchema;
  readonly rules: AccessRules;
  readonly world: World;
}

export function judge(bench: Bench, question: Question, caller: Caller, requestId: string): Verdict {
  const refused = judgeBefore(bench, question, caller);
  if (refused.size > 0) return { refused, data: null, errors: new Set(), decisions: 1 };
  const run: Run = { ...bench, caller, requestId, errors: new Set(), decisions: 0 };
  const root = question.kind === 'query' ? 'Query' : 'Mutation';
  const data = orNull(() => judgeSet(run, question.selections, { type: root, thing: undefined, path: [] }));
  return { refused: undefined, data, errors: run.errors, decisions: run.decisions };
}

// --- before anything runs

interface Use {
  readonly type: string;
  readonly field: string;
}

function judgeBefore(bench: Bench, { kind, selections }: Question, caller: Caller): Set<Code> {
  const root = kind === 'query' ? 'Query' : 'Mutation';
  if (caller.principal.kind === 'ANONYMOUS') {
    const closed = usesOf(bench.schema, selections, [root], true).some((use) => !openToStrangers(bench, use));
    return new Set<Code>(closed ? ['UNAUTHENTICATED'] : []);
  }
  const codes = usesOf(bench.schema, selections, [root], false).flatMap(
    (use) => refusalOf(bench.rules, use, caller) ?? [],
  );
  return new Set(codes);
}

/** Fields by the types that they may be asked of; those that are left out count only if `all` do. */
function usesOf(
  schema: GraphQLSchema,
  selections: readonly Selection[],
  types: readonly string[],
  all: boolean,
): Use[] {
  return selections.flatMap((each): Use[] => {
    if (!all && each.condition?.runs === false) return [];
    if (each.kind === 'fragment') {
      return usesOf(schema, each.inner, each.on === undefined ? types : types.filter((type) => each.on === type), all);
    }
    if (each.name === '__typename') return [];
    const uses = types.map((type) => ({ type, field: each.name }));
    const below = new Set(types.flatMap((type) => objectTypes(schema, typeOf(schema, type, each.name))));
    return [...uses, ...usesOf(schema, each.inner, [...below], all)];
  });
}

function typeOf(schema: GraphQLSchema, type: string, field: string): GraphQLOutputType {
  const object = schema.getType(type);
  const found = isObjectType(object) ? object.getFields()[field] : undefined;
  if (found === undefined) throw new Error(`${type}.${field} is no field`);
  return found.type;
}

function objectTypes(schema: GraphQLSchema, type: GraphQLOutputType): string[] {
  const named = getNamedType(type);
  if (isAbstractType(named)) return schema.getPossibleTypes(named).map(({ name }) => name);
  return isObjectType(named) ? [named.name] : [];
}

/** Open itself, or of a type that an open field gives: that field then answers null to a stranger. */
function openToStrangers({ rules, schema }: Bench, { type, field }: Use): boolean {
  if (rules.ofField(type, field)?.open === true) return true;
  return rules.ofType(type) !== undefined && givenByOpenFields(rules, schema).has(type);
}

const openTypes = new WeakMap<GraphQLSchema, ReadonlySet<string>>();
function givenByOpenFields(rules: AccessRules, schema: GraphQLSchema): ReadonlySet<string> {
  const known = openTypes.get(schema);
  if (known !== undefined) return known;
  const found = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields()))
      if (rules.ofField(type.name, field.name)?.open === true) found.add(getNamedType(field.type).name);
  }
  openTypes.set(schema, found);
  return found;
}

function refusalOf(rules: AccessRules, { type, field }: Use, caller: Caller): Code | undefined {
  const own = rules.ofField(type, field);
  if (own === undefined) return 'FORBIDDEN';
  const both = [own, rules.ofType(type)].filter((rule): rule is AccessRule => rule !== undefined);
  if (!both.every(({ scopes }) => holdsScopes(caller, scopes))) return 'INSUFFICIENT_SCOPE';
  const demands = both.flatMap((rule) => rule.demands);
  return demands.every(({ action }) => holdsSomewhere(caller, action)) ? undefined : 'FORBIDDEN';
}

function holdsScopes({ scopes }: Caller, lists: readonly (readonly string[])[]): boolean {
  const held = new Set<string>(scopes.has('mcp:write') ? ['mcp:write', 'mcp:read'] : scopes);
  return lists.length === 0 || lists.some((list) => list.every((scope) => held.has(scope)));
}

function holdsSomewhere({ grants }: Caller, action: string): boolean {
  return [...grants.values()].some((held) => [...held].some((each) => each === action));
}

/** Whether introspection may show the field. */
export function mayUse(rules: AccessRules, type: string, field: string, caller: Caller): boolean {
  return refusalOf(rules, { type, field }, caller) === undefined;
}

// --- while it runs

interface Run extends Bench {
  readonly caller: Caller;
  readonly requestId: string;
  readonly errors: Set<string>;
  decisions: number;
}

interface Place {
  readonly type: string;
  /** Undefined at the top. */
  readonly thing: Thing | undefined;
  readonly path: readonly (string | number)[];
}

/** Thrown where null cannot stand, to the next place where it can. */
class Nothing extends Error {}

function orNull<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof Nothing) return null;
    throw error;
  }
}

function judgeSet(run: Run, selections: readonly Selection[], place: Place): Record<string, unknown> {
  const answer: Record<string, unknown> = {};
  let fails = false;
  for (const each of selections) {
    if (each.condition?.runs === false) continue;
    try {
      if (each.kind === 'field') answer[each.key] = judgeField(run, each, place);
      else if (each.on === undefined || each.on === place.type) Object.assign(answer, judgeSet(run, each.inner, place));
    } catch (error) {
      if (!(error instanceof Nothing)) throw error;
      fails = true; // its neighbours are asked all the same, and their errors may be told
    }
  }
  if (fails) throw new Nothing();
  return answer;
}

function judgeField(run: Run, node: FieldNode, place: Place): unknown {
  run.decisions += 1;
  if (node.name === '__typename') return place.type;
  const type = typeOf(run.schema, place.type, node.name);
  const path = [...place.path, node.key];
  const fail = (code: Code): never | null => failAt(run, type, path, code);
  const isMutation = place.type === 'Mutation';
  const rule = run.rules.ofField(place.type, node.name);
  if (rule === undefined) throw new Error(`${place.type}.${node.name} has no rule`);
  for (const demand of rule.demands) {
    const outcome = meets(run, demand, node, place);
    if (outcome === 'met') continue;
    if (outcome === 'unseen' && !isMutation && !isNonNullType(type)) return null;
    return fail(outcome === 'seen' ? 'FORBIDDEN' : 'NO_SUCH');
  }
  const guarded = !(isMutation && rule.demands.length > 0);
  return judgeValue(run, node, { ...place, path }, { type, guarded, open: rule.open, fail });
}

function failAt(run: Run, type: GraphQLOutputType, path: Place['path'], code: Code): null {
  run.errors.add(`${path.join('.')} ${code}`);
  if (isNonNullType(type)) throw new Nothing();
  return null;
}

/** Whether a demand is met; if not, whether the caller may know that the object is there. */
function meets({ caller }: Run, { action, space: source }: Demand, node: FieldNode, place: Place) {
  if (source === 'any') return 'met';
  const optional = source.endsWith('?');
  const space = placeOf(source, node, place);
  if (space === undefined && optional) return 'met';
  if (space !== undefined && holds(caller, action, space)) return 'met';
  if (source === 'root' || source.startsWith('parent.')) return 'seen';
  const seen = space !== undefined && action !== 'SPACE_READ' && holds(caller, 'SPACE_READ', space);
  return seen ? 'seen' : 'unseen';
}

function placeOf(source: string, { args }: FieldNode, { thing }: Place): string | undefined {
  if (source === 'root') return 'root';
  if (source.startsWith('parent.')) return text(thing?.[spaceField(source)]);
  const noun = /^\w+\(args\.(.+)\)$/.exec(source)?.[1];
  if (noun !== undefined) return spaceOfId(text(at(args, noun)) ?? '');
  const [, path = '', mark] = /^args\.([^?]+)(\?)?$/.exec(source) ?? [];
  return text(at(args, path)) ?? (mark === undefined ? 'root' : undefined);
}

/** `parent.space/id` -> `space`: nobody here holds anything in a single project. */
function spaceField(source: string): string {
  return source.slice('parent.'.length).replace(/\/.*/, '');
}

/** Nothing, null and the empty text all mean: not given. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function at(args: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, step) => (value as Record<string, unknown> | null | undefined)?.[step], args);
}

function holds(caller: Caller, action: string, space: string): boolean {
  return may(caller, action as Parameters<typeof may>[1], space);
}

/** A type's own rule, asked of one object. */
export function isReadable(rules: AccessRules, thing: Thing, caller: Caller): boolean {
  const rule = rules.ofType(thing.__typename);
  if (rule === undefined) return true;
  return rule.demands.every(({ action, space }) => {
    if (space === 'any') return true;
    const where = space === 'root' ? 'root' : text(thing[spaceField(space)]);
    return where !== undefined && holds(caller, action, where);
  });
}

interface Wanted {
  readonly type: GraphQLOutputType;
  /** Whether the objects' own rules are asked. */
  readonly guarded: boolean;
  /** Whether strangers come here. */
  readonly open: boolean;
  readonly fail: (code: Code) => null;
}

function judgeValue(run: Run, node: FieldNode, place: Place, wanted: Wanted): unknown {
  const { type, guarded, open, fail } = wanted;
  const object = run.schema.getType(place.type);
  const field = isObjectType(object) ? object.getFields()[node.name] : undefined;
  if (field === undefined) throw new Error('a field that is none');
  const seed = place.thing?.seed ?? rootSeed(run.requestId, node.args);
  const near = place.thing?.home ?? homeOfArgs(node.args, seed);
  if (!isCompositeType(getNamedType(type)))
    return place.thing === undefined ? rootLeaf(run, place, node, near) : place.thing[node.name];
  const made = produce(run.world, { seed, near, caller: run.caller }, field);
  const sees = (thing: Thing): boolean => {
    if (open && run.caller.principal.kind === 'ANONYMOUS' && run.rules.ofType(thing.__typename) !== undefined)
      return false;
    return !guarded || isReadable(run.rules, thing, run.caller);
  };
  const below = (thing: Thing, path: Place['path']) =>
    judgeSet(run, node.inner, { type: thing.__typename, thing, path });
  if (!Array.isArray(made)) {
    const thing = made as Thing;
    if (!sees(thing)) return isNonNullType(type) ? fail('NO_SUCH') : null;
    return isNonNullType(type) ? below(thing, place.path) : orNull(() => below(thing, place.path));
  }
  return judgeList({ type, fail, sees, below }, made as Thing[], place.path);
}

interface ListWanted extends Pick<Wanted, 'type' | 'fail'> {
  readonly sees: (thing: Thing) => boolean;
  readonly below: (thing: Thing, path: Place['path']) => unknown;
}

function judgeList({ type, fail, sees, below }: ListWanted, things: readonly Thing[], path: Place['path']): unknown {
  const element: unknown = isListType(getNullableType(type))
    ? (getNullableType(type) as { ofType: unknown }).ofType
    : undefined;
  const strict = isNonNullType(element as GraphQLOutputType);
  // A list that was not narrowed is a mistake of ours: where null cannot stand in for an element, all of it is kept back.
  if (strict && !things.every(sees)) return fail('INTERNAL');
  const list = (): unknown[] => {
    const results = things.map((thing, number) => {
      if (!sees(thing)) return { value: null };
      try {
        return { value: below(thing, [...path, number]) };
      } catch (error) {
        if (!(error instanceof Nothing)) throw error;
        return strict ? undefined : { value: null };
      }
    });
    if (results.includes(undefined)) throw new Nothing();
    return results.map((result) => result?.value);
  };
  return isNonNullType(type) ? list() : orNull(list);
}

function rootLeaf({ schema }: Run, place: Place, node: FieldNode, near: string): unknown {
  const type = typeOf(schema, place.type, node.name);
  const scalar = getNamedType(type).name;
  const value =
    scalar === 'Int' || scalar === 'Float' ? 7 : scalar === 'Boolean' ? true : markOf(near, place.type, node.name);
  return isListType(getNullableType(type)) ? [value] : value;
}
