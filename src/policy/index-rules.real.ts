import { deepEqual, equal, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { canonicalJson, type Json } from '../shared/json.ts';
import { silentLogger } from '../shared/logger.ts';
import { comparableResult } from '../testing/comparable-result.ts';
import { findTool, requireTool } from '../testing/tools.ts';
import { createPolicyCompiler, type PolicyEngine, startPolicyEngine } from './index.ts';
import { indexRules } from './index-rules.ts';

const SEED = Number(process.env['SLUICE_TEST_SEED'] ?? 20_261_122);
const RULES = 60;

type Engine = 'REGO_V0' | 'REGO_V1';

// Policies of many rules are compiled with an index; they must decide as `opa eval` says of their text.
describe(`large policies (seed ${SEED})`, function () {
  let engine: PolicyEngine;
  const opa = (...args: string[]) =>
    execFileSync(findTool('opa') ?? '', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const compiler = () => createPolicyCompiler({ opaPath: findTool('opa'), timeoutMs: 60_000, logger: silentLogger });

  before(requireTool('opa'));
  before(() => {
    engine = startPolicyEngine({ workers: 1, timeoutMs: 60_000, memoryMb: 64, logger: silentLogger });
  });
  after(() => engine?.close());

  function inFolder<T>(files: Readonly<Record<string, string>>, work: (folder: string) => T): T {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-index-'));
    try {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      return work(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  const dialect = (version: Engine) => (version === 'REGO_V0' ? ['--v0-compatible'] : []);

  function indexed(body: string, version: Engine) {
    const tree = inFolder({ 'policy.rego': body }, (folder) =>
      opa('parse', '--format', 'json', '--json-include', 'locations', ...dialect(version), join(folder, 'policy.rego')),
    );
    return indexRules({ body, engine: version }, JSON.parse(tree) as Json); // JSON.parse gives JSON values and nothing else
  }

  /** One process for all inputs. */
  function answersOfOpa(body: string, version: Engine, inputs: readonly Json[]): Json[] {
    const ask = 'package ask\n\nanswers = [x | i = data.inputs[_]; x = data.spacelift with input as i.input]\n';
    const files = {
      'policy.rego': body,
      'ask.rego': ask,
      'data.json': JSON.stringify({ inputs: inputs.map((input) => ({ input })) }),
    };
    const v1 = version === 'REGO_V1';
    if (v1) files['ask.rego'] = ask.replace('answers = ', 'answers := ');
    const text = inFolder(files, (folder) =>
      opa('eval', '--format', 'json', ...dialect(version), '-d', folder, 'data.ask.answers'),
    );
    const answer = JSON.parse(text) as { result: { expressions: { value: Json[] }[] }[] };
    return answer.result[0]?.expressions[0]?.value ?? [];
  }

  async function check(body: string, version: Engine, inputs: readonly Json[], isIndexed = true): Promise<void> {
    const policy = await compiler().compile({ body, engine: version });
    equal(Buffer.from(policy.wasm).includes('sluice_index'), isIndexed);
    const expected = answersOfOpa(body, version, inputs);
    equal(expected.length, inputs.length);
    for (const [at, input] of inputs.entries()) {
      const actual = await engine.evaluate(policy, input);
      equal(comparableResult(actual), comparableResult(expected[at] ?? null), canonicalJson(input));
    }
  }

  const head = 'package spacelift\n\n';
  const types = Array.from({ length: RULES }, (_none, at) => `type_${at}`);
  const odd = [
    '',
    'é',
    'a"b\\c',
    '__proto__',
    'hit',
    'input',
    'a/b',
    ' ',
    '0',
    'null',
    '\u{1f600}',
    'x\ny',
    '$',
    '%2e',
    '..',
  ];
  const inputs: Json[] = [
    ...[...types.slice(0, 20), ...odd, 'none'].flatMap((type) => [
      { resource: { type, operation: 'create' }, user: type },
      { resource: { type, operation: 'delete' }, user: 'type_3' },
    ]),
    ...([null, true, 0, 1.5, [], ['type_1'], {}, { type_1: 1 }] as Json[]).map((type) => ({ resource: { type }, user: type })),
    {}, { resource: null }, { resource: 'type_1' }, [], 'type_1', null, 7,
  ]; // prettier-ignore

  it('in Rego v1 decide the same', async () => {
    const rules = [...types, ...odd].map(
      (type, at) => `deny contains sprintf("%s %d", [input.resource.type, ${at}]) if {
  input.resource.type == ${JSON.stringify(type)} # only this one
  not exempt(input.user)
  input.resource.operation in changing
}
`,
    );
    const body = `${head}import input.resource as thing

exempt(user) if user == "type_3"

changing := {"create", "update"}

${rules.join('\n')}
deny contains "never the first" if "type_0" == input["resource"]["type"]

deny contains msg if {
  count(allow) == 0
  msg := {"msg": "not allowed"}
}

allow contains thing.type if {
  some type in ["type_1", "type_2"]
  thing.type == type
}

default sample := false

sample if count(deny) > 0

default limits := {"a": [1, 2], "b": "x"}

limits := {} if input.user == "type_1"

level := 1 if input.user == "type_1"
else := 2 if input.user == "type_2"
`;
    const parts = indexed(body, 'REGO_V1');
    equal(parts?.files.length, 1 + RULES + odd.length);
    await check(body, 'REGO_V1', inputs);
  });

  it('in Rego v0 decide the same', async () => {
    const rules = types.map(
      (type) => `deny[msg] { input.resource.type == "${type}"; msg = concat(" ", ["no", "${type}", input.user]) }
allow["${type}"] { input.user = "${type}"; not deny["no ${type} ${type}"] }
`,
    );
    const body = `${head}${rules.join('\n')}\ndefault sample = false\n\nsample { input.user == "type_1" }\n`;
    equal(indexed(body, 'REGO_V0')?.files.length, 1 + 2 * RULES);
    await check(body, 'REGO_V0', inputs);
  });

  it('made at random decide the same', async () => {
    const text = fc.constantFrom(...types.slice(0, 40), ...odd);
    const condition = fc.oneof(
      { arbitrary: text.map((value) => `input.resource.type == ${JSON.stringify(value)}`), weight: 6 },
      { arbitrary: text.map((value) => `${JSON.stringify(value)} == input.user`), weight: 4 },
      text.map((value) => `input.user != ${JSON.stringify(value)}`),
      text.map((value) => `not input.resource.type == ${JSON.stringify(value)}`),
      fc.constantFrom(
        'input.resource.operation == "create"',
        'helper(input.user)',
        'count(allow) > 0',
        'x := input.user; x == "type_1"',
      ),
    );
    const rule = (set: string, usable: typeof condition) =>
      fc
        .tuple(text, fc.array(usable, { minLength: 1, maxLength: 3 }))
        .map(
          ([message, body]) =>
            `${set} contains ${JSON.stringify(message)} if {\n  ${[...new Set(body)].join('\n  ')}\n}\n`,
        );
    const plain = condition.filter((each) => !each.includes('allow'));
    const policy = fc
      .tuple(
        fc.array(rule('allow', plain), { minLength: 50, maxLength: 70 }),
        fc.array(rule('deny', condition), { minLength: 80, maxLength: 90 }),
      )
      .map(([allow, deny]) => `${head}helper(user) if startswith(user, "type_1")\n\n${[...allow, ...deny].join('\n')}`);
    const bodies = fc.sample(policy, { numRuns: 4, seed: SEED });
    ok(bodies.every((body) => indexed(body, 'REGO_V1') !== undefined));
    for (const body of bodies) await check(body, 'REGO_V1', inputs);
  });

  it('are left as they are where input may be another one, or where a rule asks about itself', () => {
    const rules = types.map((type) => `allow contains "${type}" if input.user == "${type}"\n`).join('\n');
    ok(indexed(`${head}${rules}`, 'REGO_V1') !== undefined);
    const additions = [
      'sample if count(allow) == 1 with input.user as "type_1"',
      'sample if count(input) == 1',
      'f(input) := 1\n\nsample if f(3) == 1',
      'notes := rego.metadata.chain()',
      'sluice_index := 1',
    ];
    deepEqual(
      additions.map((more) => indexed(`${head}${rules}\n${more}\n`, 'REGO_V1')),
      additions.map(() => undefined),
    );
    const few = types.slice(0, 20).map((type) => `allow contains "${type}" if input.user == "${type}"\n`);
    equal(indexed(`${head}${few.join('\n')}`, 'REGO_V1'), undefined);
  });

  it('of chained bodies, whose texts cannot be told apart, are left as they are', async () => {
    const rules = types.map(
      (type) => `deny["${type}"] { input.user == "${type}" } { input.resource.type == "${type}" }\n`,
    );
    await check(`${head}${rules.join('\n')}`, 'REGO_V0', inputs, false);
  });
});
