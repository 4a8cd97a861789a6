import assert from 'node:assert/strict';

import fc from 'fast-check';

import {
  decodeValue,
  encodeValue,
  equalValues,
  isValueList,
  isValueMap,
  type NestedBlock,
  normalizeSet,
  type SchemaAttribute,
  Unknown,
  type Value,
} from '../../providers/index.ts';
import { createRandom } from '../../testing/campaign.ts';
import { everything, everythingType } from '../../testing/fuzz/hostile-provider.ts';
import { honestValue } from '../../testing/fuzz/hostile-value.ts';
import { checkPlan } from '../compare/check-plan.ts';
import { replacePaths } from '../plan/replace-paths.ts';
import { planAction } from '../plan/plan-action.ts';
import { nullUnknowns } from '../plan/unknowns.ts';
import { commonElements } from './common-elements.ts';
import { bare, part } from './parts.ts';
import { proposeNew } from './propose-new.ts';

/** Any object of a type that has one of everything. */
const anyObject = fc
  .integer()
  .map((seed) => decodeValue(honestValue(createRandom(`${seed}`), everythingType), everythingType))
  .filter(isValueMap);

/** Nothing is unknown, and sets are as they travel. */
function settled(value: Value): Value {
  return decodeValue(encodeValue(nullUnknowns(value), everythingType), everythingType);
}

/** As a provider keeps it: all is known, and nothing that is write-only. */
const anyPrior = fc.option(
  anyObject.map((object) => without(settled(object), everything, ({ writeOnly }) => writeOnly)),
);

/** As a person writes it: what only a provider can say is left out. */
const anyConfig = anyObject.map((object) =>
  without(object, everything, ({ computed, optional }) => computed && !optional),
);

interface Shape {
  readonly attributes: readonly SchemaAttribute[];
  readonly blocks: readonly NestedBlock[];
}

function without(value: Value, shape: Shape, isOut: (attribute: SchemaAttribute) => boolean): Value {
  const object = bare(value);
  if (!isValueMap(object)) return value;
  const attributes = shape.attributes.map((attribute): [string, Value] => {
    const inner = { attributes: attribute.nested?.attributes ?? [], blocks: [] };
    const given = part(object, attribute.name);
    if (isOut(attribute)) return [attribute.name, null];
    const kept =
      attribute.nested === undefined
        ? given
        : each(given, attribute.nested.nesting, (one) => without(one, inner, isOut));
    return [attribute.name, kept];
  });
  const blocks = shape.blocks
    .filter(({ name }) => name !== 'disk') // its elements say their own types
    .map(({ name, nesting, block }): [string, Value] => [
      name,
      each(part(object, name), nesting, (one) => without(one, block, isOut)),
    ]);
  const typedBlocks: [string, Value][] = shape === everything ? [['disk', null]] : [];
  return new Map<string, Value>([...attributes, ...blocks, ...typedBlocks]);
}

function each(value: Value, nesting: string, change: (element: Value) => Value): Value {
  if (isValueList(value)) return nesting === 'SET' ? normalizeSet(value.map(change)) : value.map(change);
  if (!isValueMap(value)) return value;
  return nesting === 'MAP' ? new Map([...value].map(([key, element]) => [key, change(element)])) : change(value);
}

describe('a proposal for any object', () => {
  const always = (check: (prior: Value, config: Value, proposed: Value) => void): void =>
    fc.assert(
      fc.property(anyPrior, anyConfig, (prior, config) => check(prior, config, proposeNew(everything, prior, config))),
      { numRuns: 300 },
    );

  it('is of the type, and is no breach of what a plan must be', () => {
    always((prior, config, proposed) => {
      assert.ok(equalValues(decodeValue(encodeValue(proposed, everythingType), everythingType), proposed));
      assert.deepEqual(checkPlan(everything, prior, config, proposed), []);
    });
  });

  it('has what the person wrote, and beyond that only what was there before', () => {
    always((prior, config, proposed) => {
      for (const attribute of everything.attributes) {
        const { name, writeOnly, computed, nested } = attribute;
        const [was, wanted, is] = [part(prior, name), part(config, name), part(proposed, name)];
        if (writeOnly) assert.equal(is, null);
        else if (nested === undefined) assert.ok(equalValues(is, wanted === null && computed ? was : wanted), name);
        else if (wanted === null) assert.ok(is === null || equalValues(is, was), name);
        else assertSameParts(wanted, is, name);
      }
      for (const { name } of everything.blocks) assertSameParts(part(config, name), part(proposed, name), name);
    });
  });

  it('of a creation is the configuration without what is write-only', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const wanted = without(config, everything, ({ writeOnly }) => writeOnly);
        assert.ok(equalValues(proposeNew(everything, null, config), wanted));
      }),
    );
  });

  it('is the same again once it has become the state', () => {
    always((_prior, config, proposed) => {
      const known = settled(config);
      const again = proposeNew(everything, settled(proposed), known);
      assert.ok(equalValues(proposeNew(everything, again, known), again));
    });
  });
});

/** As many elements, and the same keys. */
function assertSameParts(wanted: Value, is: Value, name: string): void {
  if (isValueMap(wanted)) {
    assert.ok(isValueMap(is), name);
    assert.deepEqual([...is.keys()].toSorted(), [...wanted.keys()].toSorted());
  } else if (isValueList(wanted)) {
    assert.ok(isValueList(is) && is.length <= wanted.length, name);
  } else assert.ok(is === null || is instanceof Unknown, name);
}

describe('the replacement of any object', () => {
  const paths = everything.attributes.map(({ name }) => [name]);

  it('is forced by exactly the named attributes that the plan changes', () => {
    fc.assert(
      fc.property(anyPrior, anyConfig, fc.subarray(paths), (prior, planned, required) => {
        const forced = replacePaths(required, prior, planned);
        const changed = required.filter(([name = '']) => !equalValues(part(prior, name), part(planned, name)));
        assert.deepEqual(forced, prior === null ? [] : changed);
        const action = planAction({ prior, planned, replacePaths: forced, tainted: false });
        const isReplaced = prior !== null && changed.length > 0;
        assert.equal(action === 'replace', isReplaced);
        if (prior !== null) assert.equal(action === 'no-op', equalValues(prior, planned));
      }),
    );
  });

  it('is never forced by an object that stays as it is', () => {
    fc.assert(fc.property(anyPrior, (prior) => assert.deepEqual(replacePaths(paths, prior, prior), [])));
  });
});

describe('what two sets have in common', () => {
  it('is what comparing each with each finds', () => {
    const some = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 6 });
    fc.assert(
      fc.property(some, some, (left, right) => {
        const found = commonElements(left, right);
        for (const [a, b] of found) assert.equal(left[a], right[b]);
        assert.equal(new Set(found.values()).size, found.size);
        const alone = (list: string[], taken: Set<number>) => list.filter((_, at) => !taken.has(at));
        const [restLeft, restRight] = [alone(left, new Set(found.keys())), alone(right, new Set(found.values()))];
        assert.ok(restLeft.every((element) => !restRight.includes(element)));
      }),
    );
  });
});
