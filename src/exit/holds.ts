/** The holds on all accounts of one employee in one critical system. Most employees have one account, or none. */
import type { WatchedAccount } from './drift.js';
import { together } from './failures.js';
import type { Capture, CapturedAccount, GroupRef, HoldKind, Taken } from './hold-facts.js';
import { noHold, observed, perform, type Held, type HoldContext, type Performer } from './hold.js';

/** Always at least one; the first has no account where the system has none of the employee. Plain JSON, which a record can keep. */
export type Holds = Held[];

export const noHolds: Holds = [noHold];

export interface HoldsPerformer extends Omit<Performer, 'held' | 'capture'> {
  holds: Holds;
  /** Finds every account of the employee. @param held the ids of those that have a hold */
  capture: (held: string[]) => Promise<Capture>;
}

/**
 * Carries every hold to the goal. A failure on one account leaves none of the others as it is.
 * @returns notes for an auditor
 * @throws the failures of the accounts, together
 */
export async function performAll(performer: HoldsPerformer, on: Omit<HoldContext, 'now'>): Promise<string[]> {
  const notes = new Set<string>();
  const failures: unknown[] = [];
  // A capture may add holds. A revocation is one move for all accounts.
  const isOver = (index: number) => index === (on.goal.to === 'revoke' ? 1 : performer.holds.length);
  for (let index = 0; !isOver(index); index++) {
    try {
      for (const note of await perform(one(performer, index, on), on)) notes.add(note);
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (failures.length > 0) throw together(failures, [...notes].filter(isLoss));
  return [...notes];
}

/** A note of a restore on what is not as it was. */
const isLoss = (note: string): boolean => note.startsWith('not given back: ');

function one(performer: HoldsPerformer, index: number, on: Omit<HoldContext, 'now'>): Performer {
  return {
    ...performer,
    get held() {
      return performer.holds[index]!;
    },
    set held(held) {
      performer.holds = performer.holds.with(index, held);
    },
    capture: async () => {
      const capture = await performer.capture(accountsOf(performer.holds).map(({ id }) => id));
      const own = performer.holds[index]!.capture?.account;
      const of = (id: string | undefined) => ({
        account: capture.accounts.find((account) => account.id === id),
        taken: id === undefined ? undefined : capture.taken?.[id],
        capturedAt: capture.capturedAt,
        notes: capture.notes,
        cost: capture.cost,
        revokingSince: capture.revokingSince,
        unfound: capture.unfound,
      });
      const isHeld = (id: string) => performer.holds.some((held) => held.capture?.account?.id === id);
      const [first, ...others] = capture.accounts.map(({ id }) => id).filter((id) => !isHeld(id));
      const added = own && first !== undefined ? [first, ...others] : others;
      const context = { ...on, now: performer.now() };
      performer.holds = [
        ...performer.holds.map((held, n) => {
          const id = held.capture?.account?.id;
          return n === index || id === undefined ? held : observed(held, { captured: of(id) }, context);
        }),
        ...added.map((id) => observed(noHold, { captured: of(id) }, context)),
      ];
      return of(own?.id ?? first);
    },
  };
}

/** The accounts as they were before the first write. */
export const accountsOf = (holds: Holds): CapturedAccount[] =>
  holds.flatMap(({ capture }) => capture?.account ?? []);

/** @returns the ids of the other accounts */
export const othersOf = (holds: Holds, { id }: Pick<CapturedAccount, 'id'>): string[] =>
  accountsOf(holds).flatMap((each) => (each.id === id ? [] : each.id));

/** @param taken by account id */
export const watchedOf = (
  accounts: readonly Pick<CapturedAccount, 'id' | 'groups' | 'shows'>[],
  taken: Record<string, Taken | undefined>,
  { kind }: HoldKind,
): WatchedAccount[] =>
  accounts.map(({ id, groups: captured, shows }) => {
    // What went besides is given back at the end: a hold neither watches nor takes it again.
    const isHeld = (group: GroupRef) => kind === 'groups' && captured.some((each) => each.id === group.id);
    const { groups = [], untold } = taken[id] ?? {};
    const held = groups.filter(isHeld).map((group) => group.id);
    return { id, groups: held, ...(untold && { untold }), ...(shows !== undefined && { shows }) };
  });

/** The data of `access.blocked`; without a capture before the first one. */
export function evidenceOf(system: string, holds: Holds) {
  const { capture } = holds[0]!;
  if (!capture) return {};
  const { capturedAt, notes, cost } = capture;
  return {
    capture: { system, capturedAt, accounts: accountsOf(holds), notes, cost },
    taken: byAccount(holds, ({ taken }) => taken),
  };
}

/** @returns a value of each hold, by the id of its account */
export function byAccount<T>(holds: Holds, valueOf: (held: Held) => T | undefined): Record<string, T> {
  const entries = holds.flatMap((held) => {
    const id = held.capture?.account?.id;
    const value = valueOf(held);
    return id === undefined || value === undefined ? [] : [[id, value] as const];
  });
  return Object.fromEntries(entries);
}

export const identitiesOf = (accounts: readonly CapturedAccount[]): string[] =>
  accounts.flatMap(({ identities }) => identities);
