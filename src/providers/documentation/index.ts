// What publishers write about their providers, as the registry has it: found, fetched, cleaned. Foreign text throughout.
export type { DocumentEntry, DocumentKind } from './document-list.ts';
export { createDocumentation, type FindDocumentation, type ProviderDocuments } from './provider-documents.ts';
export { createRegistryDocs, type RegistryDocs } from './registry-docs.ts';
