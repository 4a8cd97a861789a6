import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { type ConstDirectiveNode, type ConstValueNode, Kind, parse, valueFromASTUntyped } from 'graphql';

// A second opinion on who may do what: it reads the directives of the SDL itself and knows the rules as prose. It
// shares no line with code generation, with the gateway or with the rights of the domain.

/** Where an action must be held, as the directive says it. */
interface Ask {
  readonly action: string;
  readonly space: string;
}

export interface Rule {
  readonly isPublic: boolean;
  readonly scopes: readonly (readonly string[])[];
  readonly asks: readonly Ask[];
}

export interface Rules {
  /** By `Type.field`. */
  readonly fields: ReadonlyMap<string, Rule>;
  readonly types: ReadonlyMap<string, Rule>;
  /** Actions of each rung, those of the rungs below included. */
  readonly ladder: Readonly<Record<'READ' | 'WRITE' | 'ADMIN', readonly string[]>>;
}

const nothing: Rule = { isPublic: false, scopes: [], asks: [] };

export function readRules(): Rules {
  const fields = new Map<string, Rule>();
  const types = new Map<string, Rule>();
  const rungs = { READ: [] as string[], WRITE: [] as string[], ADMIN: [] as string[] };
  for (const node of definitions()) {
    if (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION) {
      if (saysSomething(node.directives)) types.set(node.name.value, ruleOf(node.directives));
      for (const field of node.fields ?? [])
        fields.set(`${node.name.value}.${field.name.value}`, withDefaults(node.name.value, ruleOf(field.directives)));
    }
    if (node.kind === Kind.ENUM_TYPE_DEFINITION || node.kind === Kind.ENUM_TYPE_EXTENSION) {
      if (node.name.value !== 'Action') continue;
      for (const value of node.values ?? []) {
        const rung = argument(value.directives?.find(named('heldFrom')), 'level') ?? 'ADMIN';
        rungs[rung as 'READ'].push(value.name.value);
      }
    }
  }
  const { READ, WRITE, ADMIN } = rungs;
  return { fields, types, ladder: { READ, WRITE: [...READ, ...WRITE], ADMIN: [...READ, ...WRITE, ...ADMIN] } };
}

function definitions() {
  const folder = resolve(import.meta.dirname, '../../schema');
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
  return files.flatMap((name) => parse(readFileSync(join(folder, name), 'utf8')).definitions);
}

const named = (name: string) => (directive: ConstDirectiveNode) => directive.name.value === name;

function saysSomething(directives: readonly ConstDirectiveNode[] = []): boolean {
  return directives.some(({ name }) => /^(public|authenticated|requires)/.test(name.value));
}

function ruleOf(directives: readonly ConstDirectiveNode[] = []): Rule {
  return {
    isPublic: directives.some(named('public')),
    scopes: directives.filter(named('requiresScopes')).flatMap((each) => argument(each, 'scopes') as string[][]),
    asks: directives.filter(named('requiresAction')).map((each) => ({
      action: String(argument(each, 'action')),
      space: String(argument(each, 'space')),
    })),
  };
}

/** Reading asks for the scope to read and changing for the scope to change, where nothing else is said. */
function withDefaults(type: string, rule: Rule): Rule {
  if (rule.isPublic || rule.scopes.length > 0) return rule;
  if (type === 'Query') return { ...rule, scopes: [['mcp:read']] };
  return type === 'Mutation' ? { ...rule, scopes: [['mcp:write']] } : rule;
}

function argument(directive: ConstDirectiveNode | undefined, name: string): unknown {
  const node: ConstValueNode | undefined = directive?.arguments?.find((each) => each.name.value === name)?.value;
  return node === undefined ? undefined : valueFromASTUntyped(node);
}

/** What a field and its type ask. Typed mutations of the catalog ask what the generic one of their kind asks. */
function rulesFor(rules: Rules, type: string, field: string): Rule[] {
  const own = rules.fields.get(`${type}.${field}`) ?? typed(rules, type, field);
  const ofType = rules.types.get(type);
  return [own, ...(ofType === undefined ? [] : [ofType])];
}

function typed(rules: Rules, type: string, field: string): Rule {
  const verb = type === 'Mutation' ? /^intent[A-Z]\w*?(Create|Update)$/.exec(field)?.[1] : undefined;
  const generic = verb === undefined ? undefined : rules.fields.get(`Mutation.intentResource${verb}`);
  if (generic === undefined) return nothing; // fields of catalogued types ask nothing of their own
  return { ...generic, asks: [...generic.asks, { action: 'SPACE_READ', space: generic.asks[0]?.space ?? '' }] };
}

/** Who asks. */
export interface Asker {
  readonly signedIn: boolean;
  readonly scopes: readonly string[];
  /** Actions by space, worked out by `rightsIn`. */
  readonly rights: Readonly<Record<string, ReadonlySet<string>>>;
}

export interface Tree {
  readonly [space: string]: { readonly parent: string | undefined; readonly inherits: boolean };
}

