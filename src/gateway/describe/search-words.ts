/** `intentResourceCreate` or `INTENT_RESOURCE_CREATE` or prose -> stems in lower case. */
export function stems(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 0 && !emptyWords.has(word))
    .map((word) => stem(word));
}

const emptyWords: ReadonlySet<string> = new Set(
  'a an and are as at be by can do does for from get how i in into is it its me my of on or that the their this to what when where which why with you your'.split(
    ' ',
  ),
);

// Words that people use for what the API calls otherwise.
const synonyms: Readonly<Record<string, string>> = {
  add: 'create',
  make: 'create',
  new: 'create',
  remove: 'delete',
  destroy: 'delete',
  erase: 'delete',
  edit: 'update',
  change: 'update',
  modify: 'update',
  rename: 'update',
  log: 'audit',
  list: 'all',
  show: 'read',
  see: 'read',
  approve: 'review',
  folder: 'space',
  permission: 'action',
  right: 'action',
  schema: 'describe',
};

function stem(word: string): string {
  const bare = word.length > 4 ? word.replace(/(ies)$/, 'y').replace(/(ing|ed|es|s|e)$/, '') : word.replace(/s$/, '');
  return bare.length < 2 ? word : bare;
}

const stemmedSynonyms: ReadonlyMap<string, string> = new Map(
  Object.entries(synonyms).map(([from, to]) => [stem(from), stem(to)]),
);

/** What else a word of a question may stand for. */
export function synonymOf(word: string): string | undefined {
  return stemmedSynonyms.get(word);
}
