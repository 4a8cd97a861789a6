import { RegoObject, RegoSet, type RegoValue } from './rego-value.ts';

const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;

/** Reads Rego notation as the Wasm module dumps it. Our own module wrote it, so anything else is a fault of ours. */
export function parseRego(text: string): RegoValue {
  const reader = new Reader(text);
  const value = reader.value();
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): RegoValue {
    this.#space();
    const first = this.#text[this.#at];
    if (first === '"') return String(JSON.parse(this.#match(STRING)));
    if (first === '[') return this.#list('[', ']');
    if (first === '{') return this.#braces();
    if (this.#take('set()')) return new RegoSet([]);
    if (this.#take('true')) return true;
    if (this.#take('false')) return false;
    if (this.#take('null')) return null;
    return numberOf(this.#match(NUMBER));
  }

  end(): void {
    this.#space();
    if (this.#at !== this.#text.length) this.#fail();
  }

  #list(open: string, close: string): RegoValue[] {
    const items: RegoValue[] = [];
    this.#expect(open);
    while (!this.#closes(close)) {
      items.push(this.value());
      if (!this.#closesNext(close)) this.#expect(',');
    }
    return items;
  }

  /** `{}` is the empty object; else a colon after the first item tells an object from a set. */
  #braces(): RegoValue {
    const start = this.#at;
    this.#expect('{');
    if (this.#closes('}')) return new RegoObject([]);
    this.value();
    this.#space();
    const isObject = this.#text[this.#at] === ':';
    this.#at = start;
    return isObject ? new RegoObject(this.#members()) : new RegoSet(this.#list('{', '}'));
  }

  #members(): [RegoValue, RegoValue][] {
    const members: [RegoValue, RegoValue][] = [];
    this.#expect('{');
    while (!this.#closes('}')) {
      const key = this.value();
      this.#expect(':');
      members.push([key, this.value()]);
      if (!this.#closesNext('}')) this.#expect(',');
    }
    return members;
  }

  #closes(close: string): boolean {
    this.#space();
    return this.#take(close);
  }

  #closesNext(close: string): boolean {
    this.#space();
    return this.#text.startsWith(close, this.#at);
  }

  #space(): void {
    while (this.#text[this.#at] === ' ') this.#at += 1;
  }

  #take(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #expect(word: string): void {
    this.#space();
    if (!this.#take(word)) this.#fail();
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? this.#fail();
    this.#at += found.length;
    return found;
  }

  #fail(): never {
    throw new Error(`value dump unreadable at ${this.#at}`);
  }
}

function numberOf(text: string): number | bigint {
  const value = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}
