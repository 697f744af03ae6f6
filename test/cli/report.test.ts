import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Evidence } from '../../src/exit/evidence/evidence.js';
import { ended } from '../promises/on-the-way.js';
import { answer, ems, page, refusal } from '../support/ems.js';
import { readPage } from '../support/report-page.js';
import { scratchFolder } from '../support/temporal.js';
import { HR, IT, startWorld, systems, type Hired, type World } from '../support/world.js';

const HOSTILE = `</style><script>alert("1")</script><img src=x onerror=alert(2)> {{ 7 | times: 6 }} \u202Egnp`;

describe('ems report', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  async function closed(
    outcome: 'retained' | 'leaving',
    hire: Parameters<World['hire']>[0] = {},
    note?: string,
  ): Promise<Hired> {
    const nora = await world.hire(hire);
    await world.exits.open({ employeeId: nora.employeeId, ...(note && { reason: note }) });
    await world.untilPhase(nora, 'awaiting-decision');
    await ended(world, nora, { outcome, decidedBy: HR, note });
    return nora;
  }

  it('prints a page about the exit, with the two times on top', async () => {
    const nora = await closed('retained');
    const [html, evidence] = await Promise.all([
      page(world.env, 'report', nora.employeeId),
      answer<Evidence>(world.env, 'report', nora.employeeId),
    ]);
    const { all, text, tableAfter } = readPage(html);
    assert.match(text(all('h1')[0]), new RegExp(`^Nora Test \\d+ \\(${nora.employeeId}\\)$`));
    assert.equal(
      text(all('p').find(({ attrs }) => attrs.some(({ value }) => value === 'verdict'))),
      evidence.verdict,
    );
    assert.match(
      text(),
      /Resignation to verified block ?0\.\d{3} s|Resignation to verified block ?\d+\.\d s/,
    );
    assert.match(text(), /Decision to verified restoration/);
    for (const system of systems) {
      const [head, observed, account] = tableAfter(system);
      assert.deepEqual(head, ['', 'Before', 'Taken by the hold', 'Given back', 'After']);
      assert.equal(observed![0], 'Seen');
      assert.deepEqual([account![1], account!.at(-1)], ['active', 'active']);
    }
    const groups = tableAfter('production')[3]!;
    assert.deepEqual(
      new Set(groups.slice(1)),
      new Set([groups[1]]),
      'taken, given back and seen after: as before',
    );
    assert.equal(tableAfter('Decisions').length, 2);
    assert.equal(tableAfter('Mails').length - 1, evidence.mails.length);
    assert.equal(tableAfter('Timeline').length - 1, evidence.timeline.length);
    // In the company's time zone, with its offset.
    const opened = tableAfter('The exit')[0]![1]!;
    const [, day, time, offset] = /^(\S+) (\S+) ([+-]\d\d:\d\d)/.exec(opened)!;
    assert.equal(
      Date.parse(`${day}T${time}${offset}`),
      Math.floor(Date.parse(evidence.openedAt) / 1000) * 1000,
    );
    assert.ok(['+01:00', '+02:00'].includes(offset!));
    assert.match(
      text(all('footer')[0]),
      new RegExp(`history of the workflow exit-${nora.employeeId}, run ${evidence.source.runId}`),
    );
  });

  it('is one self-contained file: no script, no link, no picture', async () => {
    const nora = await closed('leaving');
    const { all, text } = readPage(await page(world.env, 'report', nora.employeeId));
    for (const tag of ['script', 'link', 'img', 'iframe', 'object', 'a'])
      assert.equal(all(tag).length, 0, tag);
    for (const { attrs } of all('meta'))
      assert.ok(!attrs.some(({ name, value }) => name === 'http-equiv' && value === 'refresh'));
    assert.match(text(all('style')[0]), /@page/);
    assert.doesNotMatch(text(all('style')[0]), /url\(|@import/);
  });

  it('shows names and notes as text and nothing else', async () => {
    const nora = await closed('leaving', { displayName: HOSTILE }, HOSTILE);
    const { all, text } = readPage(await page(world.env, 'report', nora.employeeId));
    assert.deepEqual([all('script').length, all('img').length, all('style').length], [0, 0, 1]);
    const shown = HOSTILE.replace('\u202E', '\\u{202e}');
    assert.ok(text(all('h1')[0]).startsWith(shown));
    assert.equal(text().split(shown).length - 1 >= 3, true, 'as the name, the reason and the note');
    assert.doesNotMatch(text(), /\u202E/);
  });

  it('writes with --out a file that only its owner reads, says so on stderr, and nothing on stdout', async () => {
    const nora = await closed('retained');
    const folder = await scratchFolder();
    for (const [file, ...flags] of [['report.html'], ['report.json', '--json']]) {
      const out = path.join(folder, file!);
      const { code, stdout, stderr } = await ems(
        world.env,
        'report',
        nora.employeeId,
        '--out',
        out,
        ...flags,
      );
      assert.deepEqual(
        { code, stdout, stderr },
        { code: 0, stdout: '', stderr: `The report on ${nora.employeeId} is in ${out}\n` },
      );
      assert.equal((await stat(out)).mode & 0o777, 0o600);
    }
    assert.match(await readFile(path.join(folder, 'report.html'), 'utf8'), /^<!doctype html>/);
    const { employee } = JSON.parse(await readFile(path.join(folder, 'report.json'), 'utf8')) as Evidence;
    assert.equal(employee.employeeId, nora.employeeId);
  });

  it('of an open exit shows what is missing, and what an operator did', async () => {
    const nora = await world.hire();
    world.proxies.code.fault(() => ({ kind: 'answer', status: 403 }));
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(nora, 'attention', ({ needsAttention }) => needsAttention);
    const step = { step: 'block-access', system: 'code', by: IT };
    await world.exits.resolve(nora.employeeId, { ...step, action: 'skip', evidence: 'TICKET-42' });
    await world.mend();
    const { text, tableAfter } = readPage(await page(world.env, 'report', nora.employeeId));
    assert.match(text(), /What this report cannot tell ?The exit is open/);
    assert.match(text(), /an operator skipped it on code/);
    assert.deepEqual(
      tableAfter('Steps that needed a person')[1]!
        .slice(1, 3)
        .map((cell) => cell.split(' ')[0]),
      ['block-access:code', 'code'],
    );
    assert.match(text(), /TICKET-42/);
  });

  it('is refused in one sentence where there is no such exit, or no place for the file', async () => {
    const nora = await closed('retained');
    const [unknown, nowhere] = await Promise.all([
      refusal(world.env, 'report', 'E-unknown'),
      refusal(world.env, 'report', nora.employeeId, '--out', '/no/such/folder/report.html'),
    ]);
    assert.equal(unknown.code, 1);
    assert.match(unknown.sentence, /^E-unknown has no exit$/);
    assert.equal(nowhere.code, 1);
    assert.match(
      nowhere.sentence,
      /^The report cannot be written to \/no\/such\/folder\/report\.html: .*no such file or directory/,
    );
  });
});
