import { deepEqual, equal } from 'node:assert/strict';

import { Ajv2020 } from 'ajv/dist/2020.js';

import { type IntentPolicyInput, intentInputSchema } from './index.ts';

const input: IntentPolicyInput = {
  resource: {
    resource_id: 'notes',
    resource_type: 'sandbox_file',
    provider: 'sluice/sandbox',
    provider_version: '1.0.0',
    operation: 'create',
    current_state: null,
    proposed_state: { content: 'hello' },
  },
  project: {
    id: 'demo',
    name: 'Demo',
    labels: [],
    space: { id: 'root', name: 'root', labels: [] },
    archived: false,
    lock: { holder: 'ana', expires_at_ns: 1_700_000_000_000_000_000 },
  },
  session: {
    login: 'ana',
    name: 'Ana',
    teams: ['platform'],
    machine: false,
    api_key_id: null,
    scopes: ['mcp:write'],
    client: { name: 'editor', version: '1' },
    remote_ip: '127.0.0.1',
  },
  request: {
    timestamp_ns: 1_700_000_000_000_000_000,
    operation_id: '01H',
    change_set: null,
    approved_by: [],
    rolls_back_to: null,
  },
  plan: {
    actions: ['create'],
    replace_paths: [],
    before: null,
    after: { content: 'hello' },
    after_unknown: ['id'],
    sensitive_paths: [],
  },
  dependencies: { upstream: [], downstream: [{ resource_id: 'copy', resource_type: 'sandbox_file' }] },
  dependency: null,
  spaces: [{ id: 'root', name: 'root', labels: [] }],
};

describe('intentInputSchema', () => {
  const validate = new Ajv2020({ strict: true }).compile(intentInputSchema);

  it('describes the input that the engine is given', () => {
    validate(input);
    deepEqual(validate.errors, null);
  });

  it('describes the least that it is given', () => {
    const { project, session, resource } = input;
    const least: IntentPolicyInput = {
      ...input,
      resource: { ...resource, operation: 'delete', proposed_state: null },
      project: { ...project, lock: null },
      session: { ...session, client: null, remote_ip: null, api_key_id: 'k' },
      plan: null,
    };
    validate(least);
    deepEqual(validate.errors, null);
  });

  it('refuses an input without its resource or with another operation', () => {
    const { resource, ...rest } = input;
    equal(validate(rest), false);
    equal(validate({ ...input, resource: { ...resource, operation: 'destroy' } }), false);
  });
});
