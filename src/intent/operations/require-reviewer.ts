import type { Request } from '../../domain/context.ts';
import { AppError } from '../../shared/errors.ts';
import { findApiKey } from '../../storage/identity.ts';
import type { ProjectRow } from '../../storage/projects.ts';
import type { Engine } from '../engine.ts';

/** What somebody wants to let through or reject. */
export interface Reviewed {
  readonly project: ProjectRow;
  readonly destructive: boolean;
  /** Principal who asked for it. */
  readonly askedBy: string;
  readonly decision: 'ALLOW' | 'DENY';
}

/**
 * Sees that the decision is not the assistant's; where the project wants a person, nobody's program; and where it wants
 * another person, not of the one who asked. Rejecting is everybody's: nothing comes of it.
 */
export async function requireReviewer(engine: Engine, request: Request, reviewed: Reviewed): Promise<void> {
  const { project, destructive, decision } = reviewed;
  const { principal } = request.caller;
  requireReviewedByPerson(request);
  const wantsOther = project.confirmation === 'OTHER_PERSON';
  const wantsPerson = wantsOther || (destructive && project.confirmation === 'PERSON');
  if (wantsPerson && principal.kind !== 'USER') throw reviewedByProgram();
  if (wantsOther && decision === 'ALLOW' && (await isOneOf(engine, request, reviewed.askedBy))) throw reviewedByAsker();
}

/** Whoever asked for the operation is at this door; a person comes by another one. */
function requireReviewedByPerson({ origin }: Request): void {
  if (origin.via !== 'MCP') return;
  throw new AppError(
    'FORBIDDEN',
    'unauthorized: an assistant cannot review operations; a person does that through the GraphQL API',
  );
}

/** A person asks in their own name or by an API key that they made. */
async function isOneOf({ domain }: Engine, { caller: { principal } }: Request, askedBy: string): Promise<boolean> {
  if (askedBy === principal.id) return true;
  const key = await domain.storage.read((db) => findApiKey(db, askedBy));
  return key?.creator === principal.name;
}

function reviewedByProgram(): AppError {
  return new AppError(
    'FORBIDDEN',
    'unauthorized: this project wants this decided by a signed-in person, not by a program',
  );
}

function reviewedByAsker(): AppError {
  return new AppError(
    'FORBIDDEN',
    'unauthorized: this project wants another person to let it through than the one who asked for it',
  );
}
