import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { AppError } from '../shared/errors.ts';
import { silentLogger } from '../shared/logger.ts';
import { createPolicyCompiler, findOpa } from './index.ts';

// A stand-in for the tool answers from a table, so that what we make of its answers can be tested without it. What the
// tool itself answers is tested in policy-compiler.real.ts.

interface Answer {
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Written where `-o` says. */
  readonly bundleBase64?: string;
  readonly waitMs?: number;
}

const syntax = {
  package: { path: [{ value: 'data' }, { value: 'spacelift' }] },
  annotations: [{ scope: 'package', title: 'A title', description: 'What it does' }],
  rules: [
    { head: { name: 'sample', ref: [{ value: 'sample' }] } },
    { head: { name: 'allow', ref: [{ value: 'allow' }] }, else: { head: { ref: [{ value: 'allow' }] } } },
    { head: { name: 'f', args: [{}], ref: [{ value: 'f' }] } },
    { head: { name: 'old' } },
  ],
};
const wasm = Buffer.from('the module');
const good: Readonly<Record<string, Answer>> = {
  capabilities: {
    stdout: JSON.stringify({ builtins: [{ name: 'count' }, { name: 'http.send' }, { name: 'sprintf' }] }),
  },
  parse: { stdout: JSON.stringify(syntax) },
  build: {
    bundleBase64: gzipSync(
      Buffer.concat([tarFile('/data.json', Buffer.from('{}')), tarFile('/policy.wasm', wasm)]),
    ).toString('base64'),
  },
};

