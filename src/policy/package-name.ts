/** The package every policy must have: clients send policies written for it, so it is part of the API. */
export const POLICY_PACKAGE = 'spacelift';
