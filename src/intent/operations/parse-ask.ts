import { badInput } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { formatAddress, parseAddress } from '../../providers/index.ts';
import { parseAlias } from '../provider-configs/parse-alias.ts';
import type { Ask } from '../run.ts';

type Maybe<T> = T | null | undefined;

/** The arguments of all operations together. */
export interface AskInput {
  readonly kind: 'CREATE' | 'UPDATE' | 'DELETE' | 'IMPORT' | 'REFRESH' | 'EJECT';
  readonly intentProject: string;
  readonly resourceID: string;
  readonly provider?: string;
  readonly type?: string;
  readonly version?: Maybe<string>;
  readonly providerAlias?: Maybe<string>;
  readonly config?: Json;
  readonly importID?: Maybe<string>;
  readonly importIdentity?: Maybe<Json>;
  readonly confirmation?: Maybe<string>;
  readonly wait?: Maybe<number>;
  readonly lockWait?: Maybe<number>;
}

const RESOURCE_ID = /^[\p{L}\p{N}](?:[\p{L}\p{N}._:@/-]{0,126}[\p{L}\p{N}_])?$/u;
const MAX_IMPORT_ID_LENGTH = 1_024;
const MAX_TOKEN_LENGTH = 200;

/** @throws BAD_INPUT naming the argument at fault */
export function parseAsk(input: AskInput): Ask {
  const { kind, intentProject: project, resourceID, type, config } = input;
  const importID = input.importID ?? undefined;
  const importIdentity = input.importIdentity ?? undefined;
  if (!RESOURCE_ID.test(resourceID)) {
    throw badInput(
      'resourceID',
      'must have 1 to 128 letters, digits or . _ : @ / - and begin and end with a letter or digit',
    );
  }
  if (importID !== undefined && (importID === '' || importID.length > MAX_IMPORT_ID_LENGTH)) {
    throw badInput('importID', `must have 1 to ${MAX_IMPORT_ID_LENGTH} characters`);
  }
  if (kind === 'IMPORT' && (importID === undefined) === (importIdentity === undefined)) {
    throw badInput('importID', 'give either importID or importIdentity, to name the object');
  }
  const confirmation = input.confirmation ?? undefined;
  if ((confirmation ?? '').length > MAX_TOKEN_LENGTH) throw badInput('confirmation', 'is not a token of ours');
  const provider = input.provider === undefined ? undefined : formatAddress(parseAddress(input.provider));
  return {
    kind,
    project,
    resourceID,
    provider,
    type,
    version: input.version ?? undefined,
    providerAlias: parseAlias(input.providerAlias, 'providerAlias'),
    config,
    importID,
    importIdentity,
    confirmation,
  };
}
