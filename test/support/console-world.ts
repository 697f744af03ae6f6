/** Both forms, with the console over them and the identity provider of the local stack. */
import path from 'node:path';
import getPort from 'get-port';
import { startIdentityProvider } from '../../src/local/console-process.js';
import { startBothForms, type BothFormsWorld } from './both-forms-world.js';
import { CONSOLE_SECRET, startHttpServer } from './http-server.js';
import { scratchFolder } from './temporal.js';

export interface ConsoleWorld extends BothFormsWorld {
  /** Of the console. */
  url: string;
  issuer: string;
}

export async function startConsoleWorld(): Promise<ConsoleWorld> {
  const port = await getPort({ host: '127.0.0.1' });
  const [world, provider] = await Promise.all([
    startBothForms(),
    startIdentityProvider({
      port: 0,
      consoleUrl: `http://127.0.0.1:${port}`,
      consoleSecret: CONSOLE_SECRET,
      programSecret: 'a secret of the program',
      logFile: path.join(await scratchFolder(), 'identity.log'),
    }),
  ]);
  const server = await startHttpServer(world, provider.issuer, port);
  return {
    ...world,
    url: server.url,
    issuer: provider.issuer,
    async stop() {
      await server.stop();
      await provider.stop();
      await world.stop();
    },
  };
}
