import { type LoginDecision, loginDecision, type LoginTables } from '../../policy/index.ts';
import { anonymous, type Origin } from '../../shared/caller.ts';
import type { Json } from '../../shared/json.ts';
import type { Db } from '../../storage/database.ts';
import type { RoleRow } from '../../storage/identity.ts';
import type { LoginRow } from '../../storage/logins.ts';
import type { PolicyRow } from '../../storage/policies.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext } from '../context.ts';
import { type Evaluated, keepSample } from '../evaluation/index.ts';
import type { Identity, LoginSubject } from './subject.ts';

interface Recorded {
  readonly origin: Origin;
  readonly subject: LoginSubject;
  readonly identity: Identity;
  readonly policies: readonly PolicyRow[];
  readonly roles: readonly RoleRow[];
  readonly evaluated: readonly Evaluated[];
  readonly decision: LoginDecision;
  readonly row: LoginRow;
}

const actions = { ALLOWED: 'login.allow', DENIED: 'login.deny', ERROR: 'login.error' } as const;

/** The trail says what was decided, by which policies, and what is wrong with them; the person is told less. */
export async function recordLogin(db: Db, context: DomainContext, recorded: Recorded): Promise<void> {
  const { origin, subject, identity, policies, evaluated, decision, row } = recorded;
  const principal = { kind: subject.kind, id: subject.id, name: identity.name };
  const failures = evaluated.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  const slugs = new Map(recorded.roles.map(({ id, slug }) => [id, slug]));
  await recordAudit(
    db,
    context,
    { caller: { ...anonymous, principal }, origin },
    {
      action: actions[row.outcome],
      eventType: row.outcome === 'ALLOWED' ? 'SIGN_IN' : 'REFUSAL',
      affected: { type: subject.kind, id: subject.id },
      data: {
        session: subject.session.split(':')[0],
        policies: policies.map(({ id }) => id),
        deny: [...decision.deny],
        problems: [...decision.problems, ...failures],
        roles: row.roles.map(({ role, space }) => ({ role: slugs.get(role) ?? role, space })),
        denyAdmin: row.denyAdmin,
        ...(row.teams === undefined ? {} : { teams: row.teams }),
      },
    },
  );
}

/** Keeps a sample for each policy that asks for one: its own result, and what came of that alone. */
export async function keepLoginSamples(
  context: DomainContext,
  evaluated: readonly Evaluated[],
  tables: { readonly roles: readonly RoleRow[]; readonly spaces: readonly { readonly id: string }[] },
  input: Json,
): Promise<void> {
  const known: LoginTables = { roles: tables.roles, spaces: new Set(tables.spaces.map(({ id }) => id)) };
  for (const { policy, result } of evaluated) {
    if (result === undefined) continue;
    const decision = loginDecision([result], known);
    if (decision.sample.length === 0) continue;
    const outcome = decision.outcome === 'ALLOWED' ? 'allow' : 'deny';
    await keepSample(context, { policyId: policy.id, body: policy.body, outcome, input, result: result.result });
  }
}
