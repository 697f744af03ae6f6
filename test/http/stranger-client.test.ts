import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { generateSource } from 'oazapfts';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { startServe } from '../support/serve-process.js';
import { scratchFolder } from '../support/temporal.js';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { HR } from '../support/world.js';

/** The stranger's program. The compiler checks it against the generated client. */
const program = `
import { HttpError, ok } from '@oazapfts/runtime';
import * as ems from './client.js';
import type { Problem } from './client.js';

async function problemOf(refused: Promise<unknown>): Promise<Problem & { contentType: string | null }> {
  try {
    await refused;
  } catch (error) {
    if (error instanceof HttpError) return { ...(error.data as Problem), contentType: error.headers.get('content-type') };
    throw error;
  }
  throw new Error('it was not refused');
}

async function until(phase: Awaited<ReturnType<typeof status>>['phase'], exitId: string): Promise<void> {
  while ((await status(exitId)).phase !== phase) await new Promise((resolve) => setTimeout(resolve, 200));
}
const status = (exitId: string) => ok(ems.exitStatus(exitId));

async function allExits(): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const { exits, next } = await ok(ems.listExits({ open: 'true', form: 'choreographed', limit: 1, cursor }));
    ids.push(...exits.map(({ exitId }) => exitId));
    cursor = next;
  } while (cursor !== undefined);
  return ids;
}

export async function run(employeeIds: string[], first: string, second: string) {
  ems.defaults.headers = { authorization: \`Bearer \${first}\` };
  const opened: string[] = [];
  for (const employeeId of employeeIds)
    opened.push((await ok(ems.openExit({ employeeId, form: 'choreographed' }))).exitId);
  const again = await problemOf(ok(ems.openExit({ employeeId: employeeIds[0]! })));
  const [exitId] = opened as [string];
  await until('awaiting-decision', exitId);
  const listed = await allExits();
  const proposed = await ok(ems.decideExit(exitId, { outcome: 'leaving', now: true }));
  const { proposals } = await status(exitId);
  const { number } = proposals[0]!;
  const own = await problemOf(ok(ems.confirmProposal(exitId, { number })));
  const as = { headers: { authorization: \`Bearer \${second}\` } };
  const { decided } = await ok(ems.confirmProposal(exitId, { number }, {}, as));
  await until('closed', exitId);
  const { decision } = await status(exitId);
  return { opened, again, listed, proposed, own, decided, decision };
}

/** Refused before it runs. */
export const mistakes = () => [
  // @ts-expect-error: whose act it is follows from the token
  ems.decideExit('an-exit', { outcome: 'leaving', decidedBy: 'ceo@acme.example' }),
  // @ts-expect-error: no such outcome
  ems.decideExit('an-exit', { outcome: 'fired' }),
  // @ts-expect-error: whom to find
  ems.findPeople(),
];
`;
const tsconfig = {
  compilerOptions: {
    ...{ target: 'es2023', lib: ['es2023', 'dom', 'dom.iterable'], module: 'nodenext', types: [] },
    ...{ strict: true, skipLibCheck: true },
  },
};

describe('a client that a stranger generates from the OpenAPI document of "ems serve"', () => {
  let world: BothFormsWorld;
  let issuer: TokenIssuer;
  let url: string;
  let stop: () => Promise<unknown>;
  before(async () => {
    const config: [string, string] = ['secondPerson: []', 'secondPerson: [leaving]'];
    [world, issuer] = await Promise.all([startBothForms({ config: [config] }), startTokenIssuer()]);
    ({ url, stop } = await startServe(world, issuer.issuer));
  });
  after(async () => {
    await stop();
    await issuer.stop();
    await world.stop();
  });

  /** @returns where the compiled program is */
  async function compiled(): Promise<string> {
    const folder = await scratchFolder();
    const files = {
      'package.json': JSON.stringify({ type: 'module' }),
      'tsconfig.json': JSON.stringify(tsconfig),
      'client.ts': await generateSource(`${url}/api/v1/openapi.json`),
      'program.ts': program,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'));
    const tsc = path.resolve('node_modules/typescript/bin/tsc');
    const checked = promisify(execFile)(process.execPath, [tsc, '-p', folder]);
    await checked.catch(({ stdout }: { stdout: string }) => assert.fail(stdout));
    return path.join(folder, 'program.js');
  }

  it('is typed, opens exits, lists them by cursor, decides with a second person, and reads a problem', async () => {
    const employeeIds: string[] = [];
    for (let i = 0; i < 2; i++) employeeIds.push((await world.hire({ on: ['payroll'] })).employeeId);
    const tokenOf = (email: string): Promise<string> => {
      const scope = 'exits:read exits:open exits:decide';
      return issuer.token({ email, name: 'HR', roles: ['hr'], scope }, `${url}/api`);
    };
    const second = 'head-of-hr@acme.example';
    const { run } = (await import(await compiled())) as { run: Run };
    const { opened, again, listed, ...done } = await run(
      employeeIds,
      await tokenOf(HR),
      await tokenOf(second),
    );
    assert.deepEqual(listed.toSorted(), opened.toSorted());
    assert.deepEqual(
      [again.status, again.code, again.contentType],
      [409, 'already-open', 'application/problem+json; charset=utf-8'],
    );
    assert.equal(again.facts['exitId'], opened[0]);
    assert.ok(done.proposed.proposedAt);
    assert.equal(done.own.code, 'not-allowed', done.own.detail);
    assert.equal(done.decided?.decidedBy, second);
    assert.equal(done.decision?.outcome, 'leaving');
  });
});

interface Problem {
  status: number;
  code: string;
  detail: string;
  facts: Record<string, unknown>;
  contentType: string | null;
}
type Run = (
  employeeIds: string[],
  first: string,
  second: string,
) => Promise<{
  opened: string[];
  again: Problem;
  listed: string[];
  proposed: { proposedAt?: string };
  own: Problem;
  decided?: { decidedBy: string };
  decision?: { outcome: string };
}>;
