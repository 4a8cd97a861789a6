import assert from 'node:assert/strict';

import { ConfigError, readConfig, settingsDocument } from './config.ts';

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

describe('configuration', () => {
  it('has a default for everything', () => {
    const config = readConfig({});
    assert.equal(config.publicUrl, 'http://localhost:4000');
    assert.equal(config.host, '127.0.0.1');
    assert.match(config.keyFile, /\.sluice\/keys\.json$/);
    assert.equal(config.databaseUrl, undefined);
  });

  it('follows the port and keeps only the origin of the public URL', () => {
    assert.equal(readConfig({ PORT: '5000' }).publicUrl, 'http://localhost:5000');
    assert.equal(
      readConfig({ SLUICE_PUBLIC_URL: 'https://sluice.example.com/' }).publicUrl,
      'https://sluice.example.com',
    );
  });

  it('takes a number of proxies or their networks, and nothing else', () => {
    const trust = (text: string) => readConfig({ SLUICE_TRUST_PROXY: text }).trustProxy;
    assert.deepEqual(trust('2'), { hops: 2 });
    assert.equal(trust('0'), undefined);
    assert.deepEqual(trust('10.0.0.0/8, ::1'), { networks: ['10.0.0.0/8', '::1/128'] });
    for (const text of ['-1', '11', 'true', '10.0.0.0/33', '10.0.0.0/0', '::/129', '10.0.0.0/', '10.0.0/8', '1,'])
      assert.match(problemsOf({ SLUICE_TRUST_PROXY: text })[0] ?? text, /^SLUICE_TRUST_PROXY: must be /, text);
  });

  it('names every problem in a line of its own', () => {
    const problems = problemsOf({
      PORT: 'http',
      SLUICE_LOG_LEVEL: 'loud',
      SLUICE_PUBLIC_URL: 'sluice',
      SLUICE_PROVIDER_OVERRIDES: 'x',
    });
    assert.deepEqual(
      problems.map((line) => line.split(':')[0]),
      ['PORT', 'SLUICE_PUBLIC_URL', 'SLUICE_PROVIDER_OVERRIDES', 'SLUICE_LOG_LEVEL'],
    );
    assert.match(problems[0] ?? '', /whole number from 1 to 65535/);
  });

  it('refuses a setting that does not exist, but not variables of clients', () => {
    assert.deepEqual(problemsOf({ SLUICE_ALLOWED_HOST: 'x', SLUICE_API_TOKEN: 'y' }), [
      'SLUICE_ALLOWED_HOST: no such setting; docs/settings.md lists them all',
    ]);
  });

  it('never repeats a database address, which may hold a password', () => {
    const [problem] = problemsOf({ DATABASE_URL: 'mysql://user:hunter2@host/db' });
    assert.match(problem ?? '', /^DATABASE_URL: must begin with postgres/);
    assert.doesNotMatch(problem ?? '', /hunter2/);
  });

  it('asks the public registry unless another server, or none, is set', () => {
    assert.equal(readConfig({}).providerRegistry, 'https://registry.opentofu.org/');
    assert.equal(readConfig({}).providerNetworkMirror, undefined);
    assert.equal(readConfig({ SLUICE_PROVIDER_REGISTRY: 'off' }).providerRegistry, undefined);
    const [scheme] = problemsOf({ SLUICE_PROVIDER_REGISTRY: 'ftp://x' });
    assert.match(scheme ?? '', /^SLUICE_PROVIDER_REGISTRY: must be `off`, or a URL that begins with https/);
    const [secret] = problemsOf({ SLUICE_PROVIDER_NETWORK_MIRROR: 'https://user:hunter2@mirror.example' });
    assert.match(secret ?? '', /without a user name and password/);
    assert.doesNotMatch(secret ?? '', /hunter2/);
  });

  it('documents each setting once', () => {
    assert.equal(settingsDocument().match(/^\| `PORT` \|/gm)?.length, 1);
  });
});
