import { AppError, badInput } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { parseAsk } from '../operations/parse-ask.ts';
import type { Ask } from '../run.ts';
import { type ChangeKind, configOf } from './change.ts';
import { parseTemplates, type Template } from './references/parse-templates.ts';

type Maybe<T> = T | null | undefined;

/** One change as a caller gives it. */
export interface ChangeInput {
  readonly kind: ChangeKind;
  readonly resourceID: string;
  readonly provider?: Maybe<string>;
  readonly type?: Maybe<string>;
  readonly version?: Maybe<string>;
  readonly providerAlias?: Maybe<string>;
  readonly config?: Maybe<Json>;
  readonly importID?: Maybe<string>;
  readonly importIdentity?: Maybe<Json>;
  readonly withDependents?: Maybe<boolean>;
}

/** A change checked for form, before it is known what it is about. */
export interface ParsedChange {
  readonly ask: Ask & { readonly kind: ChangeKind };
  readonly templates: readonly Template[];
  /** A deletion may take along what depends on the resource. */
  readonly withDependents: boolean;
}

const MAX_CHANGES = 1_000;

/** @throws BAD_INPUT naming the change and the argument at fault */
export function parseChanges(project: string, changes: readonly ChangeInput[]): ParsedChange[] {
  if (changes.length === 0 || changes.length > MAX_CHANGES) {
    throw badInput('changes', `must have 1 to ${MAX_CHANGES} changes, not ${changes.length}`);
  }
  const parsed = changes.map((change, position) => parseChange(project, change, position));
  requireOneEach(parsed);
  return parsed;
}

const needed = {
  CREATE: ['provider', 'type', 'config'],
  UPDATE: ['config'],
  DELETE: [],
  IMPORT: ['provider', 'type'],
} as const;
const possible = ['provider', 'type', 'version', 'providerAlias', 'config', 'importID', 'importIdentity'] as const;
const allowed: Readonly<Record<ChangeKind, readonly string[]>> = {
  CREATE: ['provider', 'type', 'version', 'providerAlias', 'config'],
  UPDATE: ['config'],
  DELETE: [],
  IMPORT: ['provider', 'type', 'version', 'providerAlias', 'importID', 'importIdentity'],
};

function parseChange(project: string, input: ChangeInput, position: number): ParsedChange {
  const { kind } = input;
  const at = `changes[${position}]`;
  const given = possible.filter((name) => input[name] !== null && input[name] !== undefined);
  const missing = needed[kind].find((name) => !given.some((each) => each === name));
  if (missing !== undefined) throw badInput(`${at}.${missing}`, `is needed to ${kind.toLowerCase()} a resource`);
  const odd = given.find((name) => !allowed[kind].includes(name));
  if (odd !== undefined) throw badInput(`${at}.${odd}`, `is not given to ${kind.toLowerCase()} a resource`);
  if (input.withDependents === true && kind !== 'DELETE') {
    throw badInput(`${at}.withDependents`, 'belongs to a deletion');
  }
  const ask = { ...parseAskAt(project, input, at), kind };
  const templates = ask.config === undefined ? [] : parseTemplates(ask.config, configOf(position));
  return { ask, templates, withDependents: input.withDependents === true };
}

function parseAskAt(project: string, input: ChangeInput, at: string): Ask {
  const { kind, resourceID, provider, type, version, providerAlias, config, importID, importIdentity } = input;
  try {
    return parseAsk({
      kind,
      intentProject: project,
      resourceID,
      version,
      providerAlias,
      ...(provider === null || provider === undefined ? {} : { provider }),
      ...(type === null || type === undefined ? {} : { type }),
      ...(config === null || config === undefined ? {} : { config }),
      importID,
      importIdentity,
    });
  } catch (error) {
    throw located(error, at);
  }
}

function requireOneEach(changes: readonly ParsedChange[]): void {
  const seen = new Map<string, number>();
  for (const [position, { ask }] of changes.entries()) {
    const before = seen.get(ask.resourceID);
    if (before !== undefined) {
      const what = `${JSON.stringify(ask.resourceID)} is changed by changes[${before}] already: one change for each resource`;
      throw badInput(`changes[${position}].resourceID`, what);
    }
    seen.set(ask.resourceID, position);
  }
}

/** The same refusal with the place of the change before its field. */
function located(error: unknown, at: string): unknown {
  if (!(error instanceof AppError)) return error;
  const { field } = error.details;
  const place = typeof field === 'string' ? `${at}.${field}` : at;
  return new AppError(error.code, `${at}.${error.message}`, {
    details: { ...error.details, field: place },
    cause: error,
  });
}
