/** How a program of one's own signs in: commands that work as they stand. */
export function describeAuth(publicUrl: string): string[] {
  const endpoint = `${publicUrl}/graphql`;
  const exchange =
    '{"query":"mutation($id:ID!,$secret:String!){apiKeyUser(id:$id,secret:$secret){jwt validUntil}}","variables":{"id":"\'"$SLUICE_API_KEY_ID"\'","secret":"\'"$SLUICE_API_KEY_SECRET"\'"}}';
  return [
    `The API is at ${endpoint}: POST, Content-Type: application/json, body {"query": "...", "variables": {...}}.`,
    'Every call carries the header "Authorization: Bearer <token>". A token comes from an API key and lives one hour.',
    '',
    '1. Get an API key. An administrator runs, with `mutate` or at the endpoint:',
    '   mutation { apiKeyCreate(input: {name: "my-program", admin: false, teams: []}) { id secret } }',
    '   and gives it a role in a space with apiKeyRoleBindingCreate. The secret is shown once.',
    '',
    '2. Put both into the environment and exchange them for a token:',
    'export SLUICE_API_KEY_ID=<id> SLUICE_API_KEY_SECRET=<secret>',
    `SLUICE_TOKEN=$(curl -s ${endpoint} -H 'Content-Type: application/json' -d '${exchange}' | sed -n 's/.*"jwt":"\\([^"]*\\)".*/\\1/p')`,
    '',
    '3. Call the API:',
    `curl -s ${endpoint} -H 'Content-Type: application/json' -H "Authorization: Bearer $SLUICE_TOKEN" -d '{"query":"{viewer{id name}}"}'`,
    '',
    `The same token opens the MCP endpoints ${publicUrl}/mcp and ${publicUrl}/intent/mcp. When it has ended (401), exchange the key again.`,
  ];
}
