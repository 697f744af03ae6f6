/** The strategy of each kind of hold. */
import type { HoldKind } from '../../exit/hold-facts.js';
import type { AccessPort } from './access-port.js';
import { groupsStrategy } from './groups-strategy.js';
import type { Strategy } from './hold-strategy.js';
import { suspendStrategy } from './suspend-strategy.js';

export function strategyOf(port: AccessPort, hold: HoldKind): Strategy {
  switch (hold.kind) {
    case 'suspend':
      return suspendStrategy(port);
    case 'groups':
      return groupsStrategy(port, hold.groups);
  }
}
