/** The company of choreographed-world.ts, with Temporal Workers beside the services, and the application over both. */
import { loadDataKeys } from '../../src/config/data-keys.js';
import { loadSigner } from '../../src/config/decision-key.js';
import { applicationOf, type Application } from '../../src/client/application.js';
import { createWorkers, runWorkers, workerServices } from '../../src/temporal/workers.js';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { startChoreographedWorld, type ChoreographedWorld } from './choreographed-world.js';
import { eventually } from './eventually.js';

export interface BothFormsWorld extends ChoreographedWorld {
  application: Application;
  /** Waits for the exit, in whichever form it is. */
  untilIn: (phase: string, who: { employeeId: string }) => Promise<ExitStatus>;
}

export async function startBothForms(
  options: Parameters<typeof startChoreographedWorld>[0] = {},
): Promise<BothFormsWorld> {
  const world = await startChoreographedWorld(options);
  const { native: connection, config, client, exits } = world;
  const workers = await createWorkers({
    ...{
      connection,
      namespace: 'default',
      config,
      services: [...workerServices],
      dataKeys: loadDataKeys(world.env),
    },
  });
  const running = runWorkers(workers);
  const orchestrated = orchestratedExits(client, loadSigner(world.env));
  const application = applicationOf(
    {
      orchestrated: () => Promise.resolve(orchestrated),
      choreographed: () => Promise.resolve(exits),
    },
    () => config,
  );
  return {
    ...world,
    application,
    untilIn: (phase, { employeeId }) =>
      eventually(`${employeeId} to be ${phase}`, async () => {
        const found = await application.status({ employeeId });
        return found.phase === phase ? found : undefined;
      }),
    async stop() {
      for (const worker of workers) worker.shutdown();
      await running;
      await world.stop();
    },
  };
}
