import assert from 'node:assert/strict';

import { newUlid } from '../shared/ids.ts';
import { findUnchained, insertAudit, linkAudit, lockChain, readChain } from '../storage/audit.ts';
import type { Storage } from '../storage/database.ts';
import { type ApiKeyRow, findApiKey, findSession, insertApiKey, saveSession } from '../storage/identity.ts';
import {
  deleteEndedPersonalTokens,
  deletePersonalTokensOf,
  findPersonalTokenByHash,
  findPersonalTokens,
  insertPersonalToken,
  type PersonalTokenRow,
} from '../storage/personal-tokens.ts';
import {
  findAttachments,
  findProjectPolicies,
  findSamples,
  insertAttachment,
  insertPolicy,
  insertSample,
} from '../storage/policies.ts';
import { deleteProject } from '../storage/projects.ts';
import {
  findProjectConfig,
  findProviderConfig,
  findProviderConfigs,
  findVariablesAndSizes,
  insertProjectConfig,
  saveProviderConfig,
  updateProjectConfig,
} from '../storage/project-config.ts';
import { findBinary, findSchema, findTypes, saveSchemas } from '../storage/provider-schemas.ts';
import { ensureSetting, findSetting } from '../storage/settings.ts';
import { countSpaceContents } from '../storage/spaces.ts';
import { anAuditEntry, aPolicy, later, noon } from './storage-rows.ts';

