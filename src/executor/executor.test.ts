import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { encodeValue, equalValues, impliedType } from '../providers/index.ts';
import { AppError, type ErrorCode } from '../shared/errors.ts';
import { formatProblem } from '../shared/problems.ts';
import { isJsonObject, type Json } from '../shared/json.ts';
import { environmentOf, processesWith, userOf } from '../testing/processes.ts';
import { binaryAt, ProviderBench, sandboxBinary } from '../testing/provider-bench.ts';
import { until } from '../testing/until.ts';

const MACHINE_BUSY_MS = 180_000; // each test starts processes of Node, which takes seconds when others do too

/** Expects a failure with this code and text; `mayHaveActed` where it matters. */
function failure(code: ErrorCode, message: RegExp, mayHaveActed?: boolean) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    if (mayHaveActed !== undefined) assert.equal(error.details['mayHaveActed'], mayHaveActed);
    return true;
  };
}

const faults = (named: Readonly<Record<string, string>>) => ({ SLUICE_SANDBOX_FAULTS: JSON.stringify(named) });
const providers = (bench: ProviderBench) => processesWith(`${bench.folder}/`, 'environ');
const executors = (bench: ProviderBench) => processesWith(`${bench.folder}/`, 'cmdline');
const member = (json: Json, name: string): Json => (isJsonObject(json) ? (json[name] ?? null) : null);

/** Waits until there are so many of some processes. */
async function become(count: number, find: () => readonly number[]): Promise<void> {
  await until(() => find().length === count, { what: `${count} processes`, seen: () => `${find().length} of them` });
}

