/** Plays scripts one after the other, on an account of its own. Several lanes share a server. */
import { byEmployeeId } from '../support/matching.js';
import { createAccessService, type AccessService } from '../../src/services/access/access.js';
import type { AccessPort } from '../../src/services/access/access-port.js';
import { createScimAdapter } from '../../src/services/access/adapters/scim-adapter.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { Engine } from './engine.js';
import { Excuses, type Played } from './exemptions.js';
import { intercept, sender, type Answer, type Asked } from './http.js';
import { problemsAlways, problemsAtTheEnd, problemsWhenBlocked } from './invariants.js';
import type { Script } from './script.js';
import { Site } from './site.js';
import { Wire } from './wire.js';

/** A deliberate mistake: what it puts in the place of the real thing. */
export interface Mistake {
  port?: (real: AccessPort) => AccessPort;
  service?: (real: AccessService, port: AccessPort) => AccessService;
  request?: (asked: Asked) => Asked;
  answer?: (asked: Asked, answer: Answer) => Answer;
  /** The hold does not look a second time. */
  noSecondLook?: boolean;
}

export interface LaneServer {
  scimUrl: string;
  token: string;
  hasEtags: boolean;
}

/** What the hold did wrong, with the story of how. */
export class Wrong extends Error {
  override readonly name = 'Wrong';
  constructor(problems: string[], story: string[]) {
    super(`${problems.join('\n')}\n${story.join('\n')}`);
  }
}

let lanes = 0;

export class Lane {
  readonly excuses = new Excuses();
  readonly tried = new Map<string, number>();
  sequences = 0;
  requests = 0;
  private readonly site: Site;
  private readonly newService: () => AccessService;
  private wire: Wire | undefined;

  constructor(
    private readonly server: LaneServer,
    private readonly mistake: Mistake = {},
  ) {
    const name = `lane-${++lanes}`;
    const straight = sender(server.scimUrl);
    const send: typeof straight = (asked) => {
      this.requests += 1;
      return straight(asked);
    };
    this.site = new Site(name, send, server.token);
    const { request = (asked: Asked) => asked, answer = (_asked: Asked, answer: Answer) => answer } = mistake;
    intercept(`${name}.invalid`, async (asked, signal) =>
      // Asked once per client, and therefore in no script: a script counts requests.
      asked.path === '/ServiceProviderConfig'
        ? send(asked)
        : answer(asked, await this.wire!.request(request(asked), signal)),
    );
    // A new one for each script, since a client remembers what it has found out about its server.
    this.newService = () => {
      const scim = createScimClient({
        name: 'the system',
        scimUrl: `http://${name}.invalid`,
        token: server.token,
        requestTimeoutMs: 30_000,
        settleMs: 0,
      });
      const real = createScimAdapter({ scim });
      const port = mistake.port?.(real) ?? real;
      const service = createAccessService({
        declared: { settleMs: 0 },
        match: byEmployeeId('externalId', 'userName'),
        port,
      });
      return mistake.service?.(service, port) ?? service;
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
      for (const [what, n] of this.wire?.tried ?? []) this.tried.set(what, (this.tried.get(what) ?? 0) + n);
      this.sequences += 1;
    }
  }

  private async playOn(script: Script): Promise<void> {
    const { site, excuses } = this;
    await site.prepare(script);
    const wire = (this.wire = new Wire(site, script));
    const { ledger } = site;
    const { server, mistake } = this;
    const service = this.newService();
    const { hold: kind, soon, ending } = script;
    const engine = new Engine({
      wire,
      service,
      employeeId: site.employeeId,
      hold: kind,
      noSecondLook: mistake.noSecondLook === true,
    });
    const { hold } = engine;
    const played = (): Played => ({
      script,
      ledger,
      excuses,
      wasLost: engine.wasLost,
      // With a version that it read too late, a hold may have found that the server refuses every version.
      hasEtags: server.hasEtags && script.server !== 'lags',
    });
    const problems: string[] = [];

    const blocking = hold.block();
    let block = engine.steps.get('block-access')!;
    await Promise.race([block.standing, engine.decidedEarly, blocking]);
    wire.mayDecide = false;
    if (block.view.state === 'done') problems.push(...problemsWhenBlocked(played(), block.view.note ?? ''));
    if (block.view.state !== 'running') {
      ledger.tell(`-- block ${block.view.state}: ${block.view.error ?? block.view.note}`);
      await wire.enter('held');
      await wire.finish();
      if (!soon) await engine.letLateWritesLand();
      const isSwept = script.sweeps && block.view.state === 'done' && (await engine.sweep());
      block = engine.steps.get('block-access')!;
      if (isSwept) {
        ledger.tell(`-- swept, block ${block.view.state}: ${block.view.error ?? block.view.note}`);
        if (block.view.state === 'done')
          problems.push(...problemsWhenBlocked(played(), block.view.note ?? ''));
      }
    }
    await block.giveUp();
    await blocking;
    ledger.tell(`-- decision: ${ending}`);
    if (ending === 'retained') await hold.restore();
    else await hold.revoke();
    const last = engine.steps.get(ending === 'retained' ? 'restore-access' : 'revoke-access')!.view;
    ledger.tell(`-- ${last.name} ${last.state}: ${last.error ?? last.note}`);
    await wire.finish();
    await wire.landAll();

    problems.push(...problemsAlways(played(), engine.said, site.bystanderId));
    problems.push(...problemsAtTheEnd(played(), last));
    for (const [cell, is] of await site.readBack()) {
      if (ledger.is(cell) !== is) problems.push(`the model is mistaken: ${cell} is ${is}`);
    }
    if (problems.length > 0) throw new Wrong(problems, ledger.story);
  }
}
