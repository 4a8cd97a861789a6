// Providers: which can be used, what they manage, and the schemas of their types, read once and kept.
export { describeDataSource, describeResource, type TypeDescription, type TypeQuery } from './describe-type.ts';
export { describeProvider, type ProviderDescription, type ProviderQuery } from './describe-provider.ts';
export { chooseBinary, chosenBinary } from './choose-binary.ts';
export { listDocuments, readDocument } from './provider-documents.ts';
export { noSuchType } from './no-such-type.ts';
export { searchProviders, type ProviderListing } from './search-providers.ts';
export { providerConfiguration, serverCapabilities, typeSchema } from './stored-schema.ts';