/** What else there is: policies with their samples, the audit trail, tokens, settings, schemas. */
export function describeRecords(storage: () => Storage): void {
  describe('policies', () => {
    it('judge where they are attached and enabled', async () => {
      const [on, off] = [
        aPolicy({ wasm: Buffer.from([0, 1]), wasmSha256: 'a', rules: ['deny'] }),
        aPolicy({ enabled: false }),
      ];
      for (const policy of [on, off]) {
        const attachment = { id: newUlid(), policyId: policy.id, projectId: 'starter', createdAt: noon };
        await storage().read((db) => insertPolicy(db, policy));
        assert.equal(await storage().read((db) => insertAttachment(db, attachment)), true);
        assert.equal(await storage().read((db) => insertAttachment(db, { ...attachment, id: newUlid() })), false);
      }
      assert.deepEqual(await storage().read((db) => findProjectPolicies(db, 'starter')), [on]);
      const attached = await storage().read((db) => findAttachments(db, { policy: on.id }));
      assert.deepEqual(
        attached.map(({ policyName, projectId }) => [policyName, projectId]),
        [[on.name, 'starter']],
      );
    });

    it('keep only the latest samples', async () => {
      const policy = aPolicy();
      await storage().read((db) => insertPolicy(db, policy));
      const sample = {
        policyId: policy.id,
        outcome: 'deny',
        input: Buffer.from('{}'),
        result: Buffer.from('{}'),
        body: 'b',
      };
      for (const minute of [0, 1, 2]) {
        const row = { ...sample, id: `${minute}`, createdAt: later(minute) };
        await storage().transaction((db) => insertSample(db, row, 2, noon));
      }
      const left = await storage().read((db) => findSamples(db, policy.id, noon));
      assert.deepEqual(
        left.map(({ id }) => id),
        ['2', '1'],
      );
    });
  });

  describe('the audit trail', () => {
    it('links entries once and refuses every other change, also by hand', async () => {
      const [one, two] = [anAuditEntry({ data: { name: "it's" } }), anAuditEntry()];
      await storage().transaction(async (db) => {
        await insertAudit(db, one);
        await insertAudit(db, two);
      });
      assert.deepEqual(await storage().read((db) => findUnchained(db, 10)), [one, two]);
      await storage().transaction(async (db) => {
        assert.equal(await lockChain(db), true);
        await linkAudit(db, [
          { id: one.id, seq: 1, prevHash: '', hash: 'a' },
          { id: two.id, seq: 2, prevHash: 'a', hash: 'b' },
        ]);
      });
      const chained = await storage().read((db) => readChain(db, 1, 10));
      assert.deepEqual(chained, [{ ...two, seq: 2, prevHash: 'a', hash: 'b' }]);
      for (const statement of [
        `update audit_entry set actor = 'somebody else'`,
        `update audit_entry set seq = 9 where seq = 1`,
        'delete from audit_entry',
      ]) {
        await assert.rejects(storage().executeSql(statement), /append-only/);
      }
    });
  });

  describe('the rest', () => {
    it('finds a personal token by its hash, and ends those of an owner and those whose time is over', async () => {
      const tokenHash = Buffer.from([0, 1, 255, 39, 92]);
      const token: PersonalTokenRow = {
        id: 'a',
        ownerKind: 'USER',
        ownerId: 'ada',
        name: 'laptop',
        tokenHash,
        scopes: ['mcp:read', 'mcp:write'],
        spaces: ['root'],
        createdAt: noon,
        expiresAt: later(10),
        lastUsedAt: undefined,
      };
      await storage().transaction(async (db) => {
        await insertPersonalToken(db, token);
        await insertPersonalToken(db, { ...token, id: 'b', tokenHash: Buffer.from('b'), expiresAt: later(1) });
        await insertPersonalToken(db, { ...token, id: 'c', tokenHash: Buffer.from('c'), ownerKind: 'API_KEY' });
      });
      const found = await storage().read((db) => findPersonalTokenByHash(db, tokenHash));
      assert.deepEqual(found, token);
      assert.equal(await storage().read((db) => findPersonalTokenByHash(db, Buffer.from([0, 1]))), undefined);
      await storage().transaction((db) => deleteEndedPersonalTokens(db, later(1)));
      const ids = async () => (await storage().read((db) => findPersonalTokens(db, {}))).map(({ id }) => id);
      assert.deepEqual(await ids(), ['c', 'a']);
      await storage().transaction((db) => deletePersonalTokensOf(db, 'USER', 'ada'));
      assert.deepEqual(await ids(), ['c']);
    });

    it('keeps whose tokens a key takes, and no secret for it', async () => {
      const claimMapping = [{ name: 'branch', value: 'ref' }];
      const oidc = { issuer: 'https://a.example', clientId: 'sluice', subjectExpression: 'x', claimMapping };
      const key: ApiKeyRow = {
        id: 'k',
        name: 'ci',
        description: '',
        type: 'OIDC',
        secretHash: undefined,
        previousSecretHash: undefined,
        previousSecretUntil: undefined,
        generation: 0,
        oidc,
        creator: undefined,
        createdAt: noon,
        lastUsedAt: undefined,
        expiresAt: undefined,
        deleted: false,
        teams: ['a', 'b'],
      };
      await storage().transaction((db) => insertApiKey(db, key));
      assert.deepEqual(await storage().read((db) => findApiKey(db, 'k')), key);
    });

    it('keeps what a project gives its providers: each name once, sealed, gone with the project', async () => {
      const value = Buffer.from('never plain');
      const plain = {
        checksum: 'c',
        writeOnly: true,
        description: '',
        createdAt: noon,
        size: 11,
        project: 'starter',
      };
      const variable = { ...plain, id: 'v', name: 'TOKEN', type: 'ENVIRONMENT_VARIABLE', value } as const;
      const file = { ...plain, id: 'f', name: 'a/b', type: 'FILE_MOUNT', value } as const;
      const set = { project: 'starter', provider: 'a/b', createdAt: noon, updatedAt: noon, config: value };
      await storage().transaction(async (db) => {
        assert.equal(await insertProjectConfig(db, variable), true);
        assert.equal(await insertProjectConfig(db, { ...variable, id: 'other' }), false);
        await insertProjectConfig(db, file);
        await updateProjectConfig(db, 'v', { size: 12 });
        await saveProviderConfig(db, { ...set, id: 'p', alias: '' });
        await saveProviderConfig(db, { ...set, id: 'q', alias: 'x' });
        await saveProviderConfig(db, { ...set, id: 'q', alias: 'x', updatedAt: later(1) });
      });
      const kept = [{ ...variable, size: 12 }, file];
      assert.deepEqual(await storage().read((db) => findProjectConfig(db, 'starter')), kept);
      const [variables, files] = await storage().read((db) => findVariablesAndSizes(db, 'starter'));
      assert.deepEqual([variables, files.map(({ name, size }) => [name, size])], [[kept[0]], [['a/b', 11]]]);
      assert.equal((await storage().read((db) => findProviderConfigs(db, 'starter'))).length, 2);
      const name = { project: 'starter', provider: 'a/b', alias: 'x' };
      assert.deepEqual((await storage().read((db) => findProviderConfig(db, name)))?.updatedAt, later(1));
      const { rows } = await storage().executeSql(
        `select encode(value, 'escape') as text from intent_project_config
          union all select encode(config, 'escape') from intent_provider_config`,
      );
      assert.equal(rows.length, 4);
      assert.doesNotMatch(JSON.stringify(rows), /never plain/);
      await storage().transaction((db) => deleteProject(db, 'starter'));
      assert.deepEqual(await storage().read((db) => findProviderConfigs(db, 'starter')), []);
    });

    it('keeps the first value of a setting, sealed', async () => {
      assert.equal(await storage().read((db) => ensureSetting(db, 'signing-key', 'first')), 'first');
      assert.equal(await storage().read((db) => ensureSetting(db, 'signing-key', 'second')), 'first');
      assert.equal(await storage().read((db) => findSetting(db, 'other')), undefined);
    });

    it('keeps what a session works in', async () => {
      const session = { id: 's', principal: 'p', currentProject: 'starter', updatedAt: noon };
      await storage().read((db) => saveSession(db, session));
      await storage().read((db) => saveSession(db, { ...session, currentProject: undefined }));
      assert.deepEqual(await storage().read((db) => findSession(db, 's')), { ...session, currentProject: undefined });
    });

    it('keeps provider schemas type by type', async () => {
      const binary = {
        address: 'hashicorp/time',
        version: '0.14.2',
        sha256: 'abc',
        protocol: 5,
        capabilities: {},
        readAt: noon,
      };
      const key = { address: binary.address, version: binary.version, sha256: binary.sha256 };
      const schemas = Array.from({ length: 450 }, (_, at) => ({
        kind: 'RESOURCE' as const,
        type: `time_${String(at).padStart(3, '0')}`,
        schema: { version: at, text: "it's ? {}" },
        search: `time_${at} Sleeps 50%`,
      }));
      await storage().transaction((db) => saveSchemas(db, binary, schemas));
      assert.deepEqual(await storage().read((db) => findBinary(db, key)), binary);
      assert.deepEqual(await storage().read((db) => findSchema(db, key, 'RESOURCE', 'time_321')), schemas[321]?.schema);
      assert.equal(await storage().read((db) => findSchema(db, key, 'DATA_SOURCE', 'time_321')), undefined);
      assert.equal((await storage().read((db) => findTypes(db, key, 'RESOURCE', []))).length, 450);
      const found = await storage().read((db) => findTypes(db, key, 'RESOURCE', ['TIME_44', 'sleeps']));
      assert.deepEqual(found.slice(0, 2), ['time_044', 'time_440']);
      assert.deepEqual(await storage().read((db) => findTypes(db, key, 'RESOURCE', ['_%'])), []);
    });

    it('counts what lives in a space', async () => {
      const contents = await storage().read((db) => countSpaceContents(db, 'root'));
      const present = Object.entries(contents).filter(([, count]) => count > 0);
      assert.deepEqual(present, [['Intent projects', 1]]);
    });

    it('tells listeners', async () => {
      const heard: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = await storage().listen('tests', (payload) => {
        heard.push(payload);
        resolve();
      });
      await storage().notify('tests', "it's ? this");
      await promise;
      await stop();
      assert.deepEqual(heard, ["it's ? this"]);
    });
  });
}
