import type { SchemaBlock } from '../../providers/index.ts';

// Providers forget to mark what their configuration holds: the best known ones do for years.
const SECRET_NAME = /secret|token|password|passphrase|private_?key|credential|api_?key|access_?key/i;

/** A provider's own block with everything taken for sensitive that sounds so: what it holds are mostly credentials. */
export function guardBlock(block: SchemaBlock): SchemaBlock {
  return {
    ...block,
    attributes: block.attributes.map((attribute) => ({
      ...attribute,
      sensitive: attribute.sensitive || SECRET_NAME.test(attribute.name),
    })),
    blocks: block.blocks.map((nested) => ({ ...nested, block: guardBlock(nested.block) })),
  };
}
