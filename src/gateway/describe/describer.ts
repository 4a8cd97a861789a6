import type { Caller } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Views } from '../view.ts';
import type { DescribeRequest, Discovery, ToolDescription } from './request.ts';

export function createDescriber(
  _views: Views,
  _discovery: { readonly publicUrl: string; readonly tools: readonly ToolDescription[] } | undefined,
): (caller: Caller, request: DescribeRequest) => Discovery {
  return () => {
    throw new AppError('UNAVAILABLE', 'describe');
  };
}
