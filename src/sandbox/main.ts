import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Every operation of terraform starts this several times: with the cache a start takes about half as long. The folder
// belongs to the installation, not to a shared temporary one where another user could plant code.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/sluice/compile', import.meta.url)));
const { createSandboxProvider, servePlugin, startedByHost } = await import('./index.ts');

if (startedByHost(process.env)) {
  await servePlugin(createSandboxProvider(process.env), process.env);
} else {
  process.stderr.write(
    'This is a Terraform provider. Sluice, terraform and tofu start it; it does nothing by itself.\n',
  );
  process.exitCode = 1;
}
