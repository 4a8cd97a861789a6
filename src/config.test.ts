import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

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

  describe('of single sign-on', () => {
    const least = { SLUICE_SSO_ISSUER: 'https://login.example.com/realms/x', SLUICE_SSO_CLIENT_ID: 'sluice' };

    it('is off without an issuer, and needs a name of this server with one', () => {
      assert.equal(readConfig({ SLUICE_SSO_CLIENT_ID: 'sluice' }).sso, undefined);
      assert.deepEqual(readConfig({ ...least, SLUICE_SSO_ALLOWED_DOMAINS: 'Example.com,' }).sso, {
        issuer: 'https://login.example.com/realms/x',
        clientId: 'sluice',
        clientSecret: undefined,
        name: 'single sign-on',
        scopes: 'openid profile email',
        groupsClaim: 'groups',
        allowedGroups: [],
        allowedDomains: ['example.com'],
      });
      const [problem] = problemsOf({ SLUICE_SSO_ISSUER: least.SLUICE_SSO_ISSUER });
      assert.match(problem ?? '', /^SLUICE_SSO_CLIENT_ID: must be set/);
    });

    it('is spoken to without TLS on this computer only', () => {
      for (const issuer of ['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:1']) {
        assert.equal(readConfig({ ...least, SLUICE_SSO_ISSUER: issuer }).sso?.issuer, issuer);
      }
      for (const issuer of [
        'http://login.example.com',
        'http://127.0.0.1.example.com',
        'ftp://x',
        'x',
        'https://u:p@x',
        'https://x?y',
      ])
        assert.match(problemsOf({ ...least, SLUICE_SSO_ISSUER: issuer })[0] ?? '', /^SLUICE_SSO_ISSUER: must/, issuer);
    });

    it('takes its secret from a variable or a file, and never shows it', () => {
      const file = join(mkdtempSync(join(tmpdir(), 'sluice-config-')), 'secret');
      writeFileSync(file, 'hunter2\n');
      assert.equal(readConfig({ ...least, SLUICE_SSO_CLIENT_SECRET_FILE: file }).sso?.clientSecret, 'hunter2');
      assert.equal(readConfig({ ...least, SLUICE_SSO_CLIENT_SECRET: 'hunter2' }).sso?.clientSecret, 'hunter2');
      const both = problemsOf({ ...least, SLUICE_SSO_CLIENT_SECRET: 'hunter2', SLUICE_SSO_CLIENT_SECRET_FILE: file });
      assert.match(both[0] ?? '', /^SLUICE_SSO_CLIENT_SECRET_FILE: must not be set beside/);
      const absent = problemsOf({ ...least, SLUICE_SSO_CLIENT_SECRET_FILE: `${file}.absent` });
      assert.match(absent[0] ?? '', /^SLUICE_SSO_CLIENT_SECRET_FILE: must be a file that the server can read/);
      assert.doesNotMatch(both.join() + settingsDocument(), /hunter2/);
      rmSync(dirname(file), { recursive: true });
    });

    it('asks for an ID token', () => {
      const [problem] = problemsOf({ ...least, SLUICE_SSO_SCOPES: 'profile' });
      assert.match(problem ?? '', /^SLUICE_SSO_SCOPES: must hold `openid`/);
    });
  });

  it('documents each setting once', () => {
    assert.equal(settingsDocument().match(/^\| `PORT` \|/gm)?.length, 1);
  });
});
