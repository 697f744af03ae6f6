/** Both forms, with the console over them and the identity provider of the local stack. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { startIdentityProvider } from '../../src/local/console-process.js';
import { startBothForms, type BothFormsWorld } from './both-forms-world.js';
import { CONSOLE_SECRET, startHttpServer, type HttpServer } from './http-server.js';
import { scratchFolder } from './temporal.js';

export interface ConsoleWorld extends BothFormsWorld {
  /** Of the console. */
  url: string;
  issuer: string;
  log: HttpServer['log'];
}

export async function startConsoleWorld(
  options?: Parameters<typeof startBothForms>[0],
): Promise<ConsoleWorld> {
  const world = await startBothForms(options);
  // The provider names the console's port before the console can listen there, so no other test may take it meanwhile.
  const reserved = createServer().listen(0, '127.0.0.1');
  await once(reserved, 'listening');
  const { port } = reserved.address() as AddressInfo;
  const provider = await startIdentityProvider({
    port: 0,
    consoleUrl: `http://127.0.0.1:${port}`,
    consoleSecret: CONSOLE_SECRET,
    programSecret: 'a secret of the program',
    logFile: path.join(await scratchFolder(), 'identity.log'),
  });
  reserved.close();
  await once(reserved, 'close');
  const server = await startHttpServer(world, provider.issuer, port);
  return {
    ...world,
    url: server.url,
    issuer: provider.issuer,
    log: server.log,
    async stop() {
      await server.stop();
      await provider.stop();
      await world.stop();
    },
  };
}
