import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { toText } from './read-json.ts';

/** The page of operations as people read it: `- SUCCEEDED create time_sleep pause (2026-11-21T10:00:00Z by ann) <id>`. */
export function listOperations(page: JsonObject): string {
  const operations = Array.isArray(page['operations']) ? page['operations'] : [];
  if (operations.length === 0) return 'No operations.';
  const more = page['has_more'] === true ? [`More on page ${Number(page['page']) + 1}.`] : [];
  return [...operations.map((operation: Json) => lineOf(operation)), ...more].join('\n');
}

function lineOf(operation: Json): string {
  if (!isJsonObject(operation)) return '';
  const text = (key: string): string => toText(operation[key]);
  const when = new Date(Number(operation['created_at']) * 1000).toISOString().replace('.000', '');
  const what = `${text('status')} ${text('operation').toLowerCase()} ${text('resource_type')} ${text('resource_id')}`;
  // Reasons have lines of their own, which are no operations.
  const why = text('failure') === '' ? '' : `: ${text('failure').replaceAll('\n', '\n  ')}`;
  return `- ${what} (${when} by ${text('user')}) ${text('id')}${why}`;
}
