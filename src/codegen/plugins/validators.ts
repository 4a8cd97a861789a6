import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';

import type { Tool, ToolKind } from '../tools/tool.ts';
import { stamp } from './stamp.ts';

/**
 * generated/validators.js: one compiled check a tool and kind, exactly what that kind takes.
 * They are compiled here, so that the server neither loads ajv nor compiles code from text.
 */
export function printValidators(tools: readonly Tool[]): string {
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, code: { source: true, esm: true } });
  const names: Record<string, string> = {};
  for (const [at, [key, kind]] of tools.flatMap(keysOf).entries()) {
    names[`v${at}`] = key;
    ajv.addSchema(kind.inputSchema, key);
  }
  const compile = 'default' in standalone ? standalone.default : standalone;
  const code = Object.keys(names).length === 0 ? '' : compile(ajv, names);
  const table = Object.entries(names).map(([name, key]) => `  ${JSON.stringify(key)}: ${name},`);
  return `${stamp('schema/tools/*.graphql')}// @ts-nocheck\n${code}\n\nexport const validators = {\n${table.join('\n')}\n};\n`;
}

/** `MAIN intent create`, `INTENT state-get`: endpoint, tool, kind. */
function keysOf(tool: Tool): [string, ToolKind][] {
  return tool.kinds.map((kind) => [
    [tool.endpoint, tool.name, ...(kind.kind === null ? [] : [kind.kind])].join(' '),
    kind,
  ]);
}

export function printValidatorTypes(): string {
  return `${stamp('schema/tools/*.graphql')}
export interface ArgumentError {
  /** JSON pointer into the arguments; empty when the whole is meant. */
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

export interface Validator {
  (input: unknown): boolean;
  /** What is wrong with the input of the last call; read it before anything is awaited. */
  readonly errors?: readonly ArgumentError[] | null;
}

/** By endpoint, tool and kind: \`MAIN intent create\`, \`INTENT state-get\`. Input is as the assistant sent it, \`kind\` included. */
export const validators: Readonly<Record<string, Validator>>;
`;
}
