import { describeStorage } from '../testing/storage-suite.ts';
import { testStorage } from '../testing/storage.ts';

describeStorage('PGlite', testStorage);
