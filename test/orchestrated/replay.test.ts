import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from '@temporalio/worker';
import { payloadConverterPath, workflowBundlePath } from '../../src/temporal/namespace.js';

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
