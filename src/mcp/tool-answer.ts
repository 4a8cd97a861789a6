import type { ErrorCode } from '../shared/errors.ts';
import type { JsonObject } from '../shared/json.ts';

/** What has to come back before a destructive call acts. */
export interface ConfirmationRequest {
  /** One-time token, bound to the session and to what it was asked about. */
  readonly token: string;
  readonly summary: string;
}

/** The outcome of a call in our own terms, before either protocol generation gives it a form. */
export interface ToolAnswer {
  readonly failed: boolean;
  readonly code: ErrorCode | undefined;
  /** One text block each; the first is meant for people. */
  readonly texts: readonly string[];
  readonly structured: JsonObject;
  readonly confirmation: ConfirmationRequest | undefined;
}