describe('executor with the sandbox provider', function (this: Mocha.Suite) {
  this.timeout(MACHINE_BUSY_MS);
  let bench: ProviderBench;
  before(async () => {
    bench = await ProviderBench.open(sandboxBinary());
  });
  after(() => bench.close());

  const pet = (json: Json, session = bench.session) => bench.create('sandbox_pet', json, session);

  it('reads its schema', () => {
    assert.deepEqual(Object.keys(bench.schema.resources).toSorted(), ['sandbox_file', 'sandbox_pet', 'sandbox_string']);
    assert.equal(bench.schema.serverCapabilities.schemaOptional, true);
  });

  it('plans what is not known yet and applies what was planned', async () => {
    const plan = await bench.planCreate('sandbox_pet', { length: 3 });
    assert.deepEqual(plan.problems, []);
    assert.deepEqual(bench.plain('sandbox_pet', plan.planned), {
      id: null,
      length: 3,
      prefix: null,
      separator: '-',
      keepers: null,
    });
    const applied = await bench.applyCreate('sandbox_pet', { length: 3 }, plan);
    assert.match(JSON.stringify(member(bench.plain('sandbox_pet', applied.state), 'id')), /^"\w+-\w+-\w+"$/);
  });

  it('passes on what a provider finds wrong, with the path', async () => {
    const config = bench.config('sandbox_pet', { length: 99 });
    const { problems } = await bench.executor.validateResource(bench.session, { type: 'sandbox_pet', config });
    assert.deepEqual(problems.map(formatProblem), [
      'length: Invalid length: length must be a whole number from 1 to 8, not 99.',
    ]);
  });

  it('tells which attributes force a new object', async () => {
    const { state, private: secret } = await pet({ length: 2 });
    assert.ok(state !== undefined);
    const config = bench.config('sandbox_pet', { length: 4 });
    const request = { type: 'sandbox_pet', prior: state, proposed: config, config, priorPrivate: secret };
    assert.deepEqual((await bench.executor.plan(bench.session, request)).requiresReplace, [['length']]);
  });

  it('reads, imports and upgrades', async () => {
    const { state } = await pet({ length: 2 });
    assert.ok(state !== undefined);
    const read = await bench.executor.read(bench.session, { type: 'sandbox_pet', state, private: new Uint8Array() });
    assert.ok(equalValues(bench.decode('sandbox_pet', read.state), bench.decode('sandbox_pet', state)));

    const found = await bench.executor.importResource(bench.session, { type: 'sandbox_pet', id: 'brave-otter' });
    assert.deepEqual(
      found.imported.map(({ type }) => type),
      ['sandbox_pet'],
    );
    assert.equal(member(bench.plain('sandbox_pet', found.imported[0]?.state), 'length'), 2);

    const stateJson = '{"id":"brave-otter","words":2}';
    const old = await bench.executor.upgradeState(bench.session, { type: 'sandbox_pet', version: 0, stateJson });
    assert.equal(member(bench.plain('sandbox_pet', old.state), 'length'), 2);
  });

  it('uses one process for one session and another for another environment', async () => {
    await pet({ length: 2 });
    await pet({ length: 2 });
    assert.equal(providers(bench).length, 1);
    await pet({ length: 2 }, bench.with({ SLUICE_SANDBOX_ROOT: '/nowhere' }));
    assert.equal(providers(bench).length, 2);
  });

  it('gives the built-in provider what it knows and the handshake, and nothing that could load code into it', async () => {
    const root = join(bench.folder, 'declared');
    const foreign = { OPENSSL_CONF: '/app/o.cnf', NODE_OPTIONS: '--require=/app/x.js', ANY: 'x' };
    const session = bench.with({ SLUICE_SANDBOX_ROOT: root, ...foreign });
    await pet({ length: 2 }, session);
    const [pid] = processesWith(`SLUICE_SANDBOX_ROOT=${root}`, 'environ');
    assert.ok(pid !== undefined);
    assert.deepEqual(environmentOf(pid).toSorted(), [
      'PLUGIN_CLIENT_CERT',
      'PLUGIN_PROTOCOL_VERSIONS',
      'PLUGIN_UNIX_SOCKET_DIR',
      'SLUICE_SANDBOX_ROOT',
      'TF_LOG_SDK',
      'TF_PLUGIN_MAGIC_COOKIE',
    ]);
    const [executor] = executors(bench);
    assert.ok(executor !== undefined);
    assert.deepEqual(environmentOf(executor).toSorted(), ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE']);
  });

  it('passes on what a provider thinks of its own configuration', async () => {
    const faulty = new Map([['no_such_fault', 'x']]);
    const wrong = new Map([
      ['root', null],
      ['faults', faulty],
    ]);
    const session = { ...bench.session, configuration: encodeValue(wrong, impliedType(bench.schema.provider)) };
    const { problems } = await bench.executor.validateProviderConfig(session);
    assert.match(problems.map(formatProblem).join(), /no_such_fault/);
  });
});

describe('executor with a provider that misbehaves', function (this: Mocha.Suite) {
  this.timeout(MACHINE_BUSY_MS);
  let bench: ProviderBench;
  before(async () => {
    bench = await ProviderBench.open(sandboxBinary(), { maxProviders: 8 });
  });
  after(() => bench.close());

  const pet = (fault: Readonly<Record<string, string>>, timeoutMs = 20_000) =>
    bench.create('sandbox_pet', { length: 2 }, bench.with(faults(fault)), { timeoutMs });

  for (const [call, ours, acts] of [
    ['ConfigureProvider', 'configure', false],
    ['PlanResourceChange', 'plan', false],
    ['ApplyResourceChange', 'apply', true],
  ] as const) {
    it(`names the provider when it crashes in ${ours}`, () =>
      assert.rejects(
        pet({ crash: call }),
        failure(
          'PROVIDER_FAILED',
          new RegExp(
            `^provider sluice/sandbox 0.1.0 was ended by SIGKILL during ${ours}; its last words were "fault: crash in ${call}"`,
          ),
          acts,
        ),
      ));
  }

  it('serves on after a crash', async () => {
    await assert.rejects(
      pet({ crash_after: 'ApplyResourceChange' }),
      failure('PROVIDER_FAILED', /was ended by SIGKILL/, true),
    );
    assert.ok((await pet({})).state !== undefined);
  });

  it('gives up a call that hangs and ends the process', async () => {
    const hung = faults({ hang: 'PlanResourceChange' });
    await assert.rejects(
      pet({ hang: 'PlanResourceChange' }, 800),
      failure('PROVIDER_FAILED', /failed during plan: it did not answer in time/, false),
    );
    await become(0, () => processesWith(hung.SLUICE_SANDBOX_FAULTS, 'environ'));
  });

  it('says that a change that hangs may have been made', () =>
    assert.rejects(
      pet({ hang: 'ApplyResourceChange' }, 800),
      failure('PROVIDER_FAILED', /did not answer in time.*The change may have been made$/, true),
    ));

  it('does not take an answer beyond the limit', () =>
    assert.rejects(
      pet({ huge_diagnostic_mb: '70' }),
      failure('PROVIDER_FAILED', /its answer is larger than the limit/),
    ));

  it('names the provider when it dies in the middle of a long answer', async () => {
    const session = bench.with(faults({ slow_ms: '300', huge_diagnostic_mb: '50' }));
    await bench.planCreate('sandbox_pet', {}, session);
    const [pid] = processesWith(session.environment['SLUICE_SANDBOX_FAULTS'] ?? '', 'environ');
    assert.ok(pid !== undefined);
    const answer = bench.planCreate('sandbox_pet', {}, session);
    setTimeout(() => process.kill(pid, 'SIGKILL'), 400); // it takes 300 ms to begin and as long again to send
    await assert.rejects(answer, failure('PROVIDER_FAILED', /was ended by SIGKILL during plan/, false));
  });

  it('keeps a flood of warnings short', async () => {
    assert.equal((await pet({ diagnostics_flood: '5000' })).problems.length, 100);
  });

  it('does not mind noise on stdout after the handshake', async () => {
    assert.ok((await pet({ stdout_noise: 'after' })).state !== undefined);
  });

  it('refuses noise in place of the handshake', () =>
    assert.rejects(
      pet({ stdout_noise: 'before' }),
      failure('PROVIDER_FAILED', /could not be used: it did not say where it listens/, false),
    ));
});

describe('executor with a file that is no provider', function (this: Mocha.Suite) {
  this.timeout(MACHINE_BUSY_MS);
  let bench: ProviderBench;
  before(async () => {
    bench = await ProviderBench.open(sandboxBinary());
  });
  after(() => bench.close());

  async function script(name: string, body: string) {
    const path = join(bench.folder, name);
    await writeFile(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return binaryAt(path, 'acme/broken', '1.2.3');
  }

  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'ends at once',
      'echo "panic: no license" >&2; echo more >&2; exit 4',
      /^provider acme\/broken 1.2.3 exited with code 4 before it was ready; its last words were "panic: no license"/,
    ],
    ['is killed', 'kill -9 $$', /was ended by SIGKILL before it was ready/],
    ['speaks another protocol', 'echo "1|4|unix|/tmp/x|grpc|AAAA"; sleep 60', /speaks neither version 5 nor 6/],
    [
      'speaks another handshake',
      'echo "2|5|unix|/tmp/x|grpc|AAAA"; sleep 60',
      /another version of the plugin handshake/,
    ],
    ['offers no encryption', 'echo "1|5|unix|/tmp/x|grpc|"; sleep 60', /offers no encrypted connection/],
    ['listens elsewhere', 'echo "1|5|tcp|198.51.100.7:99|grpc|AAAA"; sleep 60', /not of this machine/],
    ['prints without end', 'head -c 100000 /dev/zero; sleep 60', /something endless/],
  ];
  for (const [what, body, message] of cases) {
    it(`${what}: says so`, async () => {
      const binary = await script(`provider-${cases.findIndex(([name]) => name === what)}`, body);
      await assert.rejects(
        bench.planCreate('sandbox_pet', {}, { ...bench.session, binary }),
        failure('PROVIDER_FAILED', message, false),
      );
      assert.deepEqual(processesWith(binary.path, 'cmdline'), []);
    });
  }

  it('closes its output: says so, where nothing stands around it that could still write', async () => {
    const binary = await script('silent', 'exec >&-; sleep 60');
    const bare = await ProviderBench.open(sandboxBinary(), { isolation: 'none' });
    const message = /ended its output without a handshake line/;
    await assert.rejects(
      bare.planCreate('sandbox_pet', {}, { ...bare.session, binary }),
      failure('PROVIDER_FAILED', message, false),
    );
    await bare.close();
  });

  it('cannot be started: says so', async () => {
    const binary = await script('not-executable', '');
    await rm(binary.path);
    await writeFile(binary.path, '#!/no/such/interpreter\n', { mode: 0o755 });
    const session = { ...bench.session, binary: await binaryAt(binary.path, 'acme/broken', '1.2.3') };
    await assert.rejects(
      bench.planCreate('sandbox_pet', {}, session),
      failure('PROVIDER_FAILED', /before it was ready/, false),
    );
  });

  it('was changed after it was checked: is not started', async () => {
    const binary = await script('changed', 'touch "$0.ran"');
    await writeFile(binary.path, '#!/bin/sh\ntouch "$0.ran"; echo other\n');
    await assert.rejects(
      bench.planCreate('sandbox_pet', {}, { ...bench.session, binary }),
      failure('PROVIDER_REFUSED', /was changed after it was checked/),
    );
    assert.ok(!(await readdir(bench.folder)).includes('changed.ran'));
  });

  it('ends with what it started', async () => {
    const binary = await script('parent', 'sleep 4321 & echo "1|4|unix|/tmp/x|grpc|AAAA"; sleep 4321');
    await assert.rejects(
      bench.planCreate('sandbox_pet', {}, { ...bench.session, binary }),
      failure('PROVIDER_FAILED', /neither version/),
    );
    await become(0, () => processesWith('sleep\x004321', 'cmdline'));
  });
});

