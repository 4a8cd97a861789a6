import { deepEqual } from 'node:assert/strict';

import type { JsonObject } from '../shared/json.ts';
import { allowedCapabilities } from './capabilities.ts';

function namesIn(capabilities: JsonObject): unknown[] {
  return (capabilities['builtins'] as JsonObject[]).map((builtin) => builtin['name']);
}

describe('allowedCapabilities', () => {
  const current = {
    builtins: [
      { name: 'count' },
      { name: 'http.send' },
      { name: 'sprintf' },
      { name: 'brand.new' },
      'odd',
      { name: 1 },
    ],
    features: ['rego_v1'],
  };

  it('keeps what the module or the host has, and adds our own', () => {
    deepEqual(namesIn(allowedCapabilities(current)), ['count', 'sprintf', 'sanitized']);
  });

  it('lets the compiler itself reach no host', () => {
    deepEqual(allowedCapabilities(current)['allow_net'], []);
    deepEqual(allowedCapabilities({ ...current, allow_net: ['example.org'] })['allow_net'], []);
  });

  it('keeps the features of the tool', () => {
    deepEqual(allowedCapabilities(current)['features'], ['rego_v1']);
  });

  it('has our own builtins when the tool names none', () => {
    deepEqual(namesIn(allowedCapabilities(null)), ['sanitized']);
    deepEqual(namesIn(allowedCapabilities({ builtins: 'odd' })), ['sanitized']);
  });
});
