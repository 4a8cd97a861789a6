import type { NestedBlock, ResourceSchema, SchemaAttribute, SchemaBlock } from '../../providers/index.ts';
import { isJsonObject } from '../../shared/json.ts';
import type { SourceFile } from '../read-sources.ts';
import { CodegenRefused } from '../refusals.ts';

/** What `sluice providers` stored of a provider's schema. False, empty text and empty lists are left out in the file. */
export interface Snapshot {
  readonly path: string;
  readonly provider: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, ResourceSchema>>;
  readonly dataSources: Readonly<Record<string, ResourceSchema>>;
}

type Raw = Readonly<Record<string, unknown>>;

/** @throws CodegenRefused when the file is not what `sluice providers` writes */
export function readSnapshot(file: SourceFile): Snapshot {
  try {
    const raw = objectOf(JSON.parse(file.text));
    return {
      path: file.path,
      provider: textOf(raw['provider']),
      version: textOf(raw['version']),
      resources: schemasOf(raw['resources']),
      dataSources: schemasOf(raw['dataSources']),
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `not a provider snapshot (${why}); write it anew with \`npx sluice providers update\``;
    throw new CodegenRefused([{ where: `${file.path}:1`, message }]);
  }
}

function schemasOf(value: unknown): Record<string, ResourceSchema> {
  if (value === undefined) return {};
  return Object.fromEntries(
    Object.entries(objectOf(value)).map(([type, raw]) => {
      const schema = objectOf(raw);
      return [nameOf(type), { version: numberOf(schema['version']), block: blockOf(schema['block']) }];
    }),
  );
}

function blockOf(value: unknown): SchemaBlock {
  const raw = objectOf(value);
  return {
    attributes: listOf(raw['attributes']).map(attributeOf),
    blocks: listOf(raw['blocks']).map(nestedBlockOf),
    description: textOf(raw['description']),
    deprecated: raw['deprecated'] === true,
  };
}

function attributeOf(value: unknown): SchemaAttribute {
  const raw = objectOf(value);
  const flag = (name: string): boolean => raw[name] === true;
  return {
    name: nameOf(raw['name']),
    type: parseCtyType(raw['type']),
    ...(raw['nested'] === undefined ? {} : { nested: nestedAttributesOf(objectOf(raw['nested'])) }),
    required: flag('required'),
    optional: flag('optional'),
    computed: flag('computed'),
    sensitive: flag('sensitive'),
    writeOnly: flag('writeOnly'),
    deprecated: flag('deprecated'),
    description: textOf(raw['description']),
  };
}

function nestedAttributesOf(raw: Raw): NonNullable<SchemaAttribute['nested']> {
  return {
    nesting: oneOf(raw['nesting'], ['SINGLE', 'LIST', 'SET', 'MAP']),
    attributes: listOf(raw['attributes']).map(attributeOf),
  };
}

function nestedBlockOf(value: unknown): NestedBlock {
  const raw = objectOf(value);
  return {
    name: nameOf(raw['name']),
    nesting: oneOf(raw['nesting'], ['SINGLE', 'LIST', 'SET', 'MAP', 'GROUP']),
    minItems: numberOf(raw['minItems']),
    maxItems: numberOf(raw['maxItems']),
    block: blockOf(raw['block']),
  };
}

// Snapshots hold types in the form that `providers` gives them; a type that is none of these is refused.
function parseCtyType(value: unknown): SchemaAttribute['type'] {
  if (value === 'string' || value === 'number' || value === 'bool' || value === 'dynamic') return value;
  const raw = objectOf(value);
  if (raw['list'] !== undefined) return { list: parseCtyType(raw['list']) };
  if (raw['set'] !== undefined) return { set: parseCtyType(raw['set']) };
  if (raw['map'] !== undefined) return { map: parseCtyType(raw['map']) };
  if (raw['tuple'] !== undefined) return { tuple: listOf(raw['tuple']).map(parseCtyType) };
  const members = Object.entries(objectOf(raw['object'] ?? {}));
  return { object: Object.fromEntries(members.map(([name, type]) => [nameOf(name), parseCtyType(type)])) };
}

function objectOf(value: unknown): Raw {
  if (!isJsonObject(value)) throw new Error('an object is missing');
  return value;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error('a list is missing');
  return value;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function nameOf(value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z_][A-Za-z0-9_-]*$/.test(value)) {
    throw new Error(`${JSON.stringify(value)} is no name of a type or an attribute`);
  }
  return value;
}

function oneOf<T extends string>(value: unknown, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`${JSON.stringify(value)} is no nesting`);
  return found;
}
