import assert from 'node:assert/strict';
import { all } from '../../src/client/bulk.js';
import { forms, type Form } from '../../src/client/forms.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { openTable as openTableIn, settled as settledIn } from '../support/tables.js';
import { eventually } from '../support/eventually.js';
import { stepOf, type Hired } from '../support/world.js';

const BOSS = 'head-of-hr@acme.example';

describe('a table of resignations', () => {
  let world: BothFormsWorld;
  before(async () => {
    world = await startBothForms({
      systems: ['payroll'],
      config: [['${EMS_PUBLIC_URL:-}', 'https://exits.acme.example']],
    });
  });
  afterEach(async () => {
    world.config.openings = {};
    await world.mend();
  });
  after(() => world.stop());

  const hire = (manager: string, displayName: string) =>
    world.hire({ on: ['payroll'], manager, displayName });

  const openTable = (people: readonly Hired[], form: Form) => openTableIn(world, people, form);
  const settled = (people: readonly Hired[]) => settledIn(world, people);

  /** Waits until the manager is told of each exit. @returns the note of each step */
  const told = (people: readonly Hired[]) =>
    Promise.all(
      people.map(({ employeeId }) =>
        eventually(`the manager of ${employeeId} to be told`, async () => {
          const step = stepOf(await world.application.status({ employeeId }), 'notify-manager');
          return step?.state === 'done' ? { note: step.note ?? '' } : undefined;
        }),
      ),
    );

  for (const form of forms) {
    const [nearby, away] = [`ravi.${form}@acme.example`, `maria.${form}@acme.example`];
    const mailsTo = (email: string) =>
      world.mail.to(email).filter(({ subject }) => /resigned/.test(subject!));

    it(`tells each manager in one mail, and each exit shows it (${form})`, async () => {
      const [dana, eli, fay] = await Promise.all(
        ['Dana Table', 'Eli Table', 'Fay Table'].map((name) => hire(nearby, name)),
      );
      const gus = await hire(away, 'Gus Alone');
      const opened = await openTable([dana!, gus, eli!, fay!], form);
      assert.deepEqual(
        opened.map(({ state }) => state),
        ['opened', 'opened', 'opened', 'opened'],
      );
      const notes = await told([dana!, eli!, fay!, gus]);
      const by = `told by the mail of the exit of ${fay!.employeeId}`;
      assert.deepEqual(
        notes.map(({ note }) => note.includes(by)),
        [true, true, false, false],
      );
      const [mail, ...others] = mailsTo(nearby);
      assert.deepEqual(others, []);
      assert.equal(mail!.subject, '3 employees have resigned');
      for (const { employeeId } of [dana!, eli!, fay!]) {
        const { exitId } = await world.application.status({ employeeId });
        assert.ok(mail!.text!.includes(employeeId), mail!.text);
        assert.ok(mail!.text!.includes(`https://exits.acme.example/exits/${exitId}`), mail!.text);
        const { mails } = await world.application.report({ employeeId }, 'test');
        assert.ok(
          mails.some(({ to, messageId }) => to === nearby && messageId === mail!.messageId),
          JSON.stringify(mails),
        );
      }
      assert.deepEqual(
        mailsTo(away).map(({ subject }) => subject),
        ['Gus Alone has resigned'],
      );
      await settled([dana!, eli!, fay!, gus]);
    });

    it(`does so as well once a second person has confirmed it (${form})`, async () => {
      world.config.openings = { perTable: 1 };
      const manager = `second.${nearby}`;
      const people = await Promise.all(['Hal Table', 'Ida Table'].map((name) => hire(manager, name)));
      const kept = await openTable(people, form);
      assert.deepEqual(
        kept.map(({ state }) => state),
        ['waiting', 'waiting'],
      );
      const ids = people.map(({ employeeId }) => employeeId);
      await all(await world.application.confirmOpenings(ids, { by: BOSS }));
      await told(people);
      assert.deepEqual(
        mailsTo(manager).map(({ subject }) => subject),
        ['2 employees have resigned'],
      );
      await settled(people);
    });
  }
});
