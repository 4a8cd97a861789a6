import assert from 'node:assert/strict';

import { anonymous, type Caller, may } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import { findRole, insertBinding } from '../../storage/identity.ts';
import { insertUserGroup } from '../../storage/user-groups.ts';
import { judgeLogin } from './index.ts';
import { makeSpaces, requestOf, type TestDomain, testDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { aUser } from '../../testing/storage-rows.ts';
import { insertUserWithRole } from '../../testing/user-with-role.ts';
import type { DomainContext, Request } from '../context.ts';
import { findSample, listSamples } from '../evaluation/index.ts';
import {
  type CallerSource,
  createApiKey,
  createCallerSource,
  createPersonalToken,
  createRoleBinding,
  exchangeApiKey,
} from '../identity/index.ts';
import { beginCliSession, beginSession, findSignedIn } from '../people/index.ts';
import { createPolicy, deleteIntentPolicy, deletePolicy, type PolicyRecord, updatePolicy } from '../policies/index.ts';

function partOf(input: Json, name: string): JsonObject {
  const part = isJsonObject(input) ? input[name] : undefined;
  return isJsonObject(part) ? part : {};
}

describe('login policies', () => {
  let domain: TestDomain;
  let context: DomainContext;
  let source: CallerSource;
  let inputs: Json[];
  beforeEach(async () => {
    domain = await testDomain();
    inputs = [];
    context = { ...domain.context, policyEngine: { evaluate: answerOf, close: async () => {} } };
    source = await createCallerSource(context);
  });
  afterEach(() => source.stop());

  /** The compiler of these tests keeps a policy's text, which ends with what it shall answer. */
  async function answerOf({ wasm }: { wasm: Uint8Array }, input: Json): Promise<Json> {
    if (JSON.stringify(input) !== '{}') inputs.push(input); // with nothing it is only tried when it is saved
    await new Promise((done) => setTimeout(done, 5)); // the real one takes as long, in another thread
    const script = Buffer.from(wasm).toString().split('# ')[1] ?? '{}';
    if (script === 'broken') throw new AppError('UNAVAILABLE', 'the policy took too long');
    const { at, yes, no } = JSON.parse(script) as { at?: string; yes?: Json; no?: Json };
    if (at === undefined) return JSON.parse(script) as Json;
    const isMeant = partOf(input, 'request')['remote_ip'] === at || partOf(input, 'session')['login'] === at;
    return (isMeant ? yes : no) ?? {};
  }

  const policy = (answer: JsonObject | 'broken', name = 'who may come in'): Promise<PolicyRecord> =>
    createPolicy(context, domain.admin, { name, type: 'LOGIN', body: bodyOf(answer) });
  const bodyOf = (answer: JsonObject | 'broken') =>
    `package spacelift # ${answer === 'broken' ? answer : JSON.stringify(answer)}`;
  const from = (remoteAddress: string): Request => ({
    caller: anonymous,
    origin: { via: 'GRAPHQL', requestId: 'test', remoteAddress, client: undefined },
  });
  const office = from('10.1.2.3');

  interface Key {
    readonly id: string;
    readonly secret: string;
  }
  async function aKey(admin = false, teams: readonly string[] = []): Promise<Key> {
    const { id, secret } = await createApiKey(context, domain.admin, { name: 'ci', admin, teams });
    return { id, secret: secret ?? '' };
  }
  const exchange = async (key: Key, request = office): Promise<string> =>
    (await exchangeApiKey(context, request, key)).jwt;
  const callerOf = async (token: string, request = office): Promise<Caller> =>
    source.callerOf(token, '/graphql', request.origin);
  const holds = (caller: Caller): string[] =>
    ['SPACE_ADMIN', 'SPACE_WRITE', 'SPACE_READ'].flatMap((action) =>
      [...caller.grants.keys()]
        .filter((space) => may(caller, action as 'SPACE_READ', space))
        .map((space) => `${action} ${space}`),
    );
  async function aPerson(username: string, role?: string): Promise<{ id: string; username: string }> {
    const id = `01H0000000000000000000${username.toUpperCase().padEnd(4, '0').slice(0, 4)}`;
    const user = { ...aUser(username, context.clock.now()), id, passwordHash: 'none' };
    await context.storage.transaction((db) => insertUserWithRole(db, user, role));
    return { id, username };
  }
  const trail = async (): Promise<{ action: string; data: JsonObject }[]> => {
    const { rows } = await context.storage.executeSql(
      `select action, data from audit_entry where action like 'login.%' order by id`,
    );
    return rows as { action: string; data: JsonObject }[];
  };

  it('let members in where there is none, with what is bound to them', async () => {
    const token = await exchange(await aKey());
    assert.deepEqual(holds(await callerOf(token)), []);
    assert.deepEqual([inputs, await trail()], [[], []]);
  });

  it('keep out whom none lets in, and tell strangers nothing of the policies', async () => {
    await policy({});
    const error = await assertRefused('UNAUTHENTICATED', exchange(await aKey()));
    assert.equal(
      error.message,
      'unauthorized: the login policies of this server do not let you in: ask an administrator',
    );
  });

  it('say to the person what their author wants said, on one line', async () => {
    await policy({ deny: ['come\nback on \u202eMonday'] });
    await assertRefused('UNAUTHENTICATED', exchange(await aKey()), /let you in: come back on Monday$/);
  });

  it('see who comes in, from where, when, and what roles and spaces there are', async () => {
    await makeSpaces(domain, { team: 'root' });
    await policy({ allow: true });
    const key = await aKey(false, ['builders']);
    await exchange(key, from('::ffff:10.1.2.3'));
    const [input] = inputs;
    assert.ok(isJsonObject(input));
    const { spaces, roles, ...rest } = input;
    assert.deepEqual(rest, {
      request: { remote_ip: '10.1.2.3', timestamp_ns: context.clock.now().getTime() * 1e6 },
      session: {
        account_name: 'local', admin: false, creator_ip: '10.1.2.3', email: null, login: key.id, machine: true, member: true,
        name: 'ci', teams: ['builders'],
      }, // prettier-ignore
    });
    assert.deepEqual(spaces, [
      { id: 'root', name: 'root', labels: [] },
      { id: 'team', name: 'team', labels: [] },
    ]);
    const listed: readonly Json[] = Array.isArray(roles) ? roles : [];
    const reader = listed.find((role) => isJsonObject(role) && role['slug'] === 'space-reader');
    assert.ok(isJsonObject(reader));
    assert.equal(reader['id'], reader['ulid']);
  });

  it('give roles that hold in the named space only, and besides what is bound', async () => {
    await makeSpaces(domain, { team: 'root', other: 'root' });
    await policy({ allow: true, roles: { team: { 'space-writer': true } } });
    const key = await aKey();
    await createRoleBinding(context, domain.admin, {
      kind: 'API_KEY',
      actorId: key.id,
      roleID: 'space-reader',
      spaceID: 'other',
    });
    const held = holds(await callerOf(await exchange(key)));
    assert.deepEqual(held, ['SPACE_WRITE team', 'SPACE_READ other', 'SPACE_READ team']);
  });

  it('replace the teams, and with them what is bound to teams', async () => {
    await context.storage.transaction(async (db) => {
      const roleId = (await findRole(db, 'space-reader'))?.id ?? '';
      await insertUserGroup(db, { id: 'old', name: 'old', description: '', createdAt: context.clock.now() });
      await insertBinding(db, {
        id: 'old',
        actorKind: 'GROUP',
        actorId: 'old',
        roleId,
        spaceId: 'root',
        projectId: undefined,
      });
    });
    const key = await aKey(false, ['old']);
    const made = await policy({ allow: true, team: ['nobodies'] });
    const judged = await callerOf(await exchange(key));
    assert.deepEqual([holds(judged), judged.teams], [[], ['nobodies']]);
    await updatePolicy(context, domain.admin, made.id, { name: made.name, body: bodyOf({ allow: true }) });
    assert.deepEqual(holds(await callerOf(await exchange(key))), ['SPACE_READ root']);
  });

  it('take admin of root away from a session, whatever else is held', async () => {
    await makeSpaces(domain, { team: 'root' });
    await policy({ allow: true, admin: true, deny_admin: true, space_read: ['team'] });
    await aPerson('ada', 'space-admin');
    const bea = await aPerson('bea', 'space-admin');
    const { jwt } = await beginCliSession(context, office, { userId: bea.id, username: 'bea' });
    assert.deepEqual(holds(await callerOf(jwt)), ['SPACE_READ team']);
  });

  it('are asked again about every session when one is made, changed or deleted', async () => {
    const key = await aKey();
    const token = await exchange(key);
    await callerOf(token);
    const made = await policy({ deny: ['closed'] });
    await assertRefused('UNAUTHENTICATED', callerOf(token), /closed/);
    await updatePolicy(context, domain.admin, made.id, { name: made.name, body: bodyOf({ allow: true, admin: true }) });
    assert.ok(may(await callerOf(token), 'SPACE_ADMIN', 'root'));
    await deletePolicy(context, domain.admin, made.id);
    assert.deepEqual(holds(await callerOf(token)), []);
  });

  it('are not asked at every request, and a denial stays until they change', async () => {
    const key = await aKey();
    const token = await exchange(key);
    await policy({ deny: true });
    for (let times = 0; times < 3; times += 1) await assertRefused('UNAUTHENTICATED', callerOf(token));
    assert.equal(inputs.length, 1);
    assert.deepEqual(
      (await trail()).map(({ action }) => action),
      ['login.deny'],
    );
  });

  it('are asked once by a client that asks for many things at once', async () => {
    const token = await exchange(await aKey());
    await policy({ allow: true });
    await Promise.all(Array.from({ length: 5 }, () => callerOf(token)));
    assert.equal(inputs.length, 1);
  });

  it('count in root only, wherever an older version kept them', async () => {
    await makeSpaces(domain, { team: 'root' });
    const { id } = await policy({ deny: true });
    await context.storage.executeSql(`update policy set space = 'team' where id = '${id}'`);
    await exchange(await aKey());
  });

  it('let the tokens of a session go when its refresh is denied', async () => {
    const made = await policy({ at: '10.1.2.3', yes: { allow: true }, no: { deny: true } });
    const bea = await aPerson('bea');
    const { jwt } = await beginCliSession(context, office, { userId: bea.id, username: 'bea' });
    const { session } = await callerOf(jwt);
    const subject = {
      kind: 'USER',
      id: bea.id,
      session,
      expiresAt: new Date(context.clock.now().getTime() + 60_000),
    } as const;
    await assertRefused('UNAUTHENTICATED', judgeLogin(context, from('203.0.113.9').origin, subject));
    await assertRefused('UNAUTHENTICATED', callerOf(jwt));
    assert.ok(made.enabled);
  });

  it('judge each exchange of a key by where it comes from', async () => {
    await policy({ at: '10.1.2.3', yes: { allow: true }, no: { deny: ['from the office only'] } });
    const key = await aKey();
    const token = await exchange(key);
    await assertRefused('UNAUTHENTICATED', exchange(key, from('203.0.113.9')), /from the office only/);
    await callerOf(token); // what was given at the office is good until it ends
  });

  it('judge a personal token when it is made, and anew after an hour', async () => {
    await policy({ allow: true });
    const owner = await callerOf(await exchange(await aKey(false)));
    const { token } = await createPersonalToken(
      context,
      { ...domain.admin, caller: owner },
      { name: 't', scopes: ['mcp:read'] },
    );
    assert.equal(inputs.length, 2, 'the exchange and the token');
    await callerOf(token ?? '');
    await callerOf(token ?? '');
    assert.equal(inputs.length, 2);
    domain.clock.advance(3_601);
    await callerOf(token ?? '');
    assert.equal(inputs.length, 3);
  });

  it('let nobody make a personal token where they may not use it', async () => {
    await policy({ at: '10.1.2.3', yes: { allow: true }, no: { deny: ['from the office only'] } });
    const caller = await callerOf(await exchange(await aKey()));
    const make = (request: Request) =>
      createPersonalToken(context, { ...request, caller }, { name: 't', scopes: ['mcp:read'] });
    await assertRefused('UNAUTHENTICATED', make(from('203.0.113.9')), /from the office only/);
    await make(office);
    const { rows } = await context.storage.executeSql('select name from personal_token', []);
    assert.equal(rows.length, 1);
  });

  it('that cannot be evaluated keep everybody out, and are tried again a little later', async () => {
    await policy({ allow: true }, 'good');
    const broken = await policy('broken', 'slow');
    const key = await aKey();
    const error = await assertRefused('UNAUTHENTICATED', exchange(key), /could not be evaluated, so nobody is let in/);
    assert.equal(error.message.includes('slow'), false);
    await deletePolicy(context, domain.admin, broken.id);
    const token = await exchange(key);
    const again = await policy('broken', 'slow');
    await assertRefused('UNAUTHENTICATED', callerOf(token));
    await assertRefused('UNAUTHENTICATED', callerOf(token));
    const asked = inputs.length;
    domain.clock.advance(31);
    await assertRefused('UNAUTHENTICATED', callerOf(token));
    assert.ok(inputs.length > asked);
    const { data } = (await trail()).findLast(({ action }) => action === 'login.error') ?? { data: {} };
    assert.match(
      JSON.stringify(data),
      new RegExp(`"policies":\\[.*${again.id}.*policy \\\\"slow\\\\" could not be evaluated: the policy took too long`),
    );
  });

  it('that name a role or space that is not there keep out, and the trail says which', async () => {
    const { id } = await policy({ allow: true, roles: { team: { chief: true } } });
    const error = await assertRefused('UNAUTHENTICATED', exchange(await aKey()));
    assert.equal(error.message.includes('chief'), false);
    const [entry] = await trail();
    assert.equal(entry?.action, 'login.deny');
    assert.deepEqual(entry?.data['policies'], [id]);
    assert.match(
      JSON.stringify(entry?.data['problems']),
      /the role \\"chief\\" in \\"team\\", and there is no such role/,
    );
  });

  it('never keep out keys that are admin of root by a binding of their own', async () => {
    await policy({ deny: true, deny_admin: true });
    assert.ok(may(await callerOf(await exchange(await aKey(true))), 'SPACE_ADMIN', 'root'));
    assert.deepEqual(inputs, []);
  });

  it('never keep out the first of the people who are admin of root, and the others as anybody', async () => {
    const [ada, bea] = [await aPerson('ada', 'space-admin'), await aPerson('bea', 'space-admin')];
    await policy({ deny: true });
    await beginSession(context, office, ada, undefined);
    await assertRefused('UNAUTHENTICATED', beginSession(context, office, bea, undefined));
    await context.storage.executeSql(`update app_user set disabled = true where id = '${ada.id}'`);
    await beginSession(context, office, bea, undefined);
  });

  it('end the session of a browser that they no longer let in', async () => {
    const session = await beginSession(context, office, await aPerson('cleo'), undefined);
    const signedIn = () => findSignedIn(context, office.origin, session.token);
    assert.equal((await signedIn())?.username, 'cleo');
    const made = await policy({ allow: true });
    assert.equal((await signedIn())?.username, 'cleo');
    await updatePolicy(context, domain.admin, made.id, { name: made.name, body: bodyOf({ deny: true }) });
    assert.equal(await signedIn(), undefined);
  });

  it('keep samples of what they saw where they ask for it', async () => {
    const sampling = await policy({ at: '10.1.2.3', yes: { allow: true, sample: true }, no: { sample: true } });
    await policy({ allow: true }, 'without');
    const key = await aKey();
    await exchange(key);
    await exchange(key, from('203.0.113.9'));
    const [latest, first] = await listSamples(context, domain.admin, sampling.id);
    assert.deepEqual([latest?.outcome, first?.outcome], ['deny', 'allow']);
    const sample = await findSample(context, domain.admin, sampling.id, first?.key ?? '');
    assert.match(sample?.input ?? '', /"remote_ip":"10\.1\.2\.3"/);
    assert.equal(JSON.stringify(sample).includes(key.secret), false);
  });

  it('show samples to administrators of root only: addresses and names of people are in them', async () => {
    const { id } = await policy({ allow: true, sample: true });
    await exchange(await aKey());
    const reader = requestOf('reader', { root: ['SPACE_READ'] });
    await assertRefused('FORBIDDEN', listSamples(context, reader, id), /^unauthorized: /);
    await assertRefused('FORBIDDEN', findSample(context, reader, id, 'any'), /^unauthorized: /);
  });

  describe('are written', () => {
    const body = 'package spacelift';

    it('in the root space only', async () => {
      await makeSpaces(domain, { team: 'root' });
      const made = { name: 'Login', body, type: 'LOGIN' } as const;
      await assertRefused(
        'BAD_INPUT',
        createPolicy(context, domain.admin, { ...made, space: 'team' }),
        /space: .*root/,
      );
      const { id } = await createPolicy(context, domain.admin, made);
      const moved = updatePolicy(context, domain.admin, id, { name: 'Login', body, space: 'team' });
      await assertRefused('BAD_INPUT', moved, /space: .*root/);
    });

    it('with rules of the kinds that are read, or not at all', async () => {
      await assertRefused(
        'BAD_INPUT',
        policy({ allow: 'everybody' }),
        /^body: it has a rule `allow` that is not true, false or a set/,
      );
      const { id, name } = await policy({ allow: true });
      const worse = updatePolicy(context, domain.admin, id, { name, body: bodyOf({ allow: true, roles: ['boss'] }) });
      await assertRefused('BAD_INPUT', worse, /`roles` that is not an object of roles by space/);
    });

    it('by administrators of root only, whatever else others may do with policies', async () => {
      const author = requestOf('author', { root: ['SPACE_READ', 'SPACE_WRITE', 'INTENT_POLICY_DELETE'] });
      await assertRefused('FORBIDDEN', createPolicy(context, author, { name: 'Login', body, type: 'LOGIN' }));
      const { id } = await policy({ allow: true });
      await assertRefused('FORBIDDEN', updatePolicy(context, author, id, { name: 'x', body }));
      await assertRefused('FORBIDDEN', deletePolicy(context, author, id));
      await assertRefused('BAD_INPUT', deleteIntentPolicy(context, domain.admin, id), /type LOGIN, not INTENT/);
    });
  });

  it('leave who was let in, with what, in the trail', async () => {
    const { id } = await policy({ allow: true, roles: { root: ['space-reader'] }, team: ['staff'] });
    const key = await aKey();
    await exchange(key);
    const [entry] = await trail();
    assert.equal(entry?.action, 'login.allow');
    const { policies, roles, teams, session } = entry?.data ?? {};
    assert.deepEqual({ policies, roles, teams, session }, {
      policies: [id], roles: [{ role: 'space-reader', space: 'root' }], teams: ['staff'], session: 'key-token',
    }); // prettier-ignore
  });
});
