/** Finds the employee's accounts, and records what the hold may take from each. Writes nothing. */
import { bounded, type Capture, type HoldKind } from '../../exit/hold-facts.js';
import type { Person } from '../../exit/matching.js';
import type { AccessPort } from './access-port.js';
import { describe, findAccounts, type Matching } from './find-accounts.js';
import type { Known } from './whose-account.js';
import { strategyOf } from './strategies.js';

export const capture =
  (port: AccessPort, matching: Matching) =>
  async (employee: Person, hold: HoldKind, signal: AbortSignal, known: Known = {}): Promise<Capture> => {
    const found = await findAccounts(port, matching, employee, known, signal);
    const strategy = strategyOf(port, hold);
    const accounts: Capture['accounts'] = [];
    for (const { id, userName, identities, active } of found.accounts) {
      const membershipsAt = new Date().toISOString();
      const { groups, memberships } = await strategy.look(id, signal);
      const atRisk = memberships && {
        memberships: bounded(memberships),
        membershipCount: memberships.length,
        membershipsAt,
      };
      accounts.push({ id, userName, identities, active, groups, ...atRisk });
    }
    const notes = found.left.length > 0 ? [...found.notes, `left out: ${describe(found.left)}`] : found.notes;
    const { restore, tokensLiveMs } = await port.capabilities(signal);
    const capturedAt = new Date().toISOString();
    return { system: port.system, capturedAt, accounts, notes, cost: { restore, tokensLiveMs } };
  };
