import { readFileSync } from 'node:fs';

import { isJsonObject } from '../../shared/json.ts';

/** How the words of a complaint spell a secret. */
export const spellings = ['plain', 'json', 'url', 'base64', 'basic', 'hex', 'lines', 'cut'] as const;
export type Spelling = (typeof spellings)[number];

/**
 * What a call does besides or instead of its work.
 * - `quote`: says all it knows, as warnings, errors, the error of the call, or last words before it ends
 * - `crash`, `hang`, `slow`: before its effect, or after it
 * - `answer`: bytes in place of the answer, in base64
 * - `fields`: fields of the answer put in place of its own; an object with `base64` is bytes
 */
export interface Lie {
  readonly quote?: 'warning' | 'error' | 'call' | 'panic' | 'chatter';
  readonly spelling?: Spelling;
  /** `during`: while its answer, which is then a long one, is on its way. */
  readonly crash?: 'before' | 'after' | 'during';
  readonly hang?: 'before' | 'after';
  readonly slowMs?: number;
  readonly answer?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** A number of gRPC, instead of the answer. */
  readonly status?: number;
  readonly words?: string;
  /** Prints more than any pipe holds, on stdout and stderr. */
  readonly noise?: boolean;
  readonly diagnostics?: readonly object[];
  readonly warnings?: number;
  readonly hugeMb?: number;
}

/** By the protocol's names of the calls; `start` stands for the handshake, `stop` for the end. */
export type Script = Readonly<Record<string, Lie>>;

export interface StartLie {
  /** Printed in place of the handshake line, `%` being that line. */
  readonly line?: string;
  readonly ignoreStop?: boolean;
}

/** Read again at each call, so that a test can change its mind. A file that is not there is no lie. */
export function readScript(path: string | undefined): Script & { readonly start?: StartLie } {
  if (path === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isJsonObject(parsed) ? (parsed as Script) : {};
  } catch {
    return {};
  }
}
