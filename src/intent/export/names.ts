/** Gives out names that the language allows, each once. */
export class Names {
  readonly #taken = new Set<string>();

  /** A name made from some text: the same texts in the same order get the same names. */
  take(text: string): string {
    const base = identifierOf(text);
    let name = base;
    for (let at = 2; this.#taken.has(name); at += 1) name = `${base}_${at}`;
    this.#taken.add(name);
    return name;
  }
}

// Letters beyond ASCII are allowed too, but which of them depends on the program's version of Unicode.
function identifierOf(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^[^A-Za-z_]+/, '');
  return plain === '' || /^_+$/.test(plain) ? 'unnamed' : plain;
}