function tarFile(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

const program = `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const answer = JSON.parse(readFileSync(__dirname + '/answers.json', 'utf8'))[process.argv[2]] ?? { code: 9 };
if (answer.bundleBase64) writeFileSync(process.argv[process.argv.indexOf('-o') + 1], Buffer.from(answer.bundleBase64, 'base64'));
process.stdout.write(answer.stdout ?? '');
process.stderr.write(answer.stderr ?? '');
setTimeout(() => process.exit(answer.code ?? 0), answer.waitMs ?? 0);
`;

describe('PolicyCompiler', function () {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    writeFileSync(join(folder, 'opa'), program);
    chmodSync(join(folder, 'opa'), 0o700);
  });
  after(() => rmSync(folder, { recursive: true }));

  function compile(answers: Readonly<Record<string, Answer>>, body = 'package spacelift', timeoutMs = 10_000) {
    writeFileSync(join(folder, 'answers.json'), JSON.stringify({ ...good, ...answers }));
    const compiler = createPolicyCompiler({ opaPath: join(folder, 'opa'), timeoutMs, logger: silentLogger });
    return compiler.compile({ body, engine: 'REGO_V1' });
  }

  async function refusal(answers: Readonly<Record<string, Answer>>, body?: string, timeoutMs?: number) {
    const error: unknown = await compile(answers, body, timeoutMs).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof AppError ? [error.code, error.message] : [undefined, String(error)];
  }

  it('gives the module, its checksum, the rules and what the METADATA comment says', async () => {
    deepEqual(await compile({}), {
      wasm: Uint8Array.from(wasm),
      sha256: createHash('sha256').update(wasm).digest('hex'),
      rules: ['allow', 'old', 'sample'],
      title: 'A title',
      description: 'What it does',
    });
  });

  it('gives line, column and message of each error as data', async () => {
    const errors = [
      { message: 'undefined function http.send', location: { row: 3, col: 7 } },
      { message: 'undefined function nope', location: { row: 4, col: 1 } },
      { message: 'x'.repeat(2_000), location: {} },
      'garbage',
    ];
    const check = { code: 1, stdout: JSON.stringify({ errors }) };
    const [code, message] = await refusal({ build: { code: 1, stderr: 'error: prose' }, check });
    equal(code, 'BAD_INPUT');
    match(
      message ?? '',
      /line 3, column 7: the function http\.send is not allowed in policies: it reaches the network/,
    );
    match(message ?? '', /line 4, column 1: there is no function nope here/);
    match(message ?? '', /x{500}…/);
    match(message ?? '', /the compiler gave no reason/);
  });

  it('falls back to the prose of the build when the check finds nothing', async () => {
    const [, message] = await refusal({
      build: { code: 1, stderr: 'error: 1 error occurred: odd\n thing' },
      check: {},
    });
    equal(message, 'policy body: 1 error occurred: odd thing');
  });

  it('says what a missing entry point means', async () => {
    const stderr = 'error: entrypoint "spacelift" does not refer to a rule or policy decision';
    match(
      (await refusal({ build: { code: 1, stderr }, check: {} }))[1] ?? '',
      /the package has no rule; add `allow` or `deny`/,
    );
  });

  it('gives the errors of the parser, from either stream', async () => {
    const text = JSON.stringify({ errors: [{ message: '`if` keyword is required', location: { row: 1, col: 2 } }] });
    for (const stream of ['stdout', 'stderr']) {
      const [, message] = await refusal({ parse: { code: 1, [stream]: text } });
      match(
        message ?? '',
        /line 1, column 2: `if` keyword is required \(Rego v1; or save the policy with engineType REGO_V0\)/,
      );
    }
  });

  it('refuses another package, and one without rules', async () => {
    const other = {
      stdout: JSON.stringify({ ...syntax, package: { path: [{ value: 'data' }, { value: 'a' }, { value: 'b' }] } }),
    };
    match(
      (await refusal({ parse: other }))[1] ?? '',
      /the package is "a\.b"; begin the policy with `package spacelift`/,
    );
    const empty = { stdout: JSON.stringify({ ...syntax, rules: undefined, annotations: undefined }) };
    match((await refusal({ parse: empty }))[1] ?? '', /no rule; add one/);
  });

  it('stops the tool at the time limit', async () => {
    const [code, message] = await refusal({ build: { waitMs: 5_000 } }, undefined, 1_500);
    deepEqual([code, message?.includes('compiling took too long')], ['UNAVAILABLE', true]);
  });

  it('says that the tool does not work when it prints no capabilities, and tries again next time', async () => {
    match(
      (await refusal({ capabilities: { code: 1 } }))[1] ?? '',
      /the tool `opa` does not run .* check SLUICE_OPA and PATH/,
    );
  });

  it('refuses a text over its limit', async () => {
    equal((await refusal({}, 'x'.repeat(256 * 1024 + 1)))[0], 'LIMIT_EXCEEDED');
  });

  it('compiles many at once, a few at a time', async () => {
    writeFileSync(join(folder, 'answers.json'), JSON.stringify(good));
    const compiler = createPolicyCompiler({ opaPath: join(folder, 'opa'), timeoutMs: 10_000, logger: silentLogger });
    const compiled = await Promise.all([1, 2, 3, 4].map(() => compiler.compile({ body: '', engine: 'REGO_V0' })));
    equal(new Set(compiled.map(({ sha256 }) => sha256)).size, 1);
  });

  it('is not available without the tool, and says how to get it', async () => {
    const compiler = createPolicyCompiler({ opaPath: undefined, timeoutMs: 1, logger: silentLogger });
    equal(compiler.available, false);
    await rejects(compiler.compile({ body: '', engine: 'REGO_V1' }), /needs the optional tool `opa`.*SLUICE_OPA/);
  });

  describe('findOpa', () => {
    const nothing = { setting: undefined, path: undefined, gobin: undefined, gopath: '/nonexistent' };

    it('takes the setting, and nothing else when it is wrong', () => {
      equal(findOpa({ ...nothing, setting: join(folder, 'opa') }), join(folder, 'opa'));
      equal(findOpa({ ...nothing, setting: join(folder, 'absent'), path: folder }), undefined);
      equal(findOpa({ ...nothing, setting: folder, path: folder }), undefined);
    });

    it('looks on PATH, then where Go installs', () => {
      equal(findOpa({ ...nothing, setting: '', path: `/nonexistent::${folder}` }), join(folder, 'opa'));
      equal(findOpa({ ...nothing, gobin: folder }), join(folder, 'opa'));
      equal(findOpa(nothing), undefined);
    });
  });
});