describe('executor as another user', function (this: Mocha.Suite) {
  this.timeout(MACHINE_BUSY_MS);
  it('runs itself and its providers without our rights', async function (this: Mocha.Context) {
    if (process.getuid?.() !== 0) return this.skip(); // only root may become another user
    const runAs = { uid: 65_534, gid: 65_534 };
    const bench = await ProviderBench.open(sandboxBinary(), { runAs, isolation: 'none' });
    assert.equal(bench.executor.isolation, 'uid');
    assert.ok(
      (await bench.create('sandbox_pet', { length: 2 }, bench.with({ SLUICE_SANDBOX_ROOT: bench.folder }))).state !==
        undefined,
    );
    const [pid] = processesWith(`SLUICE_SANDBOX_ROOT=${bench.folder}`, 'environ');
    assert.ok(pid !== undefined);
    assert.deepEqual([userOf(pid), ...executors(bench).map(userOf)], [65_534, 65_534]);
    await bench.close();
  });
});

describe('executor at its end', function (this: Mocha.Suite) {
  this.timeout(MACHINE_BUSY_MS);
  let bench: ProviderBench;
  afterEach(() => bench.close());

  it('leaves no process and no socket', async () => {
    bench = await ProviderBench.open(sandboxBinary());
    await bench.create('sandbox_pet', { length: 2 });
    await bench.create('sandbox_pet', { length: 2 }, bench.with(faults({ ignore_stop: 'yes' })));
    assert.equal(providers(bench).length, 2);
    await bench.executor.close();
    assert.deepEqual([...providers(bench), ...executors(bench)], []);
    assert.deepEqual(await readdir(join(bench.folder, 'sockets')), []);
    await assert.rejects(bench.planCreate('sandbox_pet', {}), failure('UNAVAILABLE', /stopped/));
  });

  it('is started anew when it is killed; what it ran ends, and a change under way is reported', async () => {
    bench = await ProviderBench.open(sandboxBinary());
    await bench.create('sandbox_pet', { length: 2 });
    const plan = await bench.planCreate('sandbox_pet', { length: 2 });
    const session = bench.with(faults({ hang: 'ApplyResourceChange' }));
    const applying = bench.applyCreate('sandbox_pet', { length: 2 }, plan, session);
    const lost = assert.rejects(
      applying,
      failure('PROVIDER_FAILED', /sluice\/sandbox 0.1.0 was lost during apply.*may have been made/s, true),
    );
    await become(2, () => providers(bench));
    for (const pid of executors(bench)) process.kill(pid, 'SIGKILL');
    await lost;
    await become(0, () => providers(bench));
    assert.ok((await bench.create('sandbox_pet', { length: 2 })).state !== undefined);
  });

  it('gives up a provider that hangs before its first call', async () => {
    bench = await ProviderBench.open(sandboxBinary(), { callTimeoutMs: 3_000 });
    const session = bench.with(faults({ hang: 'ConfigureProvider' }));
    const message = /failed during configure: it did not answer in time/;
    await assert.rejects(bench.planCreate('sandbox_pet', {}, session), failure('PROVIDER_FAILED', message, false));
    await become(0, () => providers(bench));
  });

  it('reports processes that are all busy', async () => {
    bench = await ProviderBench.open(sandboxBinary(), { maxProviders: 1 });
    const session = bench.with(faults({ slow_ms: '400' }));
    const slow = bench.planCreate('sandbox_pet', {}, session);
    await delay(50);
    await assert.rejects(
      bench.planCreate('sandbox_pet', {}, bench.session, { timeoutMs: 100 }),
      failure('UNAVAILABLE', /all 1 provider processes are busy/),
    );
    await slow;
    assert.deepEqual((await bench.planCreate('sandbox_pet', {})).problems, []);
  });
});
