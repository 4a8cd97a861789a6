import { Kind, type FieldDefinitionNode, type TypeNode } from 'graphql';

import { didYouMean } from '../refusals.ts';
import type { InputNode, ObjectType, Sdl } from '../sdl.ts';
import type { SpaceSource } from './requirement.ts';

// Nouns that are no root query of their own.
const FURTHER_NOUNS = ['policyProjectAttachment'];

export interface SpacePlace {
  readonly sdl: Sdl;
  readonly type: ObjectType;
  /** Undefined when the directive stands on the type. */
  readonly field: FieldDefinitionNode | undefined;
}

/** What is wrong with a space that parsed: a path, field or noun that does not exist. Undefined when all is well. */
export function checkSpace(space: SpaceSource, place: SpacePlace): string | undefined {
  switch (space.from) {
    case 'root':
    case 'any':
      return undefined;
    case 'parent':
      return checkParent(space.field, place) ?? (space.project && checkParent(space.project, place));
    case 'noun':
      return checkNoun(space.noun, place.sdl) ?? checkArgument(space.path, place);
    case 'args':
      return checkArgument(space.path, place);
  }
}

/** Root queries that answer with one object, and the nouns that have none. */
function knownNouns(sdl: Sdl): string[] {
  const queries = [...(sdl.objects.get('Query')?.fields.values() ?? [])].filter(({ type }) => !isList(type));
  return [...queries.map(({ name }) => name.value), ...FURTHER_NOUNS];
}

function isList(type: TypeNode): boolean {
  return type.kind === Kind.LIST_TYPE || (type.kind === Kind.NON_NULL_TYPE && type.type.kind === Kind.LIST_TYPE);
}

function checkNoun(noun: string, sdl: Sdl): string | undefined {
  const known = knownNouns(sdl);
  if (known.includes(noun)) return undefined;
  const what = 'a noun is the name of a root query that answers with one object';
  return `unknown noun ${JSON.stringify(noun)} (${what})${didYouMean(noun, known)}`;
}

function checkParent(name: string, { type }: SpacePlace): string | undefined {
  const field = type.fields.get(name);
  if (field === undefined)
    return `${type.name} has no field ${JSON.stringify(name)}${didYouMean(name, type.fields.keys())}`;
  return isIdOrString(field.type) ? undefined : `${type.name}.${name} must be an ID or String to name a place`;
}

function checkArgument(path: readonly string[], { sdl, type, field }: SpacePlace): string | undefined {
  if (field === undefined) return `a directive on type ${type.name} has no arguments; use parent.<field>, root or any`;
  const [first = '', ...rest] = path;
  const names = (field.arguments ?? []).map((argument) => argument.name.value);
  const argument = field.arguments?.find((candidate) => candidate.name.value === first);
  if (argument === undefined) {
    return `${type.name}.${field.name.value} has no argument ${JSON.stringify(first)}${didYouMean(first, names)}`;
  }
  return checkInputPath(rest, argument.type, sdl);
}

function checkInputPath(path: readonly string[], type: TypeNode, sdl: Sdl): string | undefined {
  const [first, ...rest] = path;
  if (first === undefined)
    return isIdOrString(type) ? undefined : 'the path must end at an ID or String that names a space';
  const fields = inputFields(namedTypeOf(type), sdl);
  const field = fields.find((candidate) => candidate.name.value === first);
  if (field !== undefined) return checkInputPath(rest, field.type, sdl);
  const names = fields.map((candidate) => candidate.name.value);
  return `${namedTypeOf(type)} has no field ${JSON.stringify(first)}${didYouMean(first, names)}`;
}

function inputFields(name: string, sdl: Sdl) {
  return sdl.document.definitions
    .filter(
      (node): node is InputNode =>
        node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION || node.kind === Kind.INPUT_OBJECT_TYPE_EXTENSION,
    )
    .filter((node) => node.name.value === name)
    .flatMap((node) => node.fields ?? []);
}

function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type);
}

function isIdOrString(type: TypeNode): boolean {
  if (type.kind === Kind.NON_NULL_TYPE) return isIdOrString(type.type);
  return type.kind === Kind.NAMED_TYPE && ['ID', 'String'].includes(type.name.value);
}
