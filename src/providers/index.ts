// Terraform providers as others see them: which may run, where they come from, what their values and schemas are, and
// the wire protocol they speak. Starting them is the executor's.
export { type ProviderAddress, formatAddress, formatFullAddress, parseAddress } from './address.ts';
export type { AllowedProvider } from './allow-list.ts';
export { builtInAddress, builtInVersion } from './built-in.ts';
export { parseConstraint, type VersionConstraint } from './version.ts';
export { createProviderSource, developmentVersion, type ProviderSourceOptions } from './provider-source.ts';
export type { ProviderCatalogue } from './provider-source.ts';
export { type ProviderBinary, verifyBinary } from './provider-binary.ts';
export type { ProviderHit } from './provider-search.ts';
export { createPluginCertificate, type PluginCertificate } from './plugin-certificate.ts';
export { loadControllerService, loadProviderService } from './protocol/load-protocol.ts';
export { CtyNumber, type CtyType, decodeValue, encodeValue, equalValues, isValueMap, nullValue } from './values/index.ts';
export { typeToJson, Unknown, unknown, type Value, type ValueMap, valueToJson, valueToPlain } from './values/index.ts';
