import { type LoginDecision, loginDecision } from '../../policy/index.ts';
import type { Origin } from '../../shared/caller.ts';
import { invariant } from '../../shared/errors.ts';
import { asJson, type Json } from '../../shared/json.ts';
import type { Db } from '../../storage/database.ts';
import { findRoles, type RoleRow } from '../../storage/identity.ts';
import { deleteLogin, findLogin, type LoginRow, saveLogin } from '../../storage/logins.ts';
import { findLoginPolicies, type PolicyRow } from '../../storage/policies.ts';
import { findSpaces, type SpaceRow } from '../../storage/spaces.ts';
import type { DomainContext } from '../context.ts';
import { type Evaluated, evaluatePolicies } from '../evaluation/index.ts';
import { rightsChanged } from '../rights-changed.ts';
import { generationOf } from './generation.ts';
import { loginInput } from './login-input.ts';
import { keepLoginSamples, recordLogin } from './record-login.ts';
import { messageFrom, refused } from './refused.ts';
import { findIdentity, type Identity, type LoginRights, type LoginSubject, plainRights } from './subject.ts';

interface Question {
  readonly policies: readonly PolicyRow[];
  readonly roles: readonly RoleRow[];
  readonly spaces: readonly SpaceRow[];
  readonly identity: Identity;
  /** What was decided about the session before. */
  readonly previous: LoginRow | undefined;
}

interface Answer {
  readonly evaluated: readonly Evaluated[];
  readonly decision: LoginDecision;
  readonly row: LoginRow;
}

/**
 * Asks the login policies whether somebody may come in, or come back, from where the request came, and keeps what they
 * gave with the session. To be called at each sign-in, refresh and exchange.
 *
 * @returns the rights of the session, besides what is bound to its owner
 * @throws UNAUTHENTICATED with what the policies' authors say to the person; also when a policy could not be evaluated
 */
export async function judgeLogin(context: DomainContext, origin: Origin, subject: LoginSubject): Promise<LoginRights> {
  const question = await context.storage.read((db) => findQuestion(db, subject));
  const { policies, identity, previous } = question;
  if (policies.length === 0 || identity.bypasses) {
    if (previous !== undefined) await context.storage.transaction((db) => deleteLogin(db, subject.session));
    return plainRights;
  }
  const input = inputOf(context, origin, question);
  const answer = await ask(context, { origin, subject, question, input });
  await context.storage.transaction(async (db) => {
    await saveLogin(db, answer.row);
    await recordLogin(db, context, { ...question, ...answer, origin, subject });
  });
  await keepLoginSamples(context, answer.evaluated, question, input);
  // After a change of policies everything that was cached is dropped anyway.
  const { generation } = answer.row;
  if (previous?.generation === generation && !sameRights(previous, answer.row)) await rightsChanged(context);
  if (answer.row.outcome !== 'ALLOWED') throw refused(answer.row);
  return answer.row;
}

async function findQuestion(db: Db, subject: LoginSubject): Promise<Question> {
  const previous = await findLogin(db, subject.session);
  const own =
    previous === undefined || (previous.principalKind === subject.kind && previous.principalId === subject.id);
  invariant(own, 'a session belongs to one person or key');
  return {
    previous,
    policies: await findLoginPolicies(db),
    roles: await findRoles(db),
    spaces: await findSpaces(db),
    identity: await findIdentity(db, subject),
  };
}

function inputOf({ account, clock }: DomainContext, { remoteAddress }: Origin, question: Question): Json {
  const creatorAddress = question.previous?.creatorAddress ?? remoteAddress;
  return asJson(loginInput({ ...question, account, remoteAddress, creatorAddress, at: clock.now() }));
}

interface Asked {
  readonly origin: Origin;
  readonly subject: LoginSubject;
  readonly question: Question;
  readonly input: Json;
}

async function ask(context: DomainContext, { origin, subject, question, input }: Asked): Promise<Answer> {
  const { policies, previous } = question;
  const evaluated = await evaluatePolicies(context, policies, input);
  const results = evaluated.flatMap(({ result }) => (result === undefined ? [] : [result]));
  const decision = loginDecision(results, tablesOf(question));
  const generation = generationOf(policies);
  invariant(generation !== undefined, 'there is a policy to ask');
  const outcome = results.length < policies.length ? 'ERROR' : decision.outcome;
  const row: LoginRow = {
    id: subject.session,
    principalKind: subject.kind,
    principalId: subject.id,
    generation,
    outcome,
    message: outcome === 'DENIED' ? messageFrom(decision.deny) : '',
    roles: outcome === 'ALLOWED' ? [...decision.roles] : [],
    denyAdmin: decision.denyAdmin,
    teams: decision.teams === undefined ? undefined : [...decision.teams],
    creatorAddress: previous?.creatorAddress ?? origin.remoteAddress,
    judgedAt: context.clock.now(),
    expiresAt: subject.expiresAt,
  };
  return { evaluated, decision, row };
}

function tablesOf({ roles, spaces }: Pick<Question, 'roles' | 'spaces'>) {
  return { roles, spaces: new Set(spaces.map(({ id }) => id)) };
}

function sameRights(before: LoginRow, after: LoginRow): boolean {
  const rights = ({ outcome, roles, denyAdmin, teams }: LoginRow) =>
    JSON.stringify([outcome, roles.map(({ role, space }) => [space, role]), denyAdmin, teams ?? null]);
  return rights(before) === rights(after);
}
