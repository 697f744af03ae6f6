/**
 * Who did what to one account: every write as the server carried it out, in order, with its author. SCIM does not know authors; the
 * model does, and this is its whole advantage over the system under test.
 */
import type { Moment } from './script.js';

export const ACCOUNT = 'account';
export const ACTIVE = 'active';
export const memberOf = (groupId: string): string => `member of ${groupId}`;
/** A second account of the same employee, which may appear during the hold. */
export const SECOND = 'second account';
export const SECOND_ACTIVE = 'second active';
export const secondMemberOf = (groupId: string): string => `second member of ${groupId}`;
export const exists = (groupId: string): string => `group ${groupId}`;

/**
 * One thing that is so or not so: the account exists, it is active, it is a member of a group, a group exists.
 */
export type Cell = string;

export interface Write {
  t: number;
  author: 'hold' | 'admin';
  moment: Moment;
  /** It landed after its sender had given it up, or a second time. */
  late: boolean;
  /** Of a late write: the moment in which it was sent. */
  sentIn: Moment;
  cell: Cell;
  wanted: boolean;
  before: boolean;
  after: boolean;
}

/** A write that the hold sent, and what it learned of it. */
export interface Sent {
  t: number;
  attempt: number;
  moment: Moment;
  cell: Cell;
  wanted: boolean;
  /** `unknown`: there was no answer, or one that was not true. */
  answer: 'done' | 'refused' | 'unknown';
}

/** An attempt of the block. */
export interface Attempt {
  n: number;
  began: number;
  ended?: number;
  /** What it reported to have set out to take. */
  reported: Set<Cell>;
  /** Its result is not known. */
  failed: boolean;
}

export interface GroupState {
  id: string;
  /** The name as of now, and the one that it began with. */
  name: string;
  firstName: string;
  formerNames: string[];
}

export class Ledger {
  t = 0;
  readonly cells = new Map<Cell, boolean>();
  readonly initial = new Map<Cell, boolean>();
  readonly groups = new Map<string, GroupState>();
  readonly writes: Write[] = [];
  readonly sent: Sent[] = [];
  readonly attempts: Attempt[] = [];
  /** When the hold got to see a cell. */
  readonly looks = new Map<Cell, number[]>();
  /** Groups whose other member went with a removal by the hold, and the attempt that did it. */
  readonly emptied = new Map<string, number>();
  /** Attempts that suffered a fault. */
  readonly suffering = new Set<number>();
  /** When the second account appeared. */
  appeared = 0;
  /** When a name last changed: a group that is renamed becomes critical, or stops being so. */
  readonly renamed = new Map<string, number>();
  /** Changes by the hold to what it must not touch. */
  readonly trespasses: string[] = [];
  /** A readable account of the sequence, for a counterexample. */
  readonly story: string[] = [];

  begin(cell: Cell, value: boolean): void {
    this.cells.set(cell, value);
    this.initial.set(cell, value);
  }

  is(cell: Cell): boolean {
    return this.cells.get(cell) ?? false;
  }

  write(write: Omit<Write, 't' | 'before'>): void {
    const before = this.is(write.cell);
    this.cells.set(write.cell, write.after);
    this.writes.push({ ...write, before, t: this.t });
  }

  /** @param shown the time whose values the answer shows */
  look(cells: Iterable<Cell>, shown: number): void {
    for (const cell of cells) this.looks.set(cell, [...(this.looks.get(cell) ?? []), shown]);
  }

  lastLook(cell: Cell): number {
    return this.looks.get(cell)?.at(-1) ?? 0;
  }

  tell(line: string): void {
    this.t += 1;
    this.story.push(`${String(this.t).padStart(3)} ${line}`);
  }

  /** How it would be had there been no hold: as the last other administrator wanted it, or as it was. */
  withoutHold(cell: Cell): boolean {
    return this.lastByAdmin(cell)?.wanted ?? this.initial.get(cell) ?? false;
  }

  /** Every name that a group has had. */
  names(groupId: string): Set<string> {
    const group = this.groups.get(groupId);
    return new Set(group && [group.firstName, group.name, ...group.formerNames]);
  }

  /** @param cell of the account, or of the second one */
  wasActive(cell: Cell, t: number): boolean {
    const active = cell.startsWith('second ') ? SECOND_ACTIVE : ACTIVE;
    const last = this.writes.findLast((write) => write.cell === active && write.t <= t);
    return last?.after ?? this.initial.get(active) ?? false;
  }

  lastByAdmin(cell: Cell): Write | undefined {
    return this.writes.findLast((write) => write.author === 'admin' && write.cell === cell);
  }

  lastChange(cell: Cell): Write | undefined {
    return this.writes.findLast((write) => write.cell === cell && write.before !== write.after);
  }

  /** The hold took it, and it was not given back before `t`. */
  isHeldAt(cell: Cell, t: number): boolean {
    const last = this.writes.findLast(
      (write) => write.cell === cell && write.before !== write.after && write.t < t,
    );
    return last?.author === 'hold' && !last.after;
  }

  everTaken(cell: Cell): Write | undefined {
    return this.writes.find(
      (write) => write.author === 'hold' && write.cell === cell && write.before && !write.after,
    );
  }
}
