import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import type { PolicyResult } from './intent-decision.ts';
import { isJsonArray } from './json-array.ts';

/** What the names in an answer may stand for. */
export interface LoginTables {
  readonly roles: readonly { readonly id: string; readonly slug: string; readonly actions: readonly string[] }[];
  /** Ids of the spaces. */
  readonly spaces: ReadonlySet<string>;
}

export interface GivenRole {
  /** ULID. */
  readonly role: string;
  readonly space: string;
}

export interface LoginDecision {
  readonly outcome: 'ALLOWED' | 'DENIED';
  /** What the authors want told to the person, sorted and without repeats. */
  readonly deny: readonly string[];
  /** What is wrong with the policies themselves: for administrators only. Any of them denies. */
  readonly problems: readonly string[];
  /** Held for this session, besides what is bound; sorted, without repeats, empty when denied. */
  readonly roles: readonly GivenRole[];
  /** Whether this session is no admin of root, whatever is bound. */
  readonly denyAdmin: boolean;
  /** Teams for this session; undefined: those that the person came with. */
  readonly teams: readonly string[] | undefined;
  /** Ids of the policies that ask for this evaluation to be kept. */
  readonly sample: readonly string[];
}

/** Rules of which a login policy has one at the least; one without any could only keep everybody out. */
export const loginRules = [
  'allow', 'admin', 'deny', 'deny_admin', 'roles', 'space_admin', 'space_write', 'space_read', 'team',
] as const; // prettier-ignore

interface Verdict {
  readonly allow: boolean;
  readonly admin: boolean;
  readonly deny: boolean;
  readonly denyMessages: readonly string[];
  readonly denyAdmin: boolean;
  readonly given: readonly NamedRole[];
  readonly teams: readonly string[];
  readonly sample: boolean;
  readonly problems: readonly string[];
}

interface NamedRole {
  /** Slug or ULID. */
  readonly role: string;
  readonly space: string;
}

const ROOT = 'root';
const legacyRoles = {
  space_admin: 'space-admin', space_write: 'space-writer', space_read: 'space-reader',
} as const; // prettier-ignore

/**
 * Unites what all login policies answered, each evaluated alone. Without any, everybody who has an account is let in
 * with what is bound to them. Otherwise somebody must say `allow` or `admin`, and nobody `deny`; an answer that cannot
 * be read, or names a role or space that is not there, denies. The order of the policies does not matter.
 */
export function loginDecision(results: readonly PolicyResult[], tables: LoginTables): LoginDecision {
  const verdicts = results.map(({ policy, result }) => ({ policy, ...readVerdict(policy.name, result) }));
  const any = (rule: 'allow' | 'admin' | 'deny' | 'denyAdmin'): boolean => verdicts.some((each) => each[rule]);
  const denyAdmin = any('denyAdmin');
  const resolved = verdicts.flatMap(({ policy, given }) => given.map((each) => resolve(policy.name, each, tables)));
  const problems = sortedUnique([...verdicts.flatMap((each) => each.problems), ...resolved.filter(isText)]);
  const lets = any('allow') || (any('admin') && !denyAdmin);
  const allowed = results.length === 0 || (lets && !any('deny') && problems.length === 0);
  const teams = sortedUnique(verdicts.flatMap((each) => each.teams));
  return {
    outcome: allowed ? 'ALLOWED' : 'DENIED',
    deny: sortedUnique(verdicts.flatMap((each) => each.denyMessages)),
    problems,
    roles: allowed ? sortedRoles(resolved.filter(isRole), tables, denyAdmin) : [],
    denyAdmin,
    teams: teams.length === 0 ? undefined : teams,
    sample: sortedUnique(verdicts.filter(({ sample }) => sample).map(({ policy }) => policy.id)),
  };
}

/**
 * What is wrong with the kinds of a policy's rules, as far as one result shows it.
 *
 * @param result null when there is none
 */
export function loginShapeProblem(result: Json): string | undefined {
  const [problem] = result === null ? [] : shapesOf(result);
  return problem === undefined ? undefined : `it ${problem}; nobody would be let in`;
}

function shapesOf(result: Json): readonly string[] {
  const told: string[] = [];
  readRules(result, (problem) => told.push(problem));
  return told;
}

/** Whether a role held in a space makes its holder admin of root. */
export function isRootAdmin(actions: readonly string[], space: string): boolean {
  return space === ROOT && actions.includes('SPACE_ADMIN');
}

