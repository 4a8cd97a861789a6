// Terraform providers as others see them: which may run, where they come from, what their values and schemas are, and
// the wire protocol they speak. Starting them is the executor's.
export { type ProviderAddress, formatAddress, formatFullAddress, parseAddress } from './address.ts';
export type { AllowedProvider } from './allow-list.ts';
export { builtInAddress, builtInVersion } from './built-in.ts';
export { parseWish, type VersionConstraint } from './version.ts';
export { developmentVersion } from './override-source.ts';
export { createProviderSource, type ProviderCatalogue, type ProviderSourceOptions } from './provider-source.ts';
export type { InstallProgress, OnProgress } from './package-source.ts';
export type { ProviderHit } from './provider-search.ts';
export type { DocumentEntry, DocumentKind } from './documentation/index.ts';
export { type ProviderBinary, verifyBinary } from './provider-binary.ts';
export { createPluginCertificate, type PluginCertificate } from './plugin-certificate.ts';
export { loadControllerService, loadProviderService } from './protocol/load-protocol.ts';
// Values and schemas: `intent` merges and compares them.
export { CtyNumber, type CtyType, decodeValue, Dynamic, encodeValue, equalValues, hasDynamic } from './values/index.ts';
export {
  compareValues,
  isDynamic,
  isValueList,
  isValueMap,
  isWhollyKnown,
  normalizeSet,
  nullValue,
} from './values/index.ts';
export { typeOfValue, typeToJson, Unknown, unknown, type Value, type ValueMap } from './values/index.ts';
export { valueToJson, valueToPlain } from './values/index.ts';
export { knownLater, withoutKnownLater } from './schema/index.ts';
export { conform, impliedType, type NestedBlock, type ProviderSchema, type ResourceSchema } from './schema/index.ts';
export { type IdentitySchema, type SchemaAttribute, type SchemaBlock, type SchemaPart } from './schema/index.ts';
// The client of the protocol: for the executor.
export { connectProvider, HandshakeError, MAGIC_COOKIE, parseHandshake } from './protocol/index.ts';
export { preloadProtocol, ProviderCallError } from './protocol/index.ts';
export type { ApplyAnswer, ApplyRequest, ImportAnswer, ImportRequest, PlanAnswer } from './protocol/index.ts';
export type {
  PlanRequest,
  ProviderConnection,
  ReadAnswer,
  ReadRequest,
  StateAnswer,
  TypedConfig,
} from './protocol/index.ts';
