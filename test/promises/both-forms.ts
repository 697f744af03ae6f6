/** A promise of both forms, written once and run over both: the same company, the same calls, two engines. */
import type { ExitStatus, Phase } from '../../src/exit/status.js';
import { randomUUID } from 'node:crypto';
import { taskQueues } from '../../src/exit/queues.js';
import type { Exits } from '../../src/exit/exits.js';
import { subscriberNames } from '../../src/choreography/subscribers/start.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { startWorld, type Hired, type World, type WorldOptions } from '../support/world.js';

export interface Company extends Omit<
  World,
  'exits' | 'until' | 'untilPhase' | 'startWorkers' | 'stopWorkers'
> {
  form: ExitStatus['form'];
  exits: Exits;
  /** Of the choreographed form only. */
  bus?: ChoreographedWorld['bus'];
  broker?: ChoreographedWorld['broker'];
  until: (
    hired: Pick<Hired, 'employeeId'>,
    what: string,
    wanted: (status: ExitStatus) => boolean,
  ) => Promise<ExitStatus>;
  untilPhase: (hired: Hired, phase: Phase) => Promise<ExitStatus>;
  /** The services, or workers, stop; what is to be different is changed; they start again. */
  restart: (change: (config: World['config']) => void) => Promise<void>;
  /** Looks whether the open holds still hold; the choreographed form does so by itself. */
  sweep: () => Promise<unknown>;
}

const fast: [string, string][] = [
  ['initialInterval: PT1S, maximumInterval: PT1M', 'initialInterval: PT0.1S, maximumInterval: PT0.5S'],
  ['requestTimeout: PT10S', 'requestTimeout: PT1S'],
];

export function inBothForms(
  title: string,
  { config = [], ...options }: Omit<WorldOptions, 'services'>,
  promises: (company: () => Company) => void,
): void {
  const starts: Record<ExitStatus['form'], () => Promise<Company>> = {
    async orchestrated() {
      const world = await startWorld({ ...options, config: [...fast, ...config] });
      const restart: Company['restart'] = async (change) => {
        await world.stopWorkers();
        change(world.config);
        await world.startWorkers();
      };
      const sweep = () =>
        world.client.workflow.execute('sweepHolds', {
          workflowId: `sweep-${randomUUID()}`,
          taskQueue: taskQueues.exit,
          args: [{ giveUpAfterMs: 3_000 }],
        });
      const until = world.until as Company['until'];
      return { ...world, form: 'orchestrated', restart, sweep, until };
    },
    async choreographed() {
      const world = await startChoreographedWorld({ ...options, config });
      const restart: Company['restart'] = async (change) => {
        await world.stopServices();
        change(world.config);
        await world.startServices(...subscriberNames);
      };
      const until = world.until as Company['until'];
      return { ...world, form: 'choreographed', restart, sweep: () => Promise.resolve(), until };
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
