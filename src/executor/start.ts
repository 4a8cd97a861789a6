// What the server starts as the executor. With compiled code from an earlier time it is ready in about half the time.
import { enableCompileCache, flushCompileCache } from 'node:module';

import { compileCache } from './compile-cache.ts';

enableCompileCache(compileCache);
await import('./main.ts');
flushCompileCache(); // it may be killed later
