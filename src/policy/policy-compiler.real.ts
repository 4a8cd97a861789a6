import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';

import { AppError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { silentLogger } from '../shared/logger.ts';
import { policyFaultInput, policyFaults } from '../testing/policy-faults.ts';
import { findTool, requireTool } from '../testing/tools.ts';
import { bannedBuiltins } from './capabilities.ts';
import {
  createPolicyCompiler,
  intentDecision,
  type PolicyDialect,
  type PolicyEngine,
  startPolicyEngine,
} from './index.ts';

const TIMEOUT_MS = 1_000;
const compiler = () => createPolicyCompiler({ opaPath: findTool('opa'), timeoutMs: 30_000, logger: silentLogger });

function compile(body: string, engine: PolicyDialect = 'REGO_V1') {
  return compiler().compile({ body, engine });
}

async function refusal(body: string, engine?: PolicyDialect): Promise<AppError> {
  return compile(body, engine).then(
    () => Promise.reject(new Error('the policy was compiled')),
    (error: unknown) => (error instanceof AppError ? error : Promise.reject(error)),
  );
}

describe('compiling a policy', function () {
  before(requireTool('opa'));

  it('names the rules, and not the functions', async () => {
    const { rules } = await compile(
      'package spacelift\n\nallow contains "x" if helper(1)\n\nhelper(x) := x == 1\n\nsample := true\n',
    );
    deepEqual(rules, ['allow', 'sample']);
  });

  it('gives the same bytes for the same text', async () => {
    const body = 'package spacelift\n\nallow contains "x" if input.a == sprintf("%d", [1])\n';
    deepEqual(await compile(body), await compile(body));
  });

  it('says line, column and what to do about a syntax error', async () => {
    const error = await refusal('package spacelift\n\nallow["x"] { true }\n');
    equal(error.code, 'BAD_INPUT');
    match(error.message, /^policy body: line 3, column 1: `if` keyword is required .*REGO_V0/);
    deepEqual((error.details['errors'] as { line: number; column: number }[])[0]?.line, 3);
  });

  it('accepts that text as Rego v0', async () => {
    deepEqual((await compile('package spacelift\n\nallow["x"] { true }\n', 'REGO_V0')).rules, ['allow']);
  });

  it('says where a name is unknown', async () => {
    const error = await refusal('package spacelift\n\nallow contains x if input.y\n');
    match(error.message, /line 3, column \d+: var x is unsafe/);
  });

  for (const name of ['other', 'spacelift.sub', 'spacelift_test']) {
    it(`refuses the package ${name}`, async () => {
      const error = await refusal(`package ${name}\n\nallow contains "x"\n`);
      match(error.message, /begin the policy with `package spacelift`/);
    });
  }

  it('refuses a package without rules', async () => {
    match((await refusal('package spacelift\n')).message, /no rule/);
    match((await refusal('package spacelift\n\nf(x) := x\n')).message, /no rule/);
  });

  it('refuses an empty text and a text that is no Rego', async () => {
    equal((await refusal('')).code, 'BAD_INPUT');
    equal((await refusal('\0\u{1f600}{{{')).code, 'BAD_INPUT');
  });

  const calls: Readonly<Record<string, string>> = {
    'http.send': 'http.send({"method": "GET", "url": "http://127.0.0.1"})',
    'net.lookup_ip_addr': 'net.lookup_ip_addr("localhost")',
    'opa.runtime': 'opa.runtime()',
    'rego.parse_module': 'rego.parse_module("x", "package x")',
    'time.now_ns': 'time.now_ns()',
    'rand.intn': 'rand.intn("x", 9)',
    'uuid.rfc4122': 'uuid.rfc4122("x")',
    trace: 'trace("x")',
    'io.jwt.decode_verify': 'io.jwt.decode_verify("x", {})',
    'io.jwt.encode_sign': 'io.jwt.encode_sign({}, {}, {})',
    'io.jwt.encode_sign_raw': 'io.jwt.encode_sign_raw("", "", "")',
    'providers.aws.sign_req': 'providers.aws.sign_req({}, {}, 1)',
  };

  it('has a call for every banned builtin', () => {
    deepEqual(Object.keys(calls).toSorted(), Object.keys(bannedBuiltins).toSorted());
  });

  for (const [name, call] of Object.entries(calls)) {
    it(`refuses ${name} by its name, with the reason`, async () => {
      const error = await refusal(`package spacelift\n\nallow contains "x" if ${call}\n`);
      match(error.message, new RegExp(`line 3, column \\d+: the function ${name} is not allowed in policies: `));
    });
  }

  it('refuses a builtin that we lack by its name', async () => {
    const error = await refusal('package spacelift\n\nallow contains "x" if graphql.is_valid("a", "b")\n');
    match(error.message, /the function graphql\.is_valid is not there: its answers/);
  });

  it('refuses a text over its limit before it runs anything', async () => {
    const error = await refusal(`package spacelift\n# ${'x'.repeat(300_000)}\nallow contains "x"\n`);
    equal(error.code, 'LIMIT_EXCEEDED');
  });

  it('stops a compilation that takes too long', async () => {
    const hurried = createPolicyCompiler({ opaPath: findTool('opa'), timeoutMs: 1, logger: silentLogger });
    const refused = hurried.compile({ body: 'package spacelift\n\nallow contains "x"\n', engine: 'REGO_V1' });
    await rejects(refused, (error: unknown) => error instanceof AppError && error.code === 'UNAVAILABLE');
  });

  it('leaves nothing behind', async () => {
    const ours = () => readdirSync(tmpdir()).filter((name) => name.startsWith('sluice-policy-'));
    const before = ours();
    await refusal('package other\n');
    deepEqual(ours(), before);
  });
});

describe('compiling without opa', () => {
  it('says what is needed and where it is named', async () => {
    const absent = createPolicyCompiler({ opaPath: undefined, timeoutMs: 1_000, logger: silentLogger });
    equal(absent.available, false);
    await rejects(absent.compile({ body: '', engine: 'REGO_V1' }), /needs the optional tool `opa`.*SLUICE_OPA/);
  });

  it('says that a program named by the setting does not run', async () => {
    const wrong = createPolicyCompiler({ opaPath: '/dev/null', timeoutMs: 1_000, logger: silentLogger });
    await rejects(wrong.compile({ body: 'package spacelift', engine: 'REGO_V1' }), /does not run .*SLUICE_OPA/);
  });
});

describe('a policy that goes wrong allows nothing', function () {
  let engine: PolicyEngine;

  before(requireTool('opa'));
  before(() => {
    engine = startPolicyEngine({ workers: 2, timeoutMs: TIMEOUT_MS, memoryMb: 32, logger: silentLogger });
  });
  after(() => engine?.close());

  async function outcome(body: string, input: Json = {}, dialect: PolicyDialect = 'REGO_V1'): Promise<string> {
    const policy = await compile(`package spacelift\n\n${body}\n`, dialect);
    return engine.evaluate(policy, input).then(
      (result) => intentDecision([{ policy: { id: 'p', name: 'p' }, result }]).outcome,
      (error: unknown) => (error instanceof AppError ? String(error.details['reason']) : Promise.reject(error)),
    );
  }

  for (const { name, body, expected } of policyFaults) {
    it(`${name}: ${expected.join(' or ')}`, async () => {
      const found = await outcome(body, policyFaultInput);
      ok(expected.includes(found), `it was ${found}`);
    });
  }

  it('swaps policies under load without mixing them', async () => {
    const yes = await compile('package spacelift\n\nallow contains "yes"\n');
    const no = await compile('package spacelift\n\ndeny contains "no"\n');
    const asked = Array.from({ length: 500 }, (_none, at) => (at % 2 === 0 ? yes : no));
    const results = await Promise.all(asked.map((policy) => engine.evaluate(policy, {})));
    const outcomes = results.map((result) => intentDecision([{ policy: { id: 'p', name: 'p' }, result }]).outcome);
    deepEqual(
      outcomes,
      asked.map((policy) => (policy === yes ? 'ALLOWED' : 'DENIED')),
    );
  });
});

describe('both dialects of Rego', function () {
  let engine: PolicyEngine;

  before(requireTool('opa'));
  before(() => {
    engine = startPolicyEngine({ workers: 1, timeoutMs: TIMEOUT_MS, memoryMb: 32, logger: silentLogger });
  });
  after(() => engine?.close());

  const v1 =
    'package spacelift\n\ntype := input.resource.resource_type\n\ndeny contains sprintf("only buckets, not %s", [type]) if type != "aws_s3_bucket"\n\nallow contains "a bucket" if type == "aws_s3_bucket"\n\nsample := true\n';
  const v0 =
    'package spacelift\n\ntype := input.resource.resource_type\n\ndeny[sprintf("only buckets, not %s", [type])] { type != "aws_s3_bucket" }\n\nallow["a bucket"] { type == "aws_s3_bucket" }\n\nsample = true\n';

  it('give the same decisions', async () => {
    const [first, second] = await Promise.all([compile(v1), compile(v0, 'REGO_V0')]);
    for (const type of ['aws_s3_bucket', 'aws_instance', '', null, 1]) {
      const input = { resource: { resource_type: type } };
      deepEqual(await engine.evaluate(first, input), await engine.evaluate(second, input));
    }
  });

  it('have the casts of v0 and our fingerprint of secrets', async () => {
    const policy = await compile(
      'package spacelift\n\nallow[x] { x := cast_string(input.x) }\n\nallow[x] { x := sanitized(input.x) }\n\ndeny[x] { x := cast_string(1) }\n',
      'REGO_V0',
    );
    const { allow } = (await engine.evaluate(policy, { x: 'secret' })) as { allow: string[] };
    deepEqual(allow.toSorted(), ['a25fe97bf527a25b', 'secret']); // sha256sum of the text, last 16 digits
  });
});
