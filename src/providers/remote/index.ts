// Provider packages from servers: registries and network mirrors, with what vouches for each package.
export { networkMirrorIndex } from './network-mirror-index.ts';
export { registryIndex } from './registry-index.ts';
export { createRegistrySearch, type RegistrySearch } from './registry-search.ts';
export { remoteSource } from './remote-source.ts';
