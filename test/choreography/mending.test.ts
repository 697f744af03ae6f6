import assert from 'node:assert/strict';
import { settle, untilStep } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';

describe('a stuck step of a choreographed exit', () => {
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld();
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  it('is in the dead letters with the original and the reason, and in the advisories of JetStream', async () => {
    world.mail.refuse((recipient) =>
      recipient.startsWith('boss') ? { code: 550, message: 'no such user' } : undefined,
    );
    const nora = await world.open();
    await untilStep(world, nora, 'notify-manager');
    const letter = await eventually('the dead letter', async () =>
      (await world.deadLetters()).find(({ subject }) => subject.includes(nora.exitId)),
    );
    assert.equal(letter.consumer, 'notification');
    assert.match(letter.reason, /no such user/);
    assert.equal((JSON.parse(letter.data) as { employeeId: string }).employeeId, nora.employeeId);
    await eventually('the advisory', async () => {
      const { state } = await world.bus.jsm.streams.info('EXITS_ADVISORIES');
      return state.messages > 0 || undefined;
    });
    world.mail.refuse(undefined);
    await settle(world, nora, 'notify-manager', 'retry');
    await world.mail.waitFor(nora.manager, 1);
  });
});
