/** Plays the scripts of the hold's model (test/hold) on the access subscriber, with copies and redeliveries on top. */
import { byEmployeeId } from '../../support/matching.js';
import { createAccessService, type AccessService } from '../../../src/services/access/access.js';
import { createScimAdapter } from '../../../src/services/access/adapters/scim-adapter.js';
import { createScimClient } from '../../../src/services/protocols/scim.js';
import { Excuses, type Played } from '../../hold/exemptions.js';
import { intercept, sender } from '../../hold/http.js';
import {
  problemsAfterRestore,
  problemsAfterRevoke,
  problemsAlways,
  problemsWhenBlocked,
} from '../../hold/invariants.js';
import { Wrong, type LaneServer } from '../../hold/lane.js';
import type { Script } from '../../hold/script.js';
import { Site } from '../../hold/site.js';
import { Wire } from '../../hold/wire.js';
import { Engine } from './engine.js';

let lanes = 0;

export class Lane {
  readonly excuses = new Excuses();
  sequences = 0;
  private readonly site: Site;
  private readonly service: AccessService;
  private wire: Wire | undefined;

  constructor(private readonly server: LaneServer) {
    const name = `subscriber-lane-${++lanes}`;
    const send = sender(server.scimUrl);
    this.site = new Site(name, send, server.token);
    intercept(`${name}.invalid`, (asked, signal) =>
      // Asked once per client, and therefore in no script: a script counts requests.
      asked.path === '/ServiceProviderConfig' ? send(asked) : this.wire!.request(asked, signal),
    );
    const scim = createScimClient({
      ...{ name: 'the system', scimUrl: `http://${name}.invalid` },
      ...{ token: server.token, requestTimeoutMs: 30_000 },
    });
    this.service = createAccessService({
      match: byEmployeeId('externalId', 'userName'),
      port: createScimAdapter({ scim }),
    });
  }

  /** @throws Wrong when an invariant does not hold */
  async play(script: Script): Promise<void> {
    try {
      await this.playOn(script);
    } catch (error) {
      this.site.distrust();
      throw error;
    } finally {
      this.sequences += 1;
    }
  }

  private async playOn(script: Script): Promise<void> {
    const { site, excuses, server } = this;
    await site.prepare(script);
    const wire = (this.wire = new Wire(site, script));
    const { ledger } = site;
    const { hold, soon, ending } = script;
    const diesBeforeItSpeaks = script.happenings.length % 2 === 1;
    const engine = new Engine(wire, this.service, site.employeeId, hold, ending, diesBeforeItSpeaks);
    const played = (): Played => ({
      ...{ script, ledger, excuses, hasEtags: server.hasEtags },
      // What was set out to be taken is in the record, whatever becomes of the attempt.
      wasLost: false,
    });
    const problems: string[] = [];

    await engine.block();
    wire.mayDecide = false;
    const block = engine.step('block-access')!;
    if (block.state === 'done') problems.push(...problemsWhenBlocked(played()));
    ledger.tell(`-- block ${block.state}: ${block.error ?? block.note ?? ''}`);
    if (block.state !== 'skipped') {
      await wire.enter('held');
      await wire.finish();
      const before = ledger.writes.length;
      if (block.state === 'done') await engine.deliverAgain();
      if (ledger.writes.length > before) problems.push('a block that was done was done again');
      if (!soon) await engine.letLateWritesLand();
    }
    engine.decide();
    ledger.tell(`-- decision: ${ending}`);
    await engine.end();
    const last = engine.step(ending === 'retained' ? 'restore-access' : 'revoke-access')!;
    ledger.tell(`-- ${last.name} ${last.state}: ${last.error ?? last.note ?? ''}`);
    await wire.finish();
    const after = ledger.sent.length;
    if (last.state === 'done') await engine.deliverAgain();
    if (ledger.sent.length > after) problems.push('a message that came again after the end was acted on');
    await wire.landAll();

    const stuck = last.state === 'needs-attention' ? last.error : undefined;
    problems.push(...problemsAlways(played()));
    if (stuck && !stuck.startsWith('cannot give back')) problems.push(`${last.name} ended in: ${stuck}`);
    if (ending === 'retained') problems.push(...problemsAfterRestore(played(), stuck));
    else problems.push(...problemsAfterRevoke(played()));
    for (const [cell, is] of await site.readBack())
      if (ledger.is(cell) !== is) problems.push(`the model is mistaken: ${cell} is ${is}`);
    if (problems.length > 0) throw new Wrong(problems, ledger.story);
  }
}
