/** A promise of both forms, written once and run over both: the same company, the same calls, two engines. */
import type { ExitStatus, Phase } from '../../src/exit/status.js';
import { randomUUID } from 'node:crypto';
import { taskQueues } from '../../src/exit/queues.js';
import type { ExitsOfForm } from '../../src/exit/evidence/evidence.js';
import { subscriberNames } from '../../src/choreography/subscribers/start.js';
import { fast, startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { PATIENCE_MS } from '../support/eventually.js';
import { startWorld, type Hired, type World, type WorldOptions } from '../support/world.js';

export interface Company extends Omit<
  World,
  'exits' | 'until' | 'untilPhase' | 'startWorkers' | 'stopWorkers'
> {
  form: ExitStatus['form'];
  exits: ExitsOfForm;
  /** Of the choreographed form only. */
  bus?: ChoreographedWorld['bus'];
  broker?: ChoreographedWorld['broker'];
  until: (
    hired: Pick<Hired, 'employeeId'>,
    what: string,
    wanted: (status: ExitStatus) => boolean,
  ) => Promise<ExitStatus>;
  untilPhase: (hired: Hired, phase: Phase) => Promise<ExitStatus>;
  /** All services, or workers, of this company. */
  stopServing: () => Promise<void>;
  startServing: () => Promise<void>;
  /** Stops them, changes the configuration, and starts them again. */
  restart: (change: (config: World['config']) => void) => Promise<void>;
  /** Looks whether the open holds still hold; the choreographed form does so by itself. */
  sweep: (giveUpAfterMs?: number) => Promise<unknown>;
}

export function inBothForms(
  title: string,
  { config = [], ...options }: Omit<WorldOptions, 'services'>,
  promises: (company: () => Company) => void,
): void {
  const starts: Record<ExitStatus['form'], () => Promise<Company>> = {
    async orchestrated() {
      const world = await startWorld({ ...options, config: [...fast, ...config] });
      const sweep = (giveUpAfterMs = PATIENCE_MS) =>
        world.client.workflow.execute('sweepHolds', {
          workflowId: `sweep-${randomUUID()}`,
          taskQueue: taskQueues.exit,
          args: [{ giveUpAfterMs }],
        });
      const until = world.until as Company['until'];
      return served({
        ...{ ...world, form: 'orchestrated', sweep, until },
        stopServing: world.stopWorkers,
        startServing: world.startWorkers,
      });
    },
    async choreographed() {
      const world = await startChoreographedWorld({ ...options, config });
      const until = world.until as Company['until'];
      return served({
        ...{ ...world, form: 'choreographed', sweep: () => Promise.resolve(), until },
        stopServing: world.stopServices,
        startServing: () => world.startServices(...subscriberNames).then(() => undefined),
      });
    },
  };
  for (const [form, start] of Object.entries(starts))
    describe(`${title}, ${form}`, () => {
      let company: Company;
      before(async () => {
        company = await start();
      });
      afterEach(() => company.mend());
      after(() => company.stop());
      promises(() => company);
    });
}

const served = (company: Omit<Company, 'restart'>): Company => ({
  ...company,
  async restart(change) {
    await company.stopServing();
    change(company.config);
    await company.startServing();
  },
});
