import type { MutationResolvers } from '../../generated/resolvers.ts';
import { rotateEncryptionKey } from '../domain/encryption/index.ts';

export const encryptionMutations = {
  encryptionKeyRotate: (_root, _args, context) => rotateEncryptionKey(context.domain, context),
} satisfies Partial<MutationResolvers>;
