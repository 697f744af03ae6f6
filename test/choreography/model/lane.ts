/** Plays the scripts of the hold's model (test/hold) on the access subscriber, with copies and redeliveries on top. */
import { byEmployeeId } from '../../support/matching.js';
import { createAccessService, type AccessService } from '../../../src/services/access/access.js';
import { createScimAdapter } from '../../../src/services/access/adapters/scim-adapter.js';
import { createScimClient } from '../../../src/services/protocols/scim.js';
import { Excuses, type Played } from '../../hold/exemptions.js';
import { intercept, sender } from '../../hold/http.js';
import { problemsAlways, problemsAtTheEnd, problemsWhenBlocked } from '../../hold/invariants.js';
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
  private readonly newService: () => AccessService;
  private wire: Wire | undefined;

  constructor(private readonly server: LaneServer) {
    const name = `subscriber-lane-${++lanes}`;
    const send = sender(server.scimUrl);
    this.site = new Site(name, send, server.token);
    intercept(`${name}.invalid`, (asked, signal) =>
      // Asked once per client, and therefore in no script: a script counts requests.
      asked.path === '/ServiceProviderConfig' ? send(asked) : this.wire!.request(asked, signal),
    );
    // A new one for each script, since a client remembers what it has found out about its server.
    this.newService = () => {
      const scim = createScimClient({
        ...{ name: 'the system', scimUrl: `http://${name}.invalid` },
        ...{ token: server.token, requestTimeoutMs: 30_000, settleMs: 0 },
      });
      return createAccessService({
        declared: { settleMs: 0 },
        match: byEmployeeId('externalId', 'userName'),
        port: createScimAdapter({ scim }),
      });
    };
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
    const hasTroubles = script.happenings.length % 2 === 1;
    const engine = new Engine(wire, this.newService(), site.employeeId, hold, ending, hasTroubles);
    const played = (): Played => ({
      ...{ script, ledger, excuses, hasEtags: server.hasEtags && script.server !== 'lags' },
      // What was set out to be taken is in the record, whatever becomes of the attempt.
      wasLost: false,
    });
    const problems: string[] = [];

    await engine.block();
    wire.mayDecide = false;
    let block = engine.step('block-access')!;
    const judge = () => {
      if (block.state === 'done') problems.push(...problemsWhenBlocked(played(), block.note ?? ''));
    };
    judge();
    ledger.tell(`-- block ${block.state}: ${block.error ?? block.note ?? ''}`);
    if (block.state !== 'skipped') {
      await wire.enter('held');
      await wire.finish();
      const before = ledger.writes.length;
      if (block.state === 'done') await engine.deliverAgain();
      if (ledger.writes.length > before) problems.push('a block that was done was done again');
      if (!soon) await engine.letLateWritesLand();
      if (script.sweeps && block.state === 'done' && (await engine.sweep())) {
        block = engine.step('block-access')!;
        ledger.tell(`-- swept, block ${block.state}: ${block.error ?? block.note ?? ''}`);
        judge();
      }
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

    problems.push(...problemsAlways(played(), engine.said, site.bystanderId));
    problems.push(...problemsAtTheEnd(played(), last));
    for (const [cell, is] of await site.readBack())
      if (ledger.is(cell) !== is) problems.push(`the model is mistaken: ${cell} is ${is}`);
    if (problems.length > 0) throw new Wrong(problems, ledger.story);
  }
}
