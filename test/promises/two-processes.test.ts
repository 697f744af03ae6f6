import assert from 'node:assert/strict';
import { withoutEtags } from '../contract/quirks.js';
import { CRITICAL_GROUPS, stepOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { opened, untilStep, waiting } from './on-the-way.js';

const BLOCK = 'block-access:production';

inBothForms(
  'where another process removes a member from the same group in the same moment, without versions',
  { systems: ['production'] },
  (company) => {
    afterEach(() => company().proxies.production.quirk(undefined));

    /** That member goes with the first removal, and this process has not removed them. */
    const goesWithTheFirst = async (member: string): Promise<void> => {
      const { admin, proxies, stopServing, startServing } = company();
      await stopServing();
      const { id } = (await admin.production.groupIds()).find(
        (each) => each.displayName === CRITICAL_GROUPS[0],
      )!;
      await admin.production.addMember(id, member);
      await startServing();
      proxies.production.quirk((forward) => async (request) => {
        const answer = await withoutEtags(forward)(request);
        if (request.method === 'PATCH' && request.path.endsWith(id))
          await admin.production.removeMember(id, member);
        return answer;
      });
    };

    it('a block is not held up by the exit of that member, and notes it', async () => {
      const ravi = await waiting(company());
      await goesWithTheFirst(ravi.accounts.production!);
      const nora = await waiting(company());
      const { note } = stepOf(await company().exits.status(nora.employeeId), BLOCK)!;
      assert.match(note!, /no longer lists 1 other member of .*, by their own exits/);
    });

    it('a block asks a person where that member has no exit', async () => {
      const ravi = await company().hire();
      await goesWithTheFirst(ravi.accounts.production!);
      const nora = await opened(company());
      const { error } = stepOf(await untilStep(company(), nora, BLOCK), BLOCK)!;
      assert.match(error!, /no longer lists 1 other member of /);
    });
  },
);
