/**
 * Stands in for Temporal under the real `SystemHold` of src/workflows: attempts that are retried, reports that outlive them, a decision that
 * cancels a block, a timer. What activities/access.ts does around the access service is done here in the same way.
 */
import { ActivityFailure, ApplicationFailure, CancelledFailure, RetryState } from '@temporalio/common';
import { FinalFailure, type Reported } from '../../src/exit/failures.js';
import type { HoldKind, Taken } from '../../src/exit/hold-facts.js';
import type {
  BlockAccess,
  CaptureAccess,
  RestoreAccess,
  RevokeAccess,
} from '../../src/activities/access-activities.js';
import type { AccessService } from '../../src/services/access/access.js';
import type { ExitContext } from '../../src/workflows/exit-context.js';
import type { Run } from '../../src/workflows/step-runner.js';
import { SystemHold } from '../../src/workflows/system-hold.js';
import { ACTIVE, memberOf, type Attempt, type Cell } from './ledger.js';
import type { Moment } from './script.js';
import { CRITICAL } from './site.js';
import { Step } from './step.js';
import type { Wire } from './wire.js';

/** More attempts than any script has faults for: something else is wrong. */
const TOO_MANY_ATTEMPTS = 40;

/** More drifts than any script has: the block of a mistaken hold takes nothing, as what is observed then says. */
const TOO_MANY_DRIFTS = 10;

const LATE_WRITE_MS = 30_000;

export interface EngineOptions {
  wire: Wire;
  service: AccessService;
  employeeId: string;
  hold: 'suspend' | 'groups';
  /** A deliberate mistake. */
  noSecondLook: boolean;
}

export class Engine {
  readonly hold: SystemHold;
  readonly steps = new Map<string, Step>();
  /** Resolves when the decision comes before the block is complete. */
  readonly decidedEarly: Promise<void>;
  /** The block was cancelled, and how far it was is not known. */
  wasLost = false;
  /** Every sentence in which a step has failed. */
  readonly said: string[] = [];
  private readonly drifts: string[] = [];
  private now = 1;
  private running: AbortController | undefined;
  private isCancelled = false;
  private hasWaited = false;

  constructor(private readonly options: EngineOptions) {
    const { wire, employeeId } = options;
    this.decidedEarly = new Promise((resolve) => {
      wire.decide = (isLost) => {
        this.wasLost = isLost;
        resolve();
      };
    });
    const perform = (name: string, run: Run) => this.addStep(name).perform(run);
    const context = {
      exit: {
        ...{ overridesProtection: () => false, person: { employeeId }, exitId: 'the-exit', resignation: {} },
        blocks: new Map([['the system', { drifts: this.drifts }]]),
        confirmationOfBlock: () => undefined,
        isBlocked: () => true,
        isConfirmed: () => false,
        chosenAccounts: () => [],
        vouchedAccounts: () => [],
        step: (name: string) => this.steps.get(name)?.view,
        ledger: { starts: () => 1 },
      },
      runner: { perform, performEach: perform },
      services: { access: () => this.activities() },
      plan: { policy: { lateWriteMs: LATE_WRITE_MS } },
      record: () => undefined,
    };
    const kind: HoldKind =
      options.hold === 'groups' ? { kind: 'groups', groups: CRITICAL } : { kind: 'suspend' };
    this.hold = new SystemHold(
      context as unknown as ExitContext,
      { name: 'the system', hold: kind, queue: 'access', attemptTimeoutMs: LATE_WRITE_MS },
      { now: () => this.now, sleep: (ms) => this.sleep(Number(ms)) },
    );
  }

  /**
   * Looks whether the hold stands, as the sweep does, and blocks again where it does not.
   * @returns whether it looked
   */
  async sweep(): Promise<boolean> {
    const { wire, service, employeeId } = this.options;
    for (let n = 1; ; n++) {
      const watched = this.hold.watched;
      if (!watched || n > TOO_MANY_DRIFTS) return n > 1;
      await wire.enter('sweep');
      const { signal } = new AbortController();
      let seen: Awaited<ReturnType<AccessService['driftOf']>>;
      try {
        seen = await service.driftOf({ employeeId }, watched.accounts, watched.hold, signal);
      } catch (error) {
        if (isMistake(error)) throw error;
        // The next sweep looks again, which no script has.
        return n > 1;
      }
      if (!seen) return true;
      wire.site.ledger.tell(`-- drift: ${seen.what}`);
      this.drifts.push(`drift-${n}`);
      await Promise.race([this.hold.block(), this.standing()]);
      if (this.steps.get('block-access')!.view.state !== 'done') return true;
    }
  }

  private standing(): Promise<void> {
    return this.steps.get('block-access')!.standing;
  }

