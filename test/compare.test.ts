import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { countLines } from '../bench/compare/lines.js';

const run = promisify(execFile);

interface Series {
  exits: number;
  blockP50Ms: { median: number };
  allP50Ms: { median: number };
}
interface Document {
  isQuick: boolean;
  figures: {
    footprint: { rest: Record<string, { processes: number; memoryMb: { engine: number; workers: number } }> };
    latency: Record<string, { alone: Series; load: Series }>;
    table: Record<string, { table: Pick<Series, 'exits' | 'blockP50Ms'> }>;
    throughput: Record<string, { perSecond: { median: number } }>;
    subscribers: Record<string, { series: Series; events: { median: number } }>;
    outage: { form: string; waited: object; lost: number }[];
    kill: { form: string; killed: string; lost: number; underWayMs: { median: number } }[];
    diagnosis: { stuck: string; by: string; found: boolean; commands: { output: string }[] }[];
  };
}

const document = 'bench/results/compare.md';
const forms = ['choreographed, 3 services', 'orchestrated, 4 workers'];

describe('@long npm run compare', () => {
  it('runs the same exits through both forms, and reports every figure', async function () {
    this.timeout(600_000);
    const before = await readFile(document, 'utf8');
    const { stdout } = await run(process.execPath, ['dist/bench/compare.js', '--quick', '--json'], {
      maxBuffer: 16 * 1024 * 1024,
    });
    const { isQuick, figures } = JSON.parse(stdout) as Document;

    assert.equal(isQuick, true);
    assert.equal(await readFile(document, 'utf8'), before, 'a quick run writes no document');
    for (const figure of [figures.footprint.rest, figures.latency, figures.throughput])
      assert.deepEqual(Object.keys(figure).toSorted(), forms);
    for (const { alone, load } of Object.values(figures.latency))
      for (const { exits, blockP50Ms, allP50Ms } of [alone, load]) {
        assert.ok(exits > 0);
        assert.ok(blockP50Ms.median > 0 && blockP50Ms.median <= allP50Ms.median);
      }
    assert.deepEqual(
      Object.values(figures.table).map(({ table }) => table.exits),
      [3, 3],
    );
    for (const { perSecond } of Object.values(figures.throughput)) assert.ok(perSecond.median > 0);
    assert.equal(Object.keys(figures.subscribers).length, 3);
    for (const { series, events } of Object.values(figures.subscribers))
      assert.ok(series.exits > 0 && series.blockP50Ms.median > 0 && events.median > 5);
    for (const { memoryMb } of Object.values(figures.footprint.rest))
      assert.ok(memoryMb.engine > 0 && memoryMb.workers > 0);
    assert.deepEqual(
      figures.outage.map(({ form, lost }) => [form, lost]),
      forms.map((form) => [form, 0]),
    );
    // On a busy machine other effects are late as well: other tests assert that they do not wait.
    for (const { waited } of figures.outage) assert.ok('invited' in waited);
    assert.deepEqual(
      figures.kill.map(({ form, killed, lost }) => [form, killed, lost]),
      forms.flatMap((form) => [
        [form, 'none', 0],
        [form, 'engine', 0],
      ]),
    );
    const refused = figures.diagnosis.filter(({ stuck }) => stuck.includes('refused'));
    assert.equal(refused.length, 4);
    assert.ok(refused.find(({ by }) => by.startsWith('orchestrated'))!.found);
  });

  it('has a place in the document for the tables of each phase', async () => {
    const text = await readFile(document, 'utf8');
    for (const name of [
      'footprint',
      'latency',
      'table',
      'throughput',
      'subscribers',
      'outage',
      'kill',
      'diagnosis',
    ])
      assert.match(text, new RegExp(`<!-- ${name} -->[^]*<!-- /${name} -->`));
  });

  it('counts each file of src/ once, and finds files of each form', async () => {
    const lines = await countLines();
    for (const of of Object.values(lines)) assert.ok(of.files > 0 && of.lines > of.files);
    assert.ok(lines['shared by both'].lines > 1000);
  });
});
