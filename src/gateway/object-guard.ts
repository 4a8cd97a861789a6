import type { Action } from '../../generated/enums.ts';
import { type Caller, may } from '../shared/caller.ts';
import { AppError, invariant } from '../shared/errors.ts';
import type { AccessTable, Requirement, SpaceSource } from './access-table.ts';
import type { GatewayContext } from './context.ts';
import type { RefusalHook } from './refusals.ts';
import { placeOfObject, ROOT_SPACE, words } from './space-source.ts';

/** Asks about what a resolver has produced: gives it back, or null where the caller may not read it. */
export type ObjectGuard = (produced: unknown, context: GatewayContext) => unknown;

/** The position at which objects are produced. */
export interface Position {
  /** `Type.field` */
  readonly field: string;
  /** Name of the object, interface or union type. */
  readonly type: string;
  readonly possibleTypes: readonly string[];
  readonly list: boolean;
  /** Whether an element (or, outside a list, the value) may be null. */
  readonly nullable: boolean;
  /** Whether strangers reach the position. */
  readonly public: boolean;
  readonly onRefusal: RefusalHook;
}

type Readable = (object: object, caller: Caller) => boolean;

/**
 * Makes the guard that asks a type's own requirement once for each object.
 *
 * @returns undefined when no type at the position asks anything of a single object
 */
export function createObjectGuard(table: AccessTable, position: Position): ObjectGuard | undefined {
  const checks = new Map<string, Readable>();
  for (const type of position.possibleTypes) {
    const readable = createReadable(table.ofType(type), position.public);
    if (readable !== undefined) checks.set(type, readable);
  }
  if (checks.size === 0) return undefined;
  const only = position.possibleTypes.length === 1 ? checks.get(position.type) : undefined;
  const readable: Readable = only ?? ((object, caller) => readableByName(checks, object, caller));
  return position.list ? createListGuard(readable, position) : createSingleGuard(readable, position);
}

function createReadable(row: Requirement | undefined, isPublic: boolean): Readable | undefined {
  if (row === undefined || row.public) return undefined;
  const checks = row.actions.filter(({ space }) => space.from === 'parent' || space.from === 'root');
  invariant(
    row.actions.every(({ space }) => space.from === 'parent' || space.from === 'root' || space.from === 'any'),
    'a type may ask for actions in parent.<field>, root or any only',
  );
  if (checks.length === 0 && !isPublic) return undefined; // asked before the operation ran
  const readables = checks.map(({ action, space }) => readableIn(action, space));
  const [only] = readables;
  const all: Readable =
    readables.length === 1 && only !== undefined
      ? only // the usual case, asked for every object of a list
      : (object, caller) => readables.every((readable) => readable(object, caller));
  return (object, caller) => caller.principal.kind !== 'ANONYMOUS' && all(object, caller);
}

function readableIn(action: Action, source: SpaceSource): Readable {
  if (source.from !== 'parent') return (_object, caller) => may(caller, action, ROOT_SPACE);
  return (object, caller) => {
    const place = placeOfObject(object, source);
    return place !== undefined && may(caller, action, place);
  };
}

// Objects behind an interface or union say their type themselves; one that does not is not readable.
function readableByName(checks: ReadonlyMap<string, Readable>, object: object, caller: Caller): boolean {
  const name: unknown = Reflect.get(object, '__typename');
  if (typeof name !== 'string') return false;
  return checks.get(name)?.(object, caller) ?? true;
}

function createSingleGuard(readable: Readable, position: Position): ObjectGuard {
  return (produced, context) => {
    if (typeof produced !== 'object' || produced === null) return produced;
    if (produced instanceof Error || readable(produced, context.caller)) return produced;
    refuse(position, context);
    if (position.nullable) return null;
    // Without its id: the caller did not name it, and an object that they may not read has none to tell.
    throw new AppError('NO_SUCH', `no such ${words(position.type)}`);
  };
}

// Lists are narrowed by the query that reads them; an object that slips through is our mistake and fails closed.
function createListGuard(readable: Readable, position: Position): ObjectGuard {
  const check = (produced: unknown, context: GatewayContext): unknown => {
    if (!Array.isArray(produced)) return produced;
    const list: readonly unknown[] = produced;
    for (const element of list) {
      if (isReadable(readable, element, context.caller)) continue;
      return list.map((each) => closeElement(readable, each, position, context));
    }
    return list;
  };
  return check;
}

function isReadable(readable: Readable, element: unknown, caller: Caller): boolean {
  if (element === null || element === undefined) return true;
  if (Array.isArray(element)) return element.every((inner: unknown) => isReadable(readable, inner, caller));
  return typeof element === 'object' && readable(element, caller); // a promise has no space, so it is not readable
}

function closeElement(readable: Readable, element: unknown, position: Position, context: GatewayContext): unknown {
  if (isReadable(readable, element, context.caller)) return element;
  refuse(position, context);
  invariant(position.nullable, `${position.field} gave a list with an object that its caller may not read`);
  return null;
}

function refuse(position: Position, { caller, origin }: GatewayContext): void {
  position.onRefusal({ caller, origin, code: 'NO_SUCH', field: position.field, action: undefined, space: undefined });
}
