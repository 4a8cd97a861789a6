import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  parse,
  valueFromASTUntyped,
} from 'graphql';

// What the schema says of access, read a second time: straight from the directives, without a line of what makes
// `generated/access.ts`. Tests judge by this, so that a mistake in the generator shows as a difference.

/** One rule as it is written beside a type or a field. */
export interface AccessRule {
  readonly open: boolean;
  /** Or of ands; empty asks for none. */
  readonly scopes: readonly (readonly string[])[];
  readonly demands: readonly Demand[];
}

export interface Demand {
  readonly action: string;
  /** As the directive has it: `args.<path>`, `parent.<field>`, `<noun>(args.<path>)`, `root` or `any`. */
  readonly space: string;
}

export interface AccessRules {
  /** Undefined when nothing is written: nobody may use it. */
  ofField(type: string, field: string): AccessRule | undefined;
  ofType(type: string): AccessRule | undefined;
  /** Nouns that rules look spaces up by. */
  readonly nouns: readonly string[];
}

const root = resolve(import.meta.dirname, '../..');
const silent: AccessRule = { open: false, scopes: [], demands: [] };
const directives = ['public', 'authenticated', 'requiresScopes', 'requiresAction'];

/** @param more further SDL with directives of its own */
export function readAccessRules(more = ''): AccessRules {
  const documents = readdirSync(join(root, 'schema'))
    .filter((name) => name.endsWith('.graphql'))
    .map((name) => parse(readFileSync(join(root, 'schema', name), 'utf8')));
  if (more !== '') documents.push(parse(more));
  const types = new Map<string, AccessRule>();
  const fields = new Map<string, AccessRule>();
  for (const document of documents) collect(document, types, fields);
  const nouns = [...types.values(), ...fields.values()]
    .flatMap(({ demands }) => demands)
    .flatMap(({ space }) => /^(\w+)\(/.exec(space)?.[1] ?? []);
  return {
    nouns: [...new Set(nouns)],
    ofType: (type) => types.get(type),
    ofField: (type, field) => fields.get(`${type}.${field}`) ?? catalogued(fields, types, type, field),
  };
}

function collect(document: DocumentNode, types: Map<string, AccessRule>, fields: Map<string, AccessRule>): void {
  for (const node of document.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    const type = node.name.value;
    if (says(node.directives)) types.set(type, ruleOf(node.directives));
    for (const field of node.fields ?? []) {
      const covered = says(field.directives) || (!isRoot(type) && (says(node.directives) || types.has(type)));
      if (covered) fields.set(`${type}.${field.name.value}`, fieldRule(type, field));
    }
  }
}

function fieldRule(type: string, field: FieldDefinitionNode): AccessRule {
  const rule = ruleOf(field.directives);
  if (rule.open || rule.scopes.length > 0 || !isRoot(type)) return rule;
  return { ...rule, scopes: [[type === 'Query' ? 'mcp:read' : 'mcp:write']] };
}

/**
 * Types and mutations that are made from the catalog of providers are in no file. The rule for them: a typed mutation
 * asks what its generic one asks and for reading, because its answer shows the object; the types ask nothing more.
 */
function catalogued(
  fields: ReadonlyMap<string, AccessRule>,
  types: ReadonlyMap<string, AccessRule>,
  type: string,
  field: string,
): AccessRule | undefined {
  if (type !== 'Mutation') return isRoot(type) || types.has(type) || hasOwn(fields, type) ? undefined : silent;
  const verb = /^intent[A-Z]\w*(Create|Update)$/.exec(field)?.[1];
  const generic = fields.get(`Mutation.intentResource${verb ?? ''}`);
  const space = generic?.demands[0]?.space;
  if (generic === undefined || space === undefined) return undefined;
  return { ...generic, demands: [...generic.demands, { action: 'SPACE_READ', space }] };
}

function hasOwn(fields: ReadonlyMap<string, AccessRule>, type: string): boolean {
  return [...fields.keys()].some((key) => key.startsWith(`${type}.`));
}

function isRoot(type: string): boolean {
  return type === 'Query' || type === 'Mutation';
}

function says(list: readonly ConstDirectiveNode[] | undefined): boolean {
  return (list ?? []).some(({ name }) => directives.includes(name.value));
}

function ruleOf(list: readonly ConstDirectiveNode[] | undefined): AccessRule {
  const named = (name: string) => (list ?? []).filter((each) => each.name.value === name);
  return {
    open: named('public').length > 0,
    scopes: named('requiresScopes').flatMap((each) => valueOf(each, 'scopes') as string[][]),
    demands: named('requiresAction').map((each) => ({
      action: String(valueOf(each, 'action')),
      space: String(valueOf(each, 'space')),
    })),
  };
}

function valueOf({ arguments: given }: ConstDirectiveNode, name: string): unknown {
  const value: ConstValueNode | undefined = given?.find((each) => each.name.value === name)?.value;
  return value === undefined ? undefined : valueFromASTUntyped(value);
}
