// Asking policies: each evaluated alone, whatever type it is of, and samples kept of what they saw.
export { evaluatePolicies, type Evaluated } from './evaluate-policies.ts';
export { findSample, keepSample, listSamples, recordSample, type NewSample } from './samples.ts';
