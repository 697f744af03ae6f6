/** The hold of kind `suspend`: deactivates the account. */
import type { AccessPort } from './access-port.js';
import { setActive } from './converge.js';
import type { Strategy } from './hold-strategy.js';

const BY_OTHERS = 'another administrator suspended it after the capture';

export const suspendStrategy = (port: AccessPort): Strategy => ({
  groupsToTake: () => Promise.resolve([]),

  // A suspended account is no active member of any group.
  endangers: ({ active }, groups) => (active ? groups : []),

  async block(captured, user, tried, trying, signal) {
    const held = { taken: tried, version: user.version, uncaptured: [], notes: [], writes: 0 };
    if (!user.active) {
      if (tried.suspended) return held;
      return { ...held, notes: [captured.active ? BY_OTHERS : 'already suspended before the hold'] };
    }
    const taken = { ...tried, suspended: true };
    await trying(taken);
    const { seen, writes } = await setActive(port, captured, false, signal);
    const now = { ...held, version: seen?.version, writes };
    if (writes > 0 || tried.suspended) return { ...now, taken };
    // No write of ours took effect: another administrator suspended it, and the hold must not give that back.
    return { ...now, notes: [seen ? BY_OTHERS : 'the account no longer exists'] };
  },

  async driftOf(id, signal) {
    const user = await port.read({ id }, signal);
    return user?.active ? 'the account is active again' : undefined;
  },
});
