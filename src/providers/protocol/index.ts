// The Terraform plugin protocol, versions 5 and 6: its messages, its handshake, and our client.
export { type Handshake, HandshakeError, MAGIC_COOKIE, parseHandshake } from './handshake.ts';
export { loadControllerService, loadProviderService, type ProtocolVersion } from './load-protocol.ts';
export { ProviderCallError } from './provider-call-error.ts';
export { connectProvider, preloadProtocol } from './provider-connection.ts';
export type {
  ApplyAnswer,
  ApplyRequest,
  ImportAnswer,
  ImportRequest,
  PlanAnswer,
  PlanRequest,
  ProviderConnection,
  ReadAnswer,
  ReadRequest,
  StateAnswer,
  TypedConfig,
} from './provider-connection.ts';
