// What a caller may: guards round the schema, and `execute`, the only door to the resolvers.
//
// `Gateway.execute` never rejects. Its outcome holds `data` (absent when nothing ran: the document, its variables or
// its caller were refused; null when an error reached the top) and `errors`, masked and coded. `answerText` writes it
// as the JSON of an HTTP answer.
export { createGateway, type Gateway, type GatewayOptions, type GatewayRequest } from './gateway.ts';
export type { AccessTables } from './access-table.ts';
export type { GatewayContext, SpaceOf } from './context.ts';
export type { DescribeRequest, Discovery, DiscoverySources, ToolDescription } from './describe/request.ts';
export { defaultLimits, type GatewayLimits } from './limits.ts';
export { type AnswerError, answerText, type ExecutionOutcome, plainAnswerText } from './outcome.ts';
export { type Refusal, refusalMessage, type RefusalHook } from './refusals.ts';
