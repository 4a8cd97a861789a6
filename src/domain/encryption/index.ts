// Encryption at rest, as far as people decide about it.
export { rotateEncryptionKey } from './rotate-key.ts';
