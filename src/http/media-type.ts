/** Answers of a GraphQL request come in one of these. */
export type AnswerType = 'application/graphql-response+json' | 'application/json';

const offers: readonly AnswerType[] = ['application/graphql-response+json', 'application/json'];

/**
 * Chooses by the Accept header: the higher quality wins, then what the client names first.
 *
 * @returns undefined when the client takes neither
 */
export function chooseAnswerType(accept: string): AnswerType | undefined {
  let best: { readonly type: AnswerType; readonly quality: number } | undefined;
  for (const range of accept.split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = qualityOf(parameters);
    const type = matchOffer(name, parameters);
    if (type !== undefined && quality > (best?.quality ?? 0)) best = { type, quality };
  }
  return best?.type;
}

function matchOffer(name: string, parameters: readonly string[]): AnswerType | undefined {
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return undefined;
  if (name === '*/*' || name === 'application/*') return 'application/json'; // what a client that names nothing can read
  return offers.find((offer) => offer === name);
}

function qualityOf(parameters: readonly string[]): number {
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  const value = quality === undefined ? 1 : Number(quality.slice(2));
  return value >= 0 && value <= 1 ? value : 0;
}

/** Whether a request body is JSON in UTF-8. */
export function isJsonBody(contentType: string): boolean {
  const [name = '', ...parameters] = contentType.toLowerCase().split(';');
  const charset = parameters.map((part) => part.trim()).find((part) => part.startsWith('charset='));
  return name.trim() === 'application/json' && (charset === undefined || /^charset="?utf-?8"?$/.test(charset));
}
