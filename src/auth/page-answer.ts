import type { Context } from 'koa';

import { type AppError, errorCodes } from '../shared/errors.ts';
import { errorPage } from './pages/message-page.ts';
import { styleHash } from './pages/style.ts';

/** Sent with everything that is for a browser. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  // With `no-referrer` browsers would hide the origin of our own forms from us.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  // Pages have one of their own; what is no page needs nothing at all.
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
};

/**
 * Answers with a page: no script, no picture, no frame, and forms that go nowhere else.
 *
 * @param formTarget where a form of this page may lead to at last, besides this server: browsers check redirects too
 */
export function showPage(context: Context, page: string, formTarget = ''): void {
  const policy = `default-src 'none'; style-src ${styleHash}; form-action 'self'${formTarget}; frame-ancestors 'none'; base-uri 'none'`;
  context.set('Content-Security-Policy', policy);
  context.type = 'text/html; charset=utf-8';
  context.body = page;
}

/** The mark at the beginning of refusals is for programs. */
export function forPeople(message: string): string {
  const plain = message.replace(/^unauthorized: /, '');
  return plain === message ? message : plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** Answers with what went wrong. */
export function showProblem(context: Context, error: AppError): void {
  context.status = errorCodes[error.code].status;
  const advice = 'If you came from an assistant, start connecting there again: it opens a new page.';
  showPage(context, errorPage('This did not work', forPeople(error.message), advice));
}
