import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { searchAttributes } from '../../src/workflows/search-attributes.js';
import { ended } from '../promises/on-the-way.js';
import { HR, startWorld, type Hired, type World } from '../support/world.js';

/** What the Web UI asks a workflow for when its page is opened. */
interface Metadata {
  currentDetails: string;
  definition: Record<
    'signalDefinitions' | 'queryDefinitions' | 'updateDefinitions',
    { name: string; description?: string }[]
  >;
}

describe('an exit in the Web UI', () => {
  let world: World;
  let nora: Hired;
  before(async () => {
    world = await startWorld({ config: [['requestTimeout: PT10S', 'requestTimeout: PT3S']] });
    nora = await world.hire({ displayName: 'Nora [O’Neil](http://evil.example) | <b>' });
    await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
  });
  after(() => world.stop());

  const handle = () => world.client.workflow.getHandle(exitWorkflowId(nora.employeeId));
  const metadata = () => handle().query<Metadata>('__temporal_workflow_metadata');

  it('says what it is and what to do, from the start', async () => {
    const description = await handle().describe();
    assert.match((await description.staticSummary()) ?? '', new RegExp(nora.employeeId));
    assert.match((await description.staticDetails()) ?? '', /ems decide/);
  });

  it('shows who, the phase, each step with its state, and who is waited for', async () => {
    const { currentDetails } = await metadata();
    assert.match(currentDetails, new RegExp(`\\(${nora.employeeId}\\): awaiting-decision`));
    assert.match(currentDetails, /hr@acme\.example.* is to decide by .*: retained or leaving/);
    for (const step of ['look-up-employee', 'notify-manager', 'block-access:production'])
      assert.match(currentDetails, new RegExp(`- ${step}: \\*\\*done\\*\\*`));
  });

  it('shows names as text: none becomes a link or a table', async () => {
    const { currentDetails } = await metadata();
    assert.ok(currentDetails.includes('Nora \\[O’Neil\\](http://evil.example) \\| \\<b\\>'), currentDetails);
  });

  it('describes each way to talk to it', async () => {
    const { definition } = await metadata();
    const described = [
      ...definition.signalDefinitions,
      ...definition.queryDefinitions,
      ...definition.updateDefinitions,
    ].filter(({ name, description }) => !name.startsWith('__') && description);
    assert.deepEqual(described.map(({ name }) => name).toSorted(), [
      'amendResignation',
      'decisionFinalised',
      'finaliseDecision',
      'handOver',
      'holdDrifted',
      'mailAlsoOf',
      'rejectProposal',
      'rescheduleInterview',
      'resolveStep',
      'status',
      'weighDecision',
    ]);
  });

  it('has a summary on every activity and timer', async () => {
    const effectiveOn = new Date(Date.now() + 9 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR, effectiveOn });
    await world.untilPhase(nora, 'awaiting-effective-date');
    await ended(world, nora, 'retained');
    const { events } = await handle().fetchHistory();
    const scheduled = events!.filter(
      (event) => event.activityTaskScheduledEventAttributes || event.timerStartedEventAttributes,
    );
    assert.ok(scheduled.some((event) => event.timerStartedEventAttributes));
    for (const { userMetadata, eventId } of scheduled)
      assert.ok(userMetadata?.summary?.data?.length, `event ${String(eventId)} has no summary`);
  });

  it('shows in the list by its search attributes, which hold no name', async () => {
    const nora = await world.hire();
    await world.exits.open({ employeeId: nora.employeeId, lastWorkingDay: '2999-12-31' });
    await world.untilPhase(nora, 'awaiting-decision');
    const handle = world.client.workflow.getHandle(exitWorkflowId(nora.employeeId));
    const { typedSearchAttributes: shown } = await handle.describe();
    assert.equal(shown.get(searchAttributes.EmployeeId), nora.employeeId);
    assert.equal(shown.get(searchAttributes.ExitPhase), 'awaiting-decision');
    assert.equal(shown.get(searchAttributes.NeedsAttention), false);
    assert.equal(shown.get(searchAttributes.LastWorkingDay)?.toISOString(), '2999-12-31T00:00:00.000Z');
    assert.equal(shown.get(searchAttributes.ExitOutcome), undefined);

    await ended(world, nora, { outcome: 'leaving', decidedBy: HR, now: true });
    const { typedSearchAttributes: last } = await handle.describe();
    assert.equal(last.get(searchAttributes.ExitPhase), 'closed');
    assert.equal(last.get(searchAttributes.ExitOutcome), 'leaving');
    assert.doesNotMatch(JSON.stringify(last), /Nora|boss/);
  });
});
