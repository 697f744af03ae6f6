/** Finds the employee's accounts, and records what the hold may take from each. Writes nothing. */
import { bounded, boundedNotes } from '../../exit/bounds.js';
import { cannotTell } from '../../exit/failures.js';
import type { Capture, HoldKind } from '../../exit/hold-facts.js';
import type { Person } from '../../exit/matching.js';
import type { AccessPort } from './access-port.js';
import { notesOfEnd } from './activation.js';
import { describe, findAccounts, type Matching } from './find-accounts.js';
import { foundNow, has, passedOn } from './still-theirs.js';
import type { Known } from './whose-account.js';
import { strategyOf } from './strategies.js';

export const capture =
  (port: AccessPort, matching: Matching) =>
  async (employee: Person, hold: HoldKind, signal: AbortSignal, known: Known = {}): Promise<Capture> => {
    const found = await findAccounts(port, matching, employee, known, signal);
    await assertTheirs();
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
      const shows = found.showing[id];
      accounts.push({ id, userName, identities, active, groups, ...(shows && { shows }), ...atRisk });
    }
    const leftOut = found.left.length > 0 ? [`left out: ${describe(found.left)}`] : [];
    const notes = [...found.notes, ...leftOut, ...found.accounts.flatMap(notesOfEnd)];
    const { restore, tokensLiveMs, doubt } = await port.capabilities(signal);
    const capturedAt = new Date().toISOString();
    const cost = { restore, tokensLiveMs, ...(doubt && { doubt }) };
    return {
      ...{ system: port.system, capturedAt, accounts, cost, unfound: found.unfound },
      notes: boundedNotes(notes),
    };

    /** The next block writes to each held account, also to one that the keys find no longer. @throws FinalFailure CannotTell */
    async function assertTheirs(): Promise<void> {
      const { held = [], vouched = [] } = known;
      const listed = [...found.accounts, ...found.left];
      for (const id of held.filter((each) => !vouched.includes(each) && !has(listed, each))) {
        const user = await port.read({ id }, signal);
        // One that was deleted, or is as inactive as the hold left it, is not written to.
        if (!user || user.active === false) continue;
        const now = await foundNow(port, matching, employee, user, known, signal);
        if (now && !has(now, id)) throw cannotTell(passedOn(port, user, user, matching, employee));
      }
    }
  };
