// The `sluice` command: what people run by hand beside the server. `main.ts` starts it. Also how clients are connected,
// which the server's greeting and the docs tell too.
export { clientsDocument, clientSetups, describeClients } from './clients.ts';
export { createCommand } from './command.ts';
export type { Terminal } from './terminal.ts';