const isText = (value: GivenRole | string): value is string => typeof value === 'string';
const isRole = (value: GivenRole | string): value is GivenRole => typeof value !== 'string';

/** @returns the role, or what is wrong with the name */
function resolve(policy: string, { role, space }: NamedRole, { roles, spaces }: LoginTables): GivenRole | string {
  const found = roles.find(({ id, slug }) => id === role || slug === role);
  const named = `policy ${JSON.stringify(policy)} gives the role ${JSON.stringify(role)} in ${JSON.stringify(space)}`;
  if (found === undefined) return `${named}, and there is no such role`;
  return spaces.has(space) ? { role: found.id, space } : `${named}, and there is no such space`;
}

function sortedRoles(given: readonly GivenRole[], tables: LoginTables, denyAdmin: boolean): GivenRole[] {
  const actionsOf = new Map(tables.roles.map(({ id, actions }) => [id, actions]));
  const kept = given.filter(({ role, space }) => !denyAdmin || !isRootAdmin(actionsOf.get(role) ?? [], space));
  const byName = new Map(kept.map((each) => [`${each.space} ${each.role}`, each]));
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

function readVerdict(policy: string, result: Json): Verdict {
  const problems: string[] = [];
  const rules = readRules(result, (problem) => problems.push(`policy ${JSON.stringify(policy)} ${problem}`));
  return { ...rules, problems };
}

function readRules(result: Json, say: (problem: string) => void): Omit<Verdict, 'problems'> {
  if (!isJsonObject(result)) say('gave no object of rules');
  const rules: JsonObject = isJsonObject(result) ? result : {};
  const read = <T>(rule: string, parse: (value: Json) => T | undefined, absent: T, shape: string): T => {
    const value = Object.hasOwn(rules, rule) ? rules[rule] : undefined;
    if (value === undefined) return absent;
    const parsed = parse(value);
    if (parsed === undefined) say(`has a rule \`${rule}\` that is not ${shape}`);
    return parsed ?? absent;
  };
  const truth = (rule: string): boolean => read(rule, readTruth, false, 'true, false or a set');
  const names = (rule: string): readonly string[] => read(rule, readNames, [], 'a set of texts');
  const admin = truth('admin');
  return {
    allow: truth('allow'),
    admin,
    deny: truth('deny'),
    denyMessages: read('deny', readMessages, [], 'true, false, or a set of messages'),
    denyAdmin: truth('deny_admin'),
    given: [
      ...(admin ? [{ role: 'space-admin', space: ROOT }] : []),
      ...read('roles', readRoles, [], 'an object of roles by space'),
      ...Object.entries(legacyRoles).flatMap(([rule, role]) => names(rule).map((space) => ({ role, space }))),
    ],
    teams: names('team'),
    sample: read('sample', (value) => (typeof value === 'boolean' ? value : undefined), false, 'true or false'),
  };
}

/** A set that has elements is as good as `true`. */
function readTruth(value: Json): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return isJsonArray(value) ? value.length > 0 : undefined;
}

/** A set, or what the older `rule["name"]` gives in the newer dialect: an object of truths. */
function readNames(value: Json): readonly string[] | undefined {
  const names = isJsonObject(value) ? trueKeys(value) : value;
  return isJsonArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
}

function trueKeys(value: JsonObject): readonly string[] | undefined {
  const entries = Object.entries(value);
  if (entries.some(([, held]) => typeof held !== 'boolean')) return undefined;
  return entries.filter(([, held]) => held === true).map(([name]) => name);
}

function readRoles(value: Json): readonly NamedRole[] | undefined {
  if (!isJsonObject(value)) return undefined;
  const bySpace = Object.entries(value).map(([space, names]) => ({ space, names: readNames(names) }));
  if (bySpace.some(({ names }) => names === undefined)) return undefined;
  return bySpace.flatMap(({ space, names = [] }) => names.map((role) => ({ role, space })));
}

/** Elements are messages, or objects that carry one as `msg`; `true` and `false` carry none. */
function readMessages(value: Json): readonly string[] | undefined {
  if (typeof value === 'boolean') return [];
  if (!isJsonArray(value)) return undefined;
  const messages = value.map((each) => (isJsonObject(each) && Object.hasOwn(each, 'msg') ? each['msg'] : each));
  return messages.every((message) => typeof message === 'string') ? messages : undefined;
}

function sortedUnique(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}
