import { defineEntity, p } from '@mikro-orm/core';

export const LoginEntity = defineEntity({
  name: 'Login',
  tableName: 'login',
  properties: {
    // The session, or the token, that the decision is for.
    id: p.string().primary(),
    principalKind: p.string().$type<'USER' | 'API_KEY'>(),
    principalId: p.string(),
    // Names the policies that decided: with others in force the session is judged again.
    generation: p.string(),
    outcome: p.string().$type<'ALLOWED' | 'DENIED' | 'ERROR'>(),
    // For the person: what the policies' authors say to those who are denied.
    message: p.string(),
    roles: p.json().$type<{ readonly role: string; readonly space: string }[]>(),
    denyAdmin: p.boolean(),
    // Empty: the teams that the person or the key has anyway.
    teams: p.array().nullable(),
    creatorAddress: p.string().nullable(),
    judgedAt: p.datetime(3),
    expiresAt: p.datetime(3),
  },
});
