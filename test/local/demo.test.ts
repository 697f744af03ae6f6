import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startRadicale, type CalendarServer } from '../support/radicale.js';

describe('@long the demo, where a calendar is configured', () => {
  let server: CalendarServer;
  before(async () => {
    server = await startRadicale();
  });
  after(() => server.stop());

  it('shows the interview in the calendar in both forms, and that it goes when the employee stays', async () => {
    const { url, user, password } = await server.calendar('hr');
    const { stdout } = await promisify(execFile)(process.execPath, ['dist/src/local/demo.js'], {
      env: {
        ...process.env,
        HR_CALENDAR_URL: url,
        HR_CALENDAR_USER: user,
        HR_CALENDAR_PASSWORD: password,
      },
    });
    for (const employeeId of ['E-1004', 'E-1006', 'E-1007', 'E-1011'])
      assert.match(stdout, new RegExp(`✔ ${employeeId} had the interview in the calendar of Acme HR`));
    for (const retained of ['E-1004', 'E-1007'])
      assert.match(stdout, new RegExp(`✔ ${retained} has no interview there any more`));
    for (const leaving of ['E-1006', 'E-1011'])
      assert.match(stdout, new RegExp(`✔ ${leaving} still has the interview there`));
    assert.match(stdout, /Orchestrated +✔ all \d+ checks hold/);
    assert.match(stdout, /Choreographed +✔ all \d+ checks hold/);
    assert.ok(!stdout.includes(password));
  });
});
