import type { Terminal } from '../cli/index.ts';

/** A terminal where nobody sits: what it prints is kept, and it asks nothing. */
export function aTerminal(changes: Partial<Terminal> & Pick<Terminal, 'root'>): Terminal {
  return {
    print: () => {},
    say: () => {},
    configFolder: `${changes.root}/config`,
    environment: {},
    askSecret: () => Promise.resolve(''),
    openBrowser: () => {},
    ...changes,
  };
}
