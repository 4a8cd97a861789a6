import type { Config } from './config.ts';
import type { AppOptions } from './http/index.ts';
import { policyContract } from './policy/index.ts';

/** What anybody may read about writing policies for this server: it holds nothing of the account's. */
export function policyDocuments(config: Config): NonNullable<AppOptions['documents']> {
  const timeouts = { INTENT: config.policyTimeoutMs, LOGIN: config.loginPolicyTimeoutMs };
  return new Map([['/.well-known/policy-contract.json', async () => policyContract(timeouts)]]);
}
