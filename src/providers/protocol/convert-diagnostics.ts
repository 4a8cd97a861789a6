import type { Problem } from '../../shared/problems.ts';
import type { WireDeferred, WireDiagnostic, WirePath } from './messages.ts';

const MAX_DIAGNOSTICS = 100; // a provider that floods is heard, not repeated in full
const MAX_TEXT_LENGTH = 8_000;
const MAX_PATH_STEPS = 32; // as deep as a schema may be

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
 * at the set. So does one that is deeper than any schema: it says where, if less exactly.
 */
export function convertPath(wire: WirePath): (string | number)[] {
  return wire.steps.slice(0, MAX_PATH_STEPS).map((step) => {
    if (step.selector === 'element_key_int') return Number(step.element_key_int);
    return (step.selector === 'element_key_string' ? step.element_key_string : step.attribute_name) ?? '';
  });
}

const reasons: Readonly<Partial<Record<WireDeferred['reason'], string>>> = {
  UNKNOWN: 'it does not say what it waits for',
  RESOURCE_CONFIG_UNKNOWN: 'it waits for arguments that are not known yet',
  PROVIDER_CONFIG_UNKNOWN: 'it waits for its own configuration, which is not known yet',
  ABSENT_PREREQ: 'it waits for something that is not there yet',
};

/**
 * We tell providers that nothing may be put off: everything is asked for when it is to happen. One that does so
 * nevertheless has not answered the question.
 */
export function convertDeferral(deferred: WireDeferred | null): Problem[] {
  if (deferred === null) return [];
  const reason = reasons[deferred.reason] ?? reasons['UNKNOWN']; // a newer protocol may have more of them
  const detail = `${reason}. Make that first, then ask again`;
  return [{ severity: 'error', summary: 'it was put off, which is not possible here', detail, path: [] }];
}
