import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Worker } from '@temporalio/worker';
import { payloadConverterPath, workflowBundlePath } from '../../src/temporal/namespace.js';
import { scratchFolder } from '../support/temporal.js';
import { startWorld } from '../support/world.js';

const folder = 'test/histories';

/** As `historyToJSON` writes it, with what is read here. */
interface Recorded {
  events: { workflowExecutionStartedEventAttributes: { workflowId: string } }[];
}

describe('exits that earlier code began', () => {
  it('replay on the present code, on each of the main paths', async () => {
    const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));
    const recorded = new Set(files.map((file) => path.basename(file, '.json')));
    const paths = ['awaiting-decision', 'retained', 'leaving', 'cancelled', 'attention-and-mended'];
    for (const name of paths) assert.ok(recorded.has(name), `the corpus has no ${name}.json`);

    const replays = Worker.runReplayHistories(
      { workflowBundle: { codePath: workflowBundlePath }, dataConverter: { payloadConverterPath } },
      files.map((file) => {
        const history = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Recorded;
        const { workflowId } = history.events[0]!.workflowExecutionStartedEventAttributes;
        return { workflowId, history };
      }),
    );
    let replayed = 0;
    for await (const { workflowId, error } of replays) {
      assert.equal(error, undefined, `${workflowId}: ${error?.message}`);
      replayed += 1;
    }
    assert.equal(replayed, files.length);
  });
});

/** Says which scripts an inspector of the process sees. */
const INSPECTOR = `data:text/javascript,${encodeURIComponent(`
  import { Session } from 'node:inspector';
  const session = new Session();
  session.connect();
  const urls = [];
  session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
  session.post('Debugger.enable');
  process.on('exit', () => console.log(urls.join('\\n')));
`)}`;

/** `npm run replay`, with an inspector that never stops it. */
async function replay(exit: string, env: Record<string, string> = {}): Promise<string> {
  const args = ['--import', INSPECTOR, 'dist/scripts/replay.js', exit];
  const ran = promisify(execFile)(process.execPath, args, { env: { PATH: process.env['PATH'], ...env } });
  return (await ran).stdout;
}

describe('npm run replay', () => {
  it('runs the workflow over a saved history, where an inspector sees its code', async () => {
    const printed = await replay(path.join(folder, 'leaving.json'));
    assert.match(printed, /workflow-bundle\.cjs$/m);
    assert.match(printed, /^exit-\S+: \d+ events replayed\.$/m);
  });

  it('refuses a history that the workflow of today does not make', async () => {
    const history = readFileSync(path.join(folder, 'leaving.json'), 'utf8');
    const file = path.join(await scratchFolder(), 'changed.json');
    await writeFile(file, history.replaceAll('"notifyManager"', '"notifyNeighbour"'));
    await assert.rejects(replay(file), /DeterminismViolationError/);
  });

  it('refuses a file that is no history, and says what to give', async () => {
    await assert.rejects(replay('package.json'), /package\.json is no history .*, or an employee id\n/);
  });

  it('runs the workflow over the history of an exit that is open, and says where there is none', async () => {
    const world = await startWorld();
    const nora = await world.hire();
    await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    assert.match(await replay(nora.employeeId, world.env), /^exit-\S+: \d+ events replayed\.$/m);
    await assert.rejects(replay('T-none', world.env), /has no exit of T-none, and there is no such file/);
    await world.stop();
  });
});
