import type { Json } from '../shared/json.ts';

// Words that the schemas of policy inputs are written with.
export const text = (description: string) => ({ type: 'string', description });
export const flag = (description: string) => ({ type: 'boolean', description });
export const nanoseconds = (description: string) => ({
  type: 'integer',
  description: `${description}, nanoseconds since 1970 UTC`,
});
export const texts = (description: string) => ({ type: 'array', items: { type: 'string' }, description });
export const anything = (description: string) => ({ description });

/** An object all of whose keys are always there. */
export function object(description: string, properties: Readonly<Record<string, Json>>) {
  return { type: 'object', description, required: Object.keys(properties), properties };
}

export function orNull(schema: Readonly<Record<string, Json>>): Json {
  return { anyOf: [schema, { type: 'null' }] };
}
