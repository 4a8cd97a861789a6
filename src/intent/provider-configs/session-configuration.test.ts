import assert from 'node:assert/strict';

import { decodeValue, impliedType, valueToPlain } from '../../providers/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json.ts';
import { aBlock, anAttribute } from '../../testing/schemas.ts';
import { redactJson } from '../plan/redact-json.ts';
import { guardBlock } from './guard-block.ts';
import { sessionConfiguration } from './session-configuration.ts';

const block = aBlock([
  anAttribute('region', 'required'),
  anAttribute('pin', 'optional', 'string', { sensitive: true }),
  anAttribute('secret_key', 'optional'),
  anAttribute('headers', 'optional', { map: 'string' }, { sensitive: true }),
]);
const place = { provider: 'provider acme/cloud 1.0.0', project: 'shop', hasVariables: false };
const configure = (config: JsonObject | undefined, hasVariables = false) =>
  sessionConfiguration(block, { ...place, config, hasVariables });

describe('the configuration that a provider gets', () => {
  it('is what the project has set, and names its secrets', () => {
    const config = { region: 'eu', pin: '1234', secret_key: 'shh', headers: { auth: 'bearer' } };
    const { bytes, secrets } = configure(config);
    assert.deepEqual(valueToPlain(decodeValue(bytes, impliedType(block))), config);
    assert.deepEqual(secrets.toSorted(), ['1234', 'bearer', 'shh']);
  });

  it('says what to set where something required is missing', () => {
    const refusal = (config: JsonObject | undefined) => {
      try {
        configure(config);
      } catch (error) {
        assert.ok(error instanceof AppError);
        return [error.code, error.message];
      }
      return assert.fail('was not refused');
    };
    const [code, missing = ''] = refusal(undefined);
    assert.equal(code, 'CONFLICT');
    assert.match(missing, /^provider acme\/cloud 1\.0\.0 needs a configuration in project shop, and none is set:\n/);
    assert.match(missing, /^- region: is required/m);
    assert.match(missing, /intentProviderConfigSet\(.*intentProjectConfigAdd/);
    assert.match(refusal({ region: 'eu', zone: 'a' })[1] ?? '', /does not fit this version:\n- zone: /);
  });

  it('is left to the provider where it may take it from variables', () => {
    const { bytes } = configure(undefined, true);
    const nothing = { region: null, pin: null, secret_key: null, headers: null };
    assert.deepEqual(valueToPlain(decodeValue(bytes, impliedType(block))), nothing);
    assert.throws(() => configure({}, true), /region: is required/);
  });

  it('is shown without what is called sensitive or sounds so, inside blocks too', () => {
    const nested = { name: 'login', nesting: 'LIST', minItems: 0, maxItems: 0, block } as const;
    const config = { pin: '1', secret_key: '2', region: 'eu', login: [{ secret_key: '3', region: 'us' }] };
    assert.deepEqual(redactJson(guardBlock({ ...block, blocks: [nested] }), config), {
      value: { pin: null, secret_key: null, region: 'eu', login: [{ secret_key: null, region: 'us' }] },
      paths: ['pin', 'secret_key', 'login[0].secret_key'],
    });
  });
});