/** A role reaches down to all spaces below; where a space inherits, a role that lets read it lets read its parent too. */
export function rightsIn(
  tree: Tree,
  held: { readonly actions: readonly string[]; readonly space: string } | undefined,
) {
  const rights: Record<string, Set<string>> = {};
  if (held === undefined) return rights;
  const above = (space: string): string[] => {
    const parent = tree[space]?.parent;
    return parent === undefined ? [] : [parent, ...above(parent)];
  };
  for (const space of Object.keys(tree))
    if (space === held.space || above(space).includes(held.space)) rights[space] = new Set(held.actions);
  if (!held.actions.includes('SPACE_READ')) return rights;
  for (let at = held.space; tree[at]?.inherits === true; at = tree[at]?.parent ?? '') {
    const parent = tree[at]?.parent ?? '';
    rights[parent] = new Set([...(rights[parent] ?? []), 'SPACE_READ']);
  }
  return rights;
}

/** One field at the top and the fields below it down to a leaf, asked about something in one space. */
export interface Asked {
  readonly kind: 'query' | 'mutation';
  /** From `Query` or `Mutation` on: the type that the field belongs to, its name, whether null may stand for it. */
  readonly path: readonly { readonly type: string; readonly field: string; readonly nullable: boolean }[];
  /** Type of the object that the field at the top gives; undefined for a plain value. */
  readonly gives: string | undefined;
  readonly givesList: boolean;
  /** The space that arguments name, or in which the object lives that they name. */
  readonly space: string;
  /** Paths of arguments that are left out. */
  readonly absent: readonly string[];
}

export type Verdict = 'reached' | 'null' | 'UNAUTHENTICATED' | 'INSUFFICIENT_SCOPE' | 'FORBIDDEN' | 'NO_SUCH';

export function judge(rules: Rules, asker: Asker, asked: Asked): Verdict {
  return judgeDocument(rules, asker, asked) ?? judgeObjects(rules, asker, asked);
}

/** Before anything runs: is there a field that the asker may use nowhere? */
function judgeDocument(rules: Rules, asker: Asker, { path }: Asked): Verdict | undefined {
  const [top] = path;
  const all = path.map(({ type, field }) => rulesFor(rules, type, field));
  if (!asker.signedIn) {
    const isOpen = top !== undefined && rulesFor(rules, top.type, top.field).every(({ isPublic }) => isPublic);
    return isOpen ? undefined : 'UNAUTHENTICATED';
  }
  const flat = all.flat();
  if (flat.some(({ scopes }) => !scopesHold(asker, scopes))) return 'INSUFFICIENT_SCOPE';
  const asks = flat.flatMap((rule) => rule.asks);
  return asks.every(({ action }) => holdsSomewhere(asker, action)) ? undefined : 'FORBIDDEN';
}

function scopesHold({ scopes }: Asker, lists: Rule['scopes']): boolean {
  const held = new Set(scopes.includes('mcp:write') ? ['mcp:write', 'mcp:read'] : scopes);
  return lists.length === 0 || lists.some((list) => list.every((scope) => held.has(scope)));
}

function holdsSomewhere({ rights }: Asker, action: string): boolean {
  return Object.values(rights).some((actions) => actions.has(action));
}

const holds = ({ rights }: Asker, action: string, space: string): boolean => rights[space]?.has(action) === true;

/** While it runs: may the asker do this in the space at hand? What they may not read looks missing. */
function judgeObjects(rules: Rules, asker: Asker, asked: Asked): Verdict {
  const [top, ...below] = asked.path;
  if (top === undefined) throw new Error('a question has a field at the top');
  const hidden: Verdict = asked.kind === 'query' && top.nullable ? 'null' : 'NO_SUCH';
  const own = rulesFor(rules, top.type, top.field)[0] ?? nothing;
  for (const { action, space } of own.asks) {
    const place = placeOf(space, asked);
    if (place === undefined || holds(asker, action, place)) continue;
    if (space === 'root' || (action !== 'SPACE_READ' && holds(asker, 'SPACE_READ', place))) return 'FORBIDDEN';
    return hidden;
  }
  // A mutation that asked for actions has just let its caller at the object.
  const trusted = asked.kind === 'mutation' && own.asks.length > 0;
  const type = asked.gives === undefined ? undefined : rules.types.get(asked.gives);
  if (type !== undefined && !asked.givesList && !trusted) {
    if (!asker.signedIn) return top.nullable ? 'null' : 'NO_SUCH';
    const readable = type.asks.every(
      ({ action, space }) => space === 'any' || holds(asker, action, placeIn(space, asked)),
    );
    if (!readable) return top.nullable ? 'null' : 'NO_SUCH';
  }
  if (asked.givesList) return 'reached';
  for (const { type: parent, field } of below)
    for (const { action, space } of rules.fields.get(`${parent}.${field}`)?.asks ?? [])
      if (!holds(asker, action, placeIn(space, asked))) return 'FORBIDDEN';
  return 'reached';
}

/** The space that is asked about; undefined when nothing is asked. */
function placeOf(space: string, { space: at, absent }: Asked): string | undefined {
  if (space === 'any') return undefined;
  if (space === 'root') return 'root';
  const path = /^args\.([\w.]+)(\??)$/.exec(space);
  if (path?.[1] !== undefined && absent.includes(path[1])) return path[2] === '?' ? undefined : 'root';
  return at;
}

function placeIn(space: string, asked: Asked): string {
  return space === 'root' ? 'root' : asked.space;
}
