import type { Json } from '../shared/json.ts';
import type { IntentPolicyInput } from './intent-input.ts';
import type { LoginPolicyInput } from './login-input.ts';

/** What a policy judges. It is JSON data only; its type is an interface, which TypeScript does not take for that. */
export const inputAsJson = (input: IntentPolicyInput | LoginPolicyInput): Json => input as unknown as Json;
