import { AppError } from '../../shared/errors.ts';
import type { PolicyRow } from '../../storage/policies.ts';
import type { DomainContext } from '../context.ts';

export function nameTaken(name: string): AppError {
  return new AppError(
    'CONFLICT',
    `name: there is a policy named ${JSON.stringify(name)} already; choose another name`,
    {
      details: { field: 'name' },
    },
  );
}

/** The columns that follow from a body. @throws BAD_INPUT, UNAVAILABLE */
export async function compileBody(
  context: DomainContext,
  body: string,
  engine: PolicyRow['engineType'],
): Promise<Pick<PolicyRow, 'body' | 'wasm' | 'wasmSha256' | 'rules'>> {
  const { wasm, sha256, rules } = await context.policyCompiler.compile({ body, engine });
  return { body, wasm, wasmSha256: sha256, rules: [...rules] };
}
