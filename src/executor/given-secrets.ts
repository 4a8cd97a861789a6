import type { ProviderBinary } from '../providers/index.ts';

const MAX_SECRETS = 2_000;
const MAX_LENGTH = 10_000; // what is longer comes in parts as well

/** What providers were given lately and nobody may see, by their program: one process works for many calls. */
export class GivenSecrets {
  private readonly known = new Map<string, Set<string>>();

  add({ path }: ProviderBinary, secrets: readonly string[]): void {
    if (secrets.length === 0) return;
    const given = this.known.get(path) ?? new Set();
    this.known.set(path, given);
    for (const secret of secrets) {
      given.delete(secret); // the order is that of the last use
      if (secret.length <= MAX_LENGTH) given.add(secret);
    }
    for (const oldest of given) {
      if (given.size <= MAX_SECRETS) return;
      given.delete(oldest);
    }
  }

  of({ path }: ProviderBinary): readonly string[] {
    return [...(this.known.get(path) ?? [])];
  }
}
