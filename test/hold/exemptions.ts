/**
 * The histories that SCIM cannot tell apart. It does not say who set a value, so somebody else who sets the very value that the hold
 * sets is taken for the hold. These, and no others, are exempt; how often each was needed is counted.
 *
 * | class | history | why nobody could know |
 * | --- | --- | --- |
 * | the same value as ours | the hold took it; somebody else takes it as well; the restore gives it back | gone is gone: the value does not say that two wanted it so |
 * | the same value, while our write was on its way | the hold has seen it and sent its write; somebody else takes it first; nobody refuses the write, or nobody hears that it was refused | a 200 to a write that changed nothing, or no answer, looks like one that did |
 * | the same value, and the attempt was lost | an attempt reported that it was about to take it and never came to an end; somebody else takes it | its write may have been sent; only its end would have told |
 * | nobody could say what was taken | the block was cancelled and its reports could not be had; what is gone counts as ours | as above, for everything |
 * | given by somebody after the last look | reported as gone, and given by somebody between that look and the report | an observation is of the moment in which it is made |
 */
import type { Cell } from './ledger.js';
import type { Played } from './invariants.js';

export type Excuse =
  | 'the same value as ours'
  | 'the same value, while our write was on its way'
  | 'the same value, and the attempt was lost'
  | 'nobody could say what was taken'
  | 'given by somebody after the last look';

export class Excuses {
  readonly used = new Map<Excuse, number>();
  use(excuse: Excuse): void {
    this.used.set(excuse, (this.used.get(excuse) ?? 0) + 1);
  }
}

/** Why the restore may have given what, by the ledger, somebody else had taken. */
export function excuseForGivingBack(cell: Cell, { ledger, wasLost, hasEtags }: Played): Excuse | undefined {
  const theirs = ledger.lastByAdmin(cell);
  // Nobody else took it, and it was not there: no excuse.
  if (!theirs) return undefined;
  const ours = ledger.everTaken(cell);
  if (ours && ours.t < theirs.t) return 'the same value as ours';
  const sent = ledger.sent.some(
    (sent) => sent.cell === cell && !sent.wanted && sent.moment === 'block' && !sent.refused,
  );
  if (sent) return 'the same value, while our write was on its way';
  const lost = ledger.attempts.some(
    ({ reported, failed, began }) => failed && reported.has(cell) && began < theirs.t,
  );
  if (lost) return 'the same value, and the attempt was lost';
  void hasEtags;
  return wasLost ? 'nobody could say what was taken' : undefined;
}
