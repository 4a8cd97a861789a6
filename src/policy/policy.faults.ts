import { createHash } from 'node:crypto';
import { deepEqual, equal, fail, match, ok } from 'node:assert/strict';

import { AppError } from '../shared/errors.ts';
import type { Json, JsonObject } from '../shared/json.ts';
import { silentLogger } from '../shared/logger.ts';
import { campaign, type Random, tell } from '../testing/campaign.ts';
import { policyFaultInput, policyFaults } from '../testing/policy-faults.ts';
import { findTool, requireTool } from '../testing/tools.ts';
import {
  createPolicyCompiler,
  type EvaluatedPolicy,
  intentDecision,
  type PolicyEngine,
  shippedPolicies,
  startPolicyEngine,
} from './index.ts';

// Faults that need the compiler are in `policy-compiler.real.ts`, by name. Here: what a policy may evaluate to, and what
// may have become of its compiled form, in number.

const oddValues: readonly Json[] = [
  true, false, null, 0, 1, -1, 1.5, '', 'yes', 'allow', 'true', [], {}, [[]], [true], [1], [null], [['x']], [{}], ['x', 1],
  [{ msg: 1 }], [{ msg: null }], [{ message: 'x' }], [{ msg: ['x'] }], { x: true }, { msg: 'x' }, { allow: ['x'] }, { 0: 'x', length: 1 },
] as const; // prettier-ignore
const goodReasons: readonly Json[] = [['why'], ['why', 'also'], [{ msg: 'why' }]];
const rules = ['allow', 'deny', 'sample', 'other', '__proto__', 'constructor', 'toString', 'ALLOW', 'allow '];

type Fault = (random: Random) => Json;

/** Kinds of results that no policy may have when it says nothing wrong; each must allow nothing. */
const resultFaults: Readonly<Record<string, Fault>> = {
  'no object at all': (random) =>
    random.pick(oddValues.filter((value) => typeof value !== 'object' || Array.isArray(value) || value === null)),
  'nothing in it': () => ({}),
  'allow that is no set of reasons': (random) => ({
    ...some(random),
    allow: random.pick(oddValues.filter((value) => !isEmptyList(value))),
  }),
  'no reason to allow': (random) => ({ ...some(random), allow: [] }),
  'allow under another name': (random) => ({
    [random.pick(['ALLOW', 'allow ', 'allowed', 'Allow'])]: random.pick(goodReasons),
  }),
  'allow that is inherited': (random) =>
    JSON.parse(`{"__proto__": {"allow": ${JSON.stringify(random.pick(goodReasons))}}}`) as Json,
  'a reason to deny beside one to allow': (random) => ({
    allow: random.pick(goodReasons),
    deny: random.pick(goodReasons),
  }),
  'deny that is no set of reasons': (random) => ({
    allow: random.pick(goodReasons),
    deny: random.pick(oddValues.filter((value) => !isEmptyList(value))),
  }),
  'sample that is neither true nor false': (random) => ({
    allow: random.pick(goodReasons),
    sample: random.pick(oddValues.filter((value) => typeof value !== 'boolean')),
  }),
};

function some(random: Random): JsonObject {
  const names = rules.filter((rule) => !['allow', 'deny', 'sample', '__proto__'].includes(rule) && random.chance(0.3));
  return Object.fromEntries(names.map((name) => [name, random.pick([...oddValues, ...goodReasons])]));
}

function isEmptyList(value: Json): boolean {
  return Array.isArray(value) && value.length === 0;
}

const policy = { id: 'p', name: 'p' };

