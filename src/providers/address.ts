import { badInput } from '../shared/errors.ts';

/** A provider's name, as Terraform's `source` gives it: `[hostname/]namespace/type`. */
export interface ProviderAddress {
  readonly hostname: string;
  readonly namespace: string;
  readonly type: string;
}

/** What an address without a hostname means. */
export const defaultHostname = 'registry.opentofu.org';

const NAME = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;
const HOSTNAME =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}(?::[0-9]{1,5})?$|^localhost(?::[0-9]{1,5})?$/;

/**
 * Reads `hashicorp/time` or `example.com/acme/cloud`. Case does not matter. The parts become folder names, so
 * nothing but letters, digits, `-` and `_` passes.
 *
 * @throws AppError BAD_INPUT, naming `field`
 */
export function parseAddress(text: string, field = 'provider'): ProviderAddress {
  const parts = text.toLowerCase().split('/');
  const [type, namespace, hostname = defaultHostname] = parts.toReversed();
  const wellFormed = parts.length <= 3 && isName(namespace) && isName(type) && HOSTNAME.test(hostname);
  if (!wellFormed) {
    throw badInput(field, `${JSON.stringify(text.slice(0, 200))} is no provider address; write it like hashicorp/time`);
  }
  return { hostname, namespace, type };
}

function isName(part: string | undefined): part is string {
  return part !== undefined && NAME.test(part);
}

/** The short form: the default hostname is left out. Two spellings of one provider format alike. */
export function formatAddress(address: ProviderAddress): string {
  const short = `${address.namespace}/${address.type}`;
  return address.hostname === defaultHostname ? short : `${address.hostname}/${short}`;
}

/** With the hostname, as lock files and mirrors spell it. */
export function formatFullAddress(address: ProviderAddress): string {
  return `${address.hostname}/${address.namespace}/${address.type}`;
}
