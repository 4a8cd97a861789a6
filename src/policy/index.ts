// Rego policies: compiled by the optional tool `opa`, evaluated as Wasm in worker threads, united into a decision.
// Plain data in, plain data out; whatever fails is an error, never an allow.
export { type OpaSearch, findOpa } from './find-opa.ts';
export {
  type IntentDecision,
  type PolicyResult,
  intentDecision,
  intentRules,
  intentShapeProblem,
} from './intent-decision.ts';
export {
  type CompiledPolicy,
  type PolicyCompiler,
  type PolicyCompilerOptions,
  type PolicyDialect,
  type PolicySource,
  createPolicyCompiler,
} from './policy-compiler.ts';
export {
  type EvaluatedPolicy,
  type PolicyEngine,
  type PolicyEngineOptions,
  startPolicyEngine,
} from './policy-engine.ts';
export { type ShippedPolicy, shippedPolicies } from './shipped.ts';
export { policyContract, type PolicyTimeouts } from './policy-contract.ts';
export { type IntentPolicyInput, intentInputSchema } from './intent-input.ts';
export {
  type GivenRole,
  isRootAdmin,
  type LoginDecision,
  loginDecision,
  loginRules,
  loginShapeProblem,
  type LoginTables,
} from './login-decision.ts';
export { loginInputSchema, type LoginPolicyInput } from './login-input.ts';
