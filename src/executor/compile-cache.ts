import { fileURLToPath } from 'node:url';

/**
 * Where Node keeps compiled code of this program. It belongs to the installation. Only code of ours may write to it: what
 * is planted there is run.
 */
export const compileCache = fileURLToPath(new URL('../../node_modules/.cache/sluice/compile', import.meta.url));
