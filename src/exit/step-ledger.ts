/** The steps of one exit as they stand, each with the row of the table that it comes from. */
import type { Outcome } from './events.js';
import { isUntold } from './failures.js';
import type { Notices } from './notices.js';
import type { Plan, PlannedSystem } from './plan.js';
import { isSettled, stepKey, type Step, isStuck, type StepState } from './status.js';
import type { Beginning, StepRow } from './steps.js';

interface Entry {
  step: Step;
  row: StepRow;
  /** The sequence number of the event that set it off. */
  causeSeq: number;
  /** How often it was begun: a retry and a drift begin it again. */
  starts: number;
  /** The type of its last failure. */
  stuckOn?: string | undefined;
}

export class StepLedger {
  private readonly entries: Entry[] = [];
  private rows: readonly StepRow[] = [];
  private systems: readonly PlannedSystem[] = [];
  private policy: Plan['policy'] | undefined;

  constructor(private readonly notices: Notices) {}

  plan({ steps, systems, policy }: Plan): void {
    this.rows = steps;
    this.systems = systems;
    this.policy = policy;
  }

  get all(): Step[] {
    return this.entries.map(({ step }) => step);
  }

  /** The steps whose rows match. */
  where(isWanted: (row: StepRow) => boolean): Step[] {
    return this.entries.flatMap(({ step, row }) => (isWanted(row) ? step : []));
  }

  /** The steps of the phase `starting`. A custom step or a task is none of them: it may take days, and does not identify the employee. */
  get starting(): Step[] {
    return this.where(({ gates, custom }) => gates && !custom).filter((step) => !this.isTask(step));
  }

  /** Whether a person does the step: a custom one, or an access step of a system that no program reaches. */
  isTask({ name, system }: Pick<Step, 'name' | 'system'>): boolean {
    return this.rowOf(name)?.custom === 'task' || this.manual(system) !== undefined;
  }

  /** What the plan says of a system that no program reaches; undefined for another one. */
  manual(system: string | undefined): PlannedSystem['manual'] {
    return this.systems.find(({ name }) => name === system)?.manual;
  }

  /** How long a step may take before it needs attention. */
  attentionAfterMs({ name, system }: Pick<Step, 'name' | 'system'>): number {
    return (
      this.rowOf(name)?.attentionAfterMs ?? this.manual(system)?.withinMs ?? this.policy!.attentionAfterMs
    );
  }

  rowOf(name: string): StepRow | undefined {
    return this.rows.find((row) => row.name === name);
  }

  find(name: string, system?: string): Step | undefined {
    return this.entry(name, system)?.step;
  }

  /** The sequence number of the event that set a step off. */
  causeSeq(name: string, system?: string): number | undefined {
    return this.entry(name, system)?.causeSeq;
  }

  /** How often a step was begun. A caller that sees another number than before works on a stale start. */
  starts(name: string, system?: string): number {
    return this.entry(name, system)?.starts ?? 0;
  }

  /** @param which one step; otherwise any */
  isStuckOn(failureType: string, which?: Step): boolean {
    return this.entries.some(
      ({ step, stuckOn }) =>
        isStuck(step) && stuckOn === failureType && (which === undefined || step === which),
    );
  }

  /** Adds the steps of a beginning; a step that waits for others is pending. */
  begin(beginning: Beginning, at: string, causeSeq: number, applies: (row: StepRow) => boolean = () => true) {
    for (const { row, system } of this.rowsFor(beginning, applies))
      this.entries.push({ step: { name: row.name, system, state: 'pending' }, row, causeSeq, starts: 0 });
    this.beginDue(at, causeSeq);
  }

  /** The steps that `begin` would add. */
  rowsFor(
    beginning: Beginning,
    applies: (row: StepRow) => boolean,
  ): { row: StepRow; system: string | undefined }[] {
    return this.rows
      .filter((row) => row.begins === beginning && applies(row))
      .flatMap((row) =>
        (row.perSystem ? this.systems.map(({ name }) => name) : [undefined]).map((system) => ({
          row,
          system,
        })),
      );
  }

  /** Begins the steps whose predecessors are settled. @param causeSeq the event that settled the last of them */
  beginDue(at: string, causeSeq: number): void {
    for (const entry of this.entries) {
      const { step, row } = entry;
      const before = [...(row.after ?? []), ...(row.begins === 'access-settled' ? endings : [])];
      if (
        step.state === 'pending' &&
        this.all.every((each) => !before.includes(each.name) || isSettled(each))
      ) {
        // A step without predecessors keeps the event that it was added for.
        if (before.length > 0) entry.causeSeq = causeSeq;
        this.start(entry, at);
      }
    }
  }

  /** Begins a step that may begin more than once: a mail to the operator, a reminder, another time for the interview. */
  restart(name: string, at: string, causeSeq = this.causeSeq(name)): Step | undefined {
    const row = this.rowOf(name);
    if (!row) return undefined;
    const known = this.entry(name);
    const step: Step = { name, state: 'running', startedAt: at };
    if (known) Object.assign(known, { step, causeSeq, starts: known.starts + 1, stuckOn: undefined });
    else this.entries.push({ step, row, causeSeq: causeSeq ?? 0, starts: 1 });
    return step;
  }

  /** Begins the same step again: for a retry, for a drift, or where its owner is to look again. */
  retry(step: Step, at: string, causeSeq = this.causeSeq(step.name, step.system)!): void {
    const entry = this.entry(step.name, step.system)!;
    entry.causeSeq = causeSeq;
    this.start(entry, at);
  }

  settle(step: Step, finishedAt: string, outcome: Pick<Step, 'state'> & Partial<Step>): void {
    Object.assign(step, { finishedAt, error: undefined, ...outcome });
    this.notices.forget(step);
  }

  markStuck(
    step: Step,
    { error, type }: Pick<Outcome<'step.needs-attention'>['data'], 'error' | 'type'>,
  ): void {
    const state: StepState = isUntold(type) ? 'cannot-tell' : 'needs-attention';
    Object.assign(step, { state, error });
    this.entry(step.name, step.system)!.stuckOn = type;
  }

  /** What the step waited for has come, and it goes on: it is not begun again. */
  recover(step: Step): void {
    Object.assign(step, { state: 'running', error: undefined });
    this.entry(step.name, step.system)!.stuckOn = undefined;
    this.notices.forget(step);
  }

  private start(entry: Entry, startedAt: string): void {
    entry.starts += 1;
    entry.stuckOn = undefined;
    const again = {
      finishedAt: undefined,
      error: undefined,
      note: undefined,
      by: undefined,
      asker: undefined,
      evidence: undefined,
    };
    Object.assign(entry.step, again, { state: 'running', startedAt });
  }

  private entry(name: string, system?: string): Entry | undefined {
    const key = stepKey({ name, system });
    return this.entries.find(({ step }) => stepKey(step) === key);
  }
}

/** The steps that carry out a decision on each system. */
const endings = ['restore-access', 'revoke-access'];
