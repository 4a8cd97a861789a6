// Spaces: the tree in which everything lives and roles are held.
export { accessLevel } from './access-level.ts';
export { checkAttachments } from './check-attachments.ts';
export { createSpace } from './create-space.ts';
export { deleteSpace } from './delete-space.ts';
export { findSpace, findSpaces, listSpaces } from './find-spaces.ts';
export type { SpaceRecord } from './space-record.ts';
export { updateSpace, type SpaceInput } from './update-space.ts';
