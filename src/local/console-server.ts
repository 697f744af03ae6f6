/** The console of the local stack: that of `ems serve`, with the page of the two forms side by side. */
import { once } from 'node:events';
import { connectBus } from '../choreography/jetstream/bus.js';
import { peopleOf } from '../client/employees.js';
import { openApplication } from '../client/open-application.js';
import { loadConfig } from '../config/config.js';
import { loadNatsConfig, loadTemporalConfig } from '../config/environment.js';
import { createServer } from '../http/server.js';
import { loadSettings } from '../http/settings.js';
import { createLog } from '../process/logger.js';
import { version } from '../process/package-version.js';
import { stopSignal } from '../process/stop-signal.js';
import { connectClient } from '../temporal/connect-orchestrated.js';
import { sideBySide } from './side-by-side.js';
import { remoteSwitches } from './switchboard.js';
import { timelinesIn } from './read-timelines.js';

const stopped = once(stopSignal(), 'abort');
const switches = remoteSwitches(process);
const config = loadConfig();
const settings = loadSettings(process.env);
const temporal = loadTemporalConfig();
const nats = loadNatsConfig(process.env)!;

const application = openApplication(() => config, { temporal, nats });
const { client, close } = await connectClient(temporal);
const bus = await connectBus(nats, 'the console');
const timelines = timelinesIn({ client, bus });

const server = await createServer({
  ...{ application, people: peopleOf(() => config), version, settings, config, log: createLog() },
  more: sideBySide({ application, timelines, switches }),
});
await server.listen({ host: settings.host, port: settings.port });
process.send!('ready');
await stopped;
await server.close();
timelines.stop();
await Promise.all([application.close(), bus.close(), close()]);
process.exit();