describe('policies that go wrong', function (this: Mocha.Suite) {
  this.timeout(0);
  let engine: PolicyEngine;
  const { compiled } = shippedPolicies().find(({ name }) => name === 'intent-starter') ?? fail('the starter policy');
  const input: Json = {
    resource: {
      resource_id: 'notes', resource_type: 'sandbox_file', provider: 'sluice/sandbox', provider_version: '1.0.0',
      operation: 'create', current_state: null, proposed_state: { content: 'hello' },
    },
  }; // prettier-ignore
  before(() => {
    engine = startPolicyEngine({ workers: 2, timeoutMs: 5_000, memoryMb: 16, logger: silentLogger });
  });
  after(() => engine.close());

  const outcomeOf = (asked: EvaluatedPolicy, given: Json = input): Promise<string> => decided(engine, asked, given);

  const results = campaign('policies that go wrong in their results', { short: 900, tenth: 2_000, full: 20_000 });
  const kinds = Object.entries(resultFaults);

  it(`allow nothing: policies that go wrong in their results, ${results.count} of ${kinds.length} kinds`, async () => {
    await results.run((random, index) => {
      const [kind, make] = kinds[index % kinds.length] ?? fail('there are kinds');
      const result = make(random);
      const alone = intentDecision([{ policy, result }]).outcome;
      ok(alone !== 'ALLOWED', `${kind}: ${JSON.stringify(result)}`);
      // where it denies, another policy that allows does not help
      const beside = intentDecision([
        { policy, result: { allow: ['why'] } },
        { policy, result },
      ]).outcome;
      if (alone === 'DENIED') equal(beside, 'DENIED', `${kind}: ${JSON.stringify(result)}`);
    });
  });

  const modules = campaign('policies that go wrong in their modules', { short: 100, tenth: 400, full: 4_000 });

  it(`allow nothing: policies that go wrong in their modules, ${modules.count} times, and others are served beside them`, async () => {
    equal(await outcomeOf(compiled), 'ALLOWED');
    const seen = new Map<string, number>();
    await modules.run(async (random) => {
      const broken = { sha256: compiled.sha256, wasm: spoiled(random, compiled.wasm) };
      // the thread that has the right module under this checksum would not read the wrong one: a fresh name it is
      const asked = random.chance(0.5)
        ? { ...broken, sha256: randomHash(random) }
        : { ...broken, sha256: `${compiled.sha256.slice(0, -1)}${random.pick(['x', 'y', 'z'])}` };
      const [outcome, beside] = await Promise.all([outcomeOf(asked), outcomeOf(compiled)]);
      match(outcome, /^(?:CORRUPT|TRAP|MEMORY|TIMEOUT|RESULT_MALFORMED|RESULT_TOO_LARGE)$/);
      equal(beside, 'ALLOWED');
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    });
    tell([...seen].map(([outcome, count]) => `${outcome} ${count}`).join(', '));
  });

  const inputs = campaign('policies that are asked about nonsense', { short: 100, tenth: 400, full: 4_000 });

  it(`allow nothing: policies that are asked about nonsense, ${inputs.count} times`, async () => {
    await inputs.run(async (random) => {
      const given = random.pick([
        () => random.pick(oddValues),
        () => ({ resource: random.pick(oddValues) }),
        () => without(input, random),
        () => ({ ...without(input, random), [random.pick(rules)]: random.pick(oddValues) }),
      ])();
      const outcome = await outcomeOf(compiled, given);
      ok(outcome !== 'ALLOWED', `${JSON.stringify(given)}: ${outcome}`);
    });
  });

  it('are not mixed up when they are exchanged under load', async () => {
    const tagged = shippedPolicies().map((each) => each.compiled);
    const alone = await Promise.all(tagged.map((each) => engine.evaluate(each, input)));
    const order = Array.from({ length: 400 }, (_, at) => at % tagged.length);
    const found = await Promise.all(order.map((at) => engine.evaluate(tagged[at] ?? fail('a policy'), input)));
    for (const [at, result] of found.entries()) deepEqual(result, alone[order[at] ?? 0]);
  });
});

