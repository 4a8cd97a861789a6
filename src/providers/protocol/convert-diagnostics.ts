import type { Problem } from '../../shared/problems.ts';
import type { WireDiagnostic, WirePath } from './messages.ts';

const MAX_DIAGNOSTICS = 100; // a provider that floods is heard, not repeated in full
const MAX_TEXT_LENGTH = 8_000;

/** What a provider had to say, capped. A severity it does not name counts as an error. */
export function convertDiagnostics(wire: readonly WireDiagnostic[]): Problem[] {
  return wire.slice(0, MAX_DIAGNOSTICS).map((diagnostic) => ({
    severity: diagnostic.severity === 'WARNING' ? 'warning' : 'error',
    summary: cut(diagnostic.summary),
    detail: cut(diagnostic.detail),
    path: diagnostic.attribute === null ? [] : convertPath(diagnostic.attribute),
  }));
}

/** The sign says that a secret may have been cut in two. */
function cut(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
}

/**
 * Attribute names, list indexes and map keys. The protocol has no step for an element of a set: a path into one ends
 * at the set.
 */
export function convertPath(wire: WirePath): (string | number)[] {
  return wire.steps.map((step) => {
    if (step.selector === 'element_key_int') return Number(step.element_key_int);
    return (step.selector === 'element_key_string' ? step.element_key_string : step.attribute_name) ?? '';
  });
}
