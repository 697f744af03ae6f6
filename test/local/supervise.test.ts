import assert from 'node:assert/strict';
import path from 'node:path';
import { startCalendarServer } from '../../src/local/calendar-process.js';
import { supervise, type ProcessState, type Supervised } from '../../src/local/supervise.js';
import { freePort } from '../../src/local/ports.js';
import { eventually } from '../support/eventually.js';
import { scratchFolder } from '../support/temporal.js';

describe('the switch of a supervised child', () => {
  let child: Supervised;
  let url: string;
  const lines: string[] = [];
  const states: string[] = [];
  let isGivenUp = false;
  before(async () => {
    const folder = await scratchFolder();
    const file = (name: string) => path.join(folder, name);
    const port = await freePort();
    const start = () =>
      startCalendarServer({
        ...{ user: 'hr', password: 'a password', port },
        ...{ dataFile: file('calendar.json'), logFile: file('calendar.log') },
      });
    const started = await supervise(start, {
      report: (line) => lines.push(line),
      changed: () => states.push('a change'),
    });
    ({ url } = started);
    child = started;
    void child.failed.then(() => (isGivenUp = true));
  });
  after(() => child.stop());

  const answers = async (): Promise<boolean> => {
    try {
      return (await fetch(url)).status === 401;
    } catch {
      return false;
    }
  };
  const until = (state: ProcessState['state']) =>
    eventually(state, () => child.switch.now().state === state || undefined);

  it('stops the process until a person starts it again', async () => {
    assert.ok(await answers());
    child.switch.stop();
    assert.equal(child.switch.now().state, 'stopping');
    await until('stopped');
    assert.equal(await answers(), false);
    child.switch.start();
    await until('running');
    assert.ok(await answers());
    assert.match(lines.join('\n'), /is stopped\n.* is back \(process \d+\)$/);
  });

  it('obeys what was asked last, also while the process stops', async () => {
    child.switch.stop();
    child.switch.start();
    await eventually(
      'a new process',
      () => lines.filter((line) => / is back /.test(line)).length === 2 || undefined,
    );
    child.switch.kill();
    child.switch.stop();
    await until('stopped');
    child.switch.start();
    await until('running');
    assert.ok(await answers());
  });

  it('starts a killed process again, as often as a person kills it', async () => {
    for (let n = 0; n < 6; n++) {
      const { since } = child.switch.now();
      child.switch.kill();
      await until('running');
      assert.ok(child.switch.now().since > since);
    }
    assert.equal(isGivenUp, false, lines.join('\n'));
    assert.ok(states.length >= 12, 'each change is told');
  });

  it('ends with the stack while it is stopped', async () => {
    child.switch.stop();
    await until('stopped');
    await child.stop();
    assert.equal(await answers(), false);
  });
});
