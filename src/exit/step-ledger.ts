/** The steps of one exit as they stand, each with the row of the table that it comes from. */
import type { Outcome } from './events.js';
import { isSettled, stepKey, type Step } from './status.js';
import type { Beginning, StepRow } from './steps.js';

interface Entry {
  step: Step;
  row: StepRow;
  /** The record's number of what set it off. */
  causeSeq: number;
  /** A retry and a drift begin it again. */
  starts: number;
  /** The type of the final failure that it is stuck on. */
  stuckOn?: string | undefined;
}

export class StepLedger {
  private readonly entries: Entry[] = [];
  private rows: readonly StepRow[] = [];
  private systems: readonly string[] = [];

  /** What is planned: nothing has begun yet. */
  plan(rows: readonly StepRow[], systems: readonly string[]): void {
    this.rows = rows;
    this.systems = systems;
  }

  get all(): Step[] {
    return this.entries.map(({ step }) => step);
  }

  /** The steps of the rows that are so. */
  where(isWanted: (row: StepRow) => boolean): Step[] {
    return this.entries.flatMap(({ step, row }) => (isWanted(row) ? step : []));
  }

  /** What the start of every exit sets off and stays open for: a custom step may take days, and tells nothing of the employee. */
  get starting(): Step[] {
    return this.where(({ gates, custom }) => gates && !custom);
  }

  rowOf(name: string): StepRow | undefined {
    return this.rows.find((row) => row.name === name);
  }

  find(name: string, system?: string): Step | undefined {
    return this.entry(name, system)?.step;
  }

  /** The record's number of what a step was begun for. */
  causeSeq(name: string, system?: string): number | undefined {
    return this.entry(name, system)?.causeSeq;
  }

  /** How often a step was begun: it differs where the step was begun again. */
  starts(name: string, system?: string): number {
    return this.entry(name, system)?.starts ?? 0;
  }

  isStuckOn(failureType: string): boolean {
    return this.entries.some(
      ({ step, stuckOn }) => step.state === 'needs-attention' && stuckOn === failureType,
    );
  }

  /** Adds the steps that begin now; those that wait for others are pending. */
  begin(beginning: Beginning, at: string, causeSeq: number, applies: (row: StepRow) => boolean = () => true) {
    for (const { row, system } of this.rowsFor(beginning, applies))
      this.entries.push({ step: { name: row.name, system, state: 'pending' }, row, causeSeq, starts: 0 });
    this.beginDue(at, causeSeq);
  }

  /** What `begin` would add. */
  rowsFor(
    beginning: Beginning,
    applies: (row: StepRow) => boolean,
  ): { row: StepRow; system: string | undefined }[] {
    return this.rows
      .filter((row) => row.begins === beginning && applies(row))
      .flatMap((row) => (row.perSystem ? this.systems : [undefined]).map((system) => ({ row, system })));
  }

  /** Begins what waited for other steps to be settled. @param causeSeq what settled the last of them */
  beginDue(at: string, causeSeq: number): void {
    for (const entry of this.entries) {
      const { step, row } = entry;
      const before = [...(row.after ?? []), ...(row.begins === 'access-settled' ? endings : [])];
      if (
        step.state === 'pending' &&
        this.all.every((each) => !before.includes(each.name) || isSettled(each))
      ) {
        // What waits for nothing is set off by what it was added for.
        if (before.length > 0) entry.causeSeq = causeSeq;
        this.start(entry, at);
      }
    }
  }

  /** Begins a step that the exit comes to more than once, or comes back to. */
  restart(name: string, at: string, causeSeq = this.causeSeq(name)): Step | undefined {
    const row = this.rowOf(name);
    if (!row) return undefined;
    const known = this.entry(name);
    const step: Step = { name, state: 'running', startedAt: at };
    if (known) Object.assign(known, { step, causeSeq, starts: known.starts + 1, stuckOn: undefined });
    else this.entries.push({ step, row, causeSeq: causeSeq ?? 0, starts: 1 });
    return step;
  }

  /** Tries a step again from now on. */
  retry(step: Step, at: string): void {
    this.start(this.entry(step.name, step.system)!, at);
  }

  settle(step: Step, finishedAt: string, outcome: Pick<Step, 'state'> & Partial<Step>): void {
    Object.assign(step, { finishedAt, error: undefined, ...outcome });
  }

  markStuck(
    step: Step,
    { error, type }: Pick<Outcome<'step.needs-attention'>['data'], 'error' | 'type'>,
  ): void {
    Object.assign(step, { state: 'needs-attention', error });
    this.entry(step.name, step.system)!.stuckOn = type;
  }

  private start(entry: Entry, startedAt: string): void {
    entry.starts += 1;
    entry.stuckOn = undefined;
    const again = { finishedAt: undefined, error: undefined, note: undefined };
    Object.assign(entry.step, again, { state: 'running', startedAt });
  }

  private entry(name: string, system?: string): Entry | undefined {
    const key = stepKey({ name, system });
    return this.entries.find(({ step }) => stepKey(step) === key);
  }
}

/** The steps that carry out a decision on each system. */
const endings = ['restore-access', 'revoke-access'];