// Policies that are compiled as anybody's are, and fail when they are asked: each beside one that goes well.
describe('policies that go wrong in their code', function (this: Mocha.Suite) {
  this.timeout(0);
  const TIMES = { short: 0, tenth: 25, full: 250 };
  const ways = [
    ...policyFaults,
    { name: 'an entry point that nobody knows', body: undefined, expected: ['CORRUPT', 'TRAP'] },
  ];
  const cases = campaign('policies that go wrong in their code', {
    short: TIMES.short * ways.length,
    tenth: TIMES.tenth * ways.length,
    full: TIMES.full * ways.length,
  });
  const compiled: EvaluatedPolicy[] = [];
  let engine: PolicyEngine;
  let good: EvaluatedPolicy;

  before(requireTool('opa'));
  before(async () => {
    if (cases.count === 0) return; // each way is tried by name in `policy-compiler.real.ts`
    engine = startPolicyEngine({ workers: 2, timeoutMs: 1_500, memoryMb: 32, logger: silentLogger });
    const compiler = createPolicyCompiler({ opaPath: findTool('opa'), timeoutMs: 60_000, logger: silentLogger });
    const compile = (body: string) => compiler.compile({ body: `package spacelift\n\n${body}\n`, engine: 'REGO_V1' });
    good = await compile('allow contains "fine"');
    for (const { body } of ways) compiled.push(body === undefined ? elsewhere(good) : await compile(body));
  });
  after(() => engine?.close());

  it(`allow nothing, and are not mixed up with others: ${ways.length} ways, ${cases.count} times`, async () => {
    const seen = new Map<string, number>();
    await cases.run(async (random, index) => {
      const at = index % ways.length;
      const { name, expected } = ways[at] ?? fail('a way');
      const input = { ...policyFaultInput, seed: random.next() };
      const [found, beside] = await Promise.all([
        decided(engine, compiled[at] ?? good, input),
        decided(engine, good, input),
      ]);
      // On a busy machine time may run out before memory does; a policy that is fine is given its time all the same.
      ok(found === 'TIMEOUT' || expected.includes(found), `${name}: ${found}`);
      equal(beside, 'ALLOWED');
      seen.set(found, (seen.get(found) ?? 0) + 1);
    });
    tell([...seen].map(([outcome, count]) => `${outcome} ${count}`).join(', '));
  });
});

/** What a project's operations would be told by this policy alone, or why there is no answer: which blocks them. */
function decided(engine: PolicyEngine, asked: EvaluatedPolicy, given: Json): Promise<string> {
  return engine.evaluate(asked, given).then(
    (result) => intentDecision([{ policy, result }]).outcome,
    (error: unknown) => (error instanceof AppError ? String(error.details['reason']) : fail(String(error))),
  );
}

/** A module in order whose package has another name, so that what it is asked for is not there. */
function elsewhere({ wasm }: EvaluatedPolicy): EvaluatedPolicy {
  const moved = Buffer.from(wasm);
  for (let at = moved.indexOf('spacelift'); at >= 0; at = moved.indexOf('spacelift', at)) moved.write('elsewhere', at);
  return { wasm: moved, sha256: createHash('sha256').update(moved).digest('hex') };
}

/** A module with something changed, left out or put in; never the same as before. */
function spoiled(random: Random, wasm: Uint8Array): Uint8Array {
  const at = random.below(wasm.length);
  const way = random.below(4);
  if (way === 0) return wasm.slice(0, at);
  if (way === 1) return Buffer.concat([wasm.subarray(0, at), Buffer.from([random.below(256)]), wasm.subarray(at)]);
  if (way === 2) return Buffer.from(Array.from({ length: 1 + random.below(500) }, () => random.below(256)));
  const altered = Uint8Array.from(wasm);
  altered[at] = (altered[at] ?? 0) ^ (1 << random.below(8));
  return altered;
}

const randomHash = (random: Random): string =>
  Array.from({ length: 64 }, () => random.pick('0123456789abcdef'.split(''))).join('');

/** The same request without what this policy's decision rests on, or with something else in its place. */
function without(input: Json, random: Random): JsonObject {
  const { resource } = input as { resource: JsonObject };
  const { provider: _, ...rest } = resource;
  return { resource: random.chance(0.5) ? rest : { ...rest, provider: random.pick(oddValues) } };
}