  private addStep(name: string): Step {
    const step = new Step(
      name,
      () => this.cancelRunning(),
      (sentence) => this.said.push(sentence),
    );
    this.steps.set(name, step);
    return step;
  }

  private cancelRunning(): void {
    this.isCancelled = true;
    this.running?.abort(new Error('given up'));
  }

  /** The time passes within which what is under way lands. */
  async letLateWritesLand(): Promise<void> {
    this.now += LATE_WRITE_MS;
    await this.options.wire.landAll();
  }

  private async sleep(ms: number): Promise<void> {
    const { wire } = this.options;
    await wire.enter('late');
    await wire.finish();
    await wire.landAll();
    this.now += ms;
    this.hasWaited = true;
  }

  private activities() {
    const { service } = this.options;
    const call = <I, T>(run: (input: I) => Promise<T>) => ({
      executeWithOptions: (_options: unknown, [input]: [I]) => run(input),
    });
    return {
      captureAccess: call(({ employee, hold, known }: CaptureAccess) =>
        this.activity('capture', ({ signal }) => service.capture(employee, hold, signal, known)),
      ),
      blockAccess: call(({ account, hold, tried }: BlockAccess) =>
        this.activity('block', ({ signal, progress, report }) =>
          service.block(account, hold, progress ?? tried, report, signal),
        ),
      ),
      restoreAccess: call(({ account, taken, employee, earlier }: RestoreAccess) =>
        this.options.noSecondLook && this.hasWaited
          ? Promise.resolve({ restoredAt: '', givenBack: taken, notes: [] })
          : this.activity(this.hasWaited ? 'second-look' : 'restore', ({ signal }) =>
              service.restore(account, taken, signal, { employee, earlier }),
            ),
      ),
      revokeAccess: call(({ employee, accounts }: RevokeAccess) =>
        this.activity('revoke', ({ signal }) => service.revoke(employee, accounts, signal)),
      ),
    };
  }

  private async activity<T>(
    moment: Moment,
    run: (attempt: {
      signal: AbortSignal;
      progress: Taken | undefined;
      report: (taken: Taken) => Promise<void>;
    }) => Promise<T>,
  ): Promise<T> {
    const { wire } = this.options;
    const { ledger } = wire.site;
    await wire.enter(moment);
    let progress: Taken | undefined;
    let lastError: unknown;
    for (let tries = 0; tries < TOO_MANY_ATTEMPTS; tries++) {
      wire.attempt += 1;
      const { signal } = (this.running = new AbortController());
      wire.verdict = undefined;
      const attempt: Attempt = { n: wire.attempt, began: ledger.t, reported: new Set<Cell>(), failed: true };
      if (moment === 'block') ledger.attempts.push(attempt);
      const report = async (taken: Taken): Promise<void> => {
        const copy = structuredClone(taken);
        for (const cell of cellsOf(copy)) attempt.reported.add(cell);
        await wire.report(() => (progress = copy), JSON.stringify(copy), signal);
      };
      try {
        const result = await run({ signal, progress, report });
        await wire.result();
        if (wire.verdict === 'crash') continue;
        attempt.failed = false;
        return JSON.parse(JSON.stringify(result)) as T;
      } catch (error) {
        lastError = error;
        if (isMistake(error)) throw error;
        if (wire.verdict === 'crash') continue;
        const details: [Reported] | undefined = this.wasLost ? undefined : [{ reported: progress ?? null }];
        if (error instanceof FinalFailure) {
          const { message, type } = error;
          throw failed(
            moment,
            ApplicationFailure.create({ message, type, nonRetryable: true, details: details! }),
          );
        }
        if (this.isCancelled && (moment === 'capture' || moment === 'block')) {
          throw failed(moment, new CancelledFailure('cancelled on request', details));
        }
        if (wire.verdict === 'time-up') {
          throw failed(moment, ApplicationFailure.create({ message: 'time is up', details: details! }));
        }
      } finally {
        attempt.ended = ledger.t;
        this.running = undefined;
      }
    }
    throw new Error(`no end of attempts in ${moment}`, { cause: lastError });
  }
}

const failed = (moment: Moment, cause: Error): ActivityFailure =>
  new ActivityFailure('failed', moment, moment, RetryState.IN_PROGRESS, undefined, cause);

/** A fault of this test, which no retry should hide. */
const isMistake = (error: unknown): boolean =>
  error instanceof RangeError ||
  error instanceof ReferenceError ||
  error instanceof SyntaxError ||
  (error instanceof TypeError && error.message !== 'fetch failed');

export const cellsOf = ({ suspended, groups }: Taken): Cell[] => [
  ...(suspended ? [ACTIVE] : []),
  ...groups.map(({ id }) => memberOf(id)),
];
