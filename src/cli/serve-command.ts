import { once } from 'node:events';
import { peopleOf } from '../client/employees.js';
import { createServer } from '../http/server.js';
import { loadSettings } from '../http/settings.js';
import { version } from '../process/package-version.js';
import type { Define } from './session.js';

const serve: Define = (command, session) =>
  command
    .addHelpText(
      'after',
      '\nThe environment says who may log in, and where (docs/console.md). "npm start" runs it for the local stack.\n\nExample:\n  ems serve',
    )
    .action(async () => {
      const settings = loadSettings(session.io.env);
      const stop = session.endless();
      const stopped = once(stop, 'abort');
      const config = await session.configuration();
      const application = await session.application();
      const people = peopleOf(() => config);
      const server = await createServer({ application, people, version, settings, config, log: true });
      await server.listen({ host: settings.host, port: settings.port });
      process.send?.('ready');
      session.warn(`the console is ready at ${settings.publicUrl}`);
      await stopped;
      await server.close();
    });

export default serve;
