/** Whether a reactivation is to be looked at again: some systems take memberships of the account some moments after one. */
import type { AccessPort } from './access-port.js';

/** How long after the reactivation a look is a later one, in milliseconds. */
const LATER_MS = 1_000;

interface Reactivations {
  /** The system has once left an account all its memberships until a later look: it is not looked at again. */
  isSteady: boolean;
  /** By account id, when this process reactivated it. */
  atMs: Map<string, number>;
}

const known = new WeakMap<AccessPort, Reactivations>();

function of(port: AccessPort): Reactivations {
  const reactivations = known.get(port) ?? { isSteady: false, atMs: new Map() };
  known.set(port, reactivations);
  return reactivations;
}

export const isSteady = (port: AccessPort): boolean => of(port).isSteady;

export function noteReactivation(port: AccessPort, accountId: string): void {
  const { isSteady, atMs } = of(port);
  if (!isSteady) atMs.set(accountId, Date.now());
}

/** All memberships were seen by a look after a restore. */
export function noteIntact(port: AccessPort, accountId: string): void {
  const reactivations = of(port);
  const { atMs } = reactivations;
  const at = atMs.get(accountId);
  if (at === undefined || Date.now() - at < LATER_MS) return;
  reactivations.isSteady = true;
  atMs.clear();
}
