import { createSandboxProvider } from './provider-service.ts';
import { servePlugin, startedByHost } from './serve-plugin.ts';

if (startedByHost(process.env)) {
  await servePlugin(createSandboxProvider(process.env), process.env);
} else {
  process.stderr.write(
    'This is a Terraform provider. Sluice, terraform and tofu start it; it does nothing by itself.\n',
  );
  process.exitCode = 1;
}
