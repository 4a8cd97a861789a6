import type { Action } from '../../generated/enums.ts';
import type { Caller, Scope } from '../shared/caller.ts';

/** A set of actions as bits: action number n is bit n % 32 of word n / 32. */
export type ActionMask = Uint32Array;

const READ = 1;
const WRITE = 2;

/** A caller's scopes as two bits. `mcp:write` implies `mcp:read`. */
export function scopeBits(scopes: ReadonlySet<Scope>): number {
  if (scopes.has('mcp:write')) return READ | WRITE;
  return scopes.has('mcp:read') ? READ : 0;
}

/** Whether one of the lists is held in full; no list asks for nothing. */
export function scopesAllow(held: number, lists: readonly (readonly Scope[])[]): boolean {
  if (lists.length === 0) return true;
  return lists.some((list) => list.every((scope) => (held & (scope === 'mcp:write' ? WRITE : READ)) !== 0));
}

export interface ActionBits {
  emptyMask(): ActionMask;
  add(mask: ActionMask, action: Action): void;
  has(mask: ActionMask, action: Action): boolean;
  /** Actions that the caller holds in any space; worked out once for a caller. */
  heldAnywhere(caller: Caller): ActionMask;
}

export function createActionBits(actions: readonly Action[]): ActionBits {
  const numbers = new Map(actions.map((action, number) => [action, number]));
  const words = Math.max(1, Math.ceil(actions.length / 32));
  const masks = new WeakMap<Caller, ActionMask>();
  const bits: ActionBits = {
    emptyMask: () => new Uint32Array(words),
    add(mask, action) {
      const number = numbers.get(action);
      if (number !== undefined) mask[number >>> 5] = (mask[number >>> 5] ?? 0) | (1 << (number & 31));
    },
    has(mask, action) {
      const number = numbers.get(action);
      return number !== undefined && ((mask[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
    },
    heldAnywhere(caller) {
      const known = masks.get(caller);
      if (known !== undefined) return known;
      const mask = bits.emptyMask();
      for (const held of caller.grants.values()) for (const action of held) bits.add(mask, action);
      masks.set(caller, mask);
      return mask;
    },
  };
  return bits;
}

/** Whether `held` has every bit of `needed`: one AND a word. */
export function covers(held: ActionMask, needed: ActionMask): boolean {
  for (let word = 0; word < needed.length; word++) {
    const need = needed[word] ?? 0;
    if (((held[word] ?? 0) & need) >>> 0 !== need) return false;
  }
  return true;
}
