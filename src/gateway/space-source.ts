import { projectPlace } from '../shared/caller.ts';
import type { SpaceSource } from './access-table.ts';
import type { GatewayContext, SpaceOf } from './context.ts';

export const ROOT_SPACE = 'root';

/** Where an action must be held for the object at hand: `space` is a place. */
export type Placement =
  | { readonly kind: 'space'; readonly space: string }
  /** Nothing is asked: an optional argument was left out, or `any`. */
  | { readonly kind: 'unasked' }
  /** The object named does not exist, as far as the caller may know. */
  | { readonly kind: 'missing' };

/** What a refusal calls the object when it must look missing. */
export interface Named {
  readonly noun: string;
  readonly id: string;
}

export type Args = Readonly<Record<string, unknown>>;
export type Place = (source: unknown, args: Args, context: GatewayContext) => Placement | Promise<Placement>;

const unasked: Placement = { kind: 'unasked' };
const missing: Placement = { kind: 'missing' };
const root: Placement = { kind: 'space', space: ROOT_SPACE };

/** Makes the function that finds the place, from one `space:` of the directives. */
export function createPlace(source: SpaceSource, spaceOf: SpaceOf): Place {
  switch (source.from) {
    case 'any':
      return () => unasked;
    case 'root':
      return () => root;
    case 'parent':
      return (parent) => parentPlace(parent, source);
    case 'args':
      return (_parent, args) => argumentSpace(args, source.path, source.optional);
    case 'noun':
      return (_parent, args, context) => nounSpace(spaceOf, source.noun, readPath(args, source.path), context);
  }
}

type ParentSource = Extract<SpaceSource, { readonly from: 'parent' }>;

function parentPlace(parent: unknown, source: ParentSource): Placement {
  const place = placeOfObject(parent, source);
  return place === undefined ? missing : { kind: 'space', space: place };
}

/** Where the object says that it lives; undefined, so that nobody may read it, when it does not. */
export function placeOfObject(object: unknown, { field, project }: ParentSource): string | undefined {
  const space = ownValue(object, field);
  if (typeof space !== 'string') return undefined;
  if (project === undefined) return space;
  const id = ownValue(object, project);
  return typeof id === 'string' ? projectPlace({ space, id }) : undefined;
}

// Existing clients send explicit nulls and empty strings for "not given".
function argumentSpace(args: Args, path: readonly string[], optional: boolean): Placement {
  const space = readPath(args, path);
  if (space === undefined) return optional ? unasked : root;
  return { kind: 'space', space };
}

async function nounSpace(spaceOf: SpaceOf, noun: string, id: string | undefined, context: GatewayContext) {
  const find = spaceOf[noun];
  if (find === undefined || id === undefined) return missing;
  const space = await find(context, id);
  return space === undefined ? missing : ({ kind: 'space', space } as const);
}

/** The text at a path of the arguments; absent, null and empty alike are undefined. */
export function readPath(args: Args, path: readonly string[]): string | undefined {
  let value: unknown = args;
  for (const step of path) value = ownValue(value, step);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function ownValue(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null) return undefined;
  return Object.hasOwn(object, key) ? Reflect.get(object, key) : undefined;
}

/** The object that a space source speaks of, for `no such …`. */
export function namedBy(source: SpaceSource, args: Args): Named {
  if (source.from === 'noun') return { noun: words(source.noun), id: readPath(args, source.path) ?? '' };
  if (source.from === 'args') return { noun: 'space', id: readPath(args, source.path) ?? ROOT_SPACE };
  return { noun: 'object', id: '' };
}

/** `IntentProject` or `intentProject` -> `intent project` */
export function words(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase();
}
