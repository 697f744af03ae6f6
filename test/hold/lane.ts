/** Plays scripts one after the other, on an account of its own. Several lanes share a server. */
import { byEmployeeId } from '../support/matching.js';
import { createAccessService, type AccessService } from '../../src/services/access/access.js';
import type { AccessPort } from '../../src/services/access/access-port.js';
import { createScimAdapter } from '../../src/services/access/adapters/scim-adapter.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { Engine } from './engine.js';
import { Excuses, type Played } from './exemptions.js';
import { intercept, sender, type Asked } from './http.js';
import {
  problemsAfterRestore,
  problemsAfterRevoke,
  problemsAlways,
  problemsWhenBlocked,
} from './invariants.js';
import type { Script } from './script.js';
import { Site } from './site.js';
import { Wire } from './wire.js';

/** A deliberate mistake: what it puts in the place of the real thing. */
export interface Mistake {
  port?: (real: AccessPort) => AccessPort;
  service?: (real: AccessService, port: AccessPort) => AccessService;
  request?: (asked: Asked) => Asked;
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
  private readonly service: AccessService;
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
    const { request = (asked: Asked) => asked } = mistake;
    intercept(`${name}.invalid`, (asked, signal) =>
      // Asked once per client, and therefore in no script: a script counts requests.
      asked.path === '/ServiceProviderConfig' ? send(asked) : this.wire!.request(request(asked), signal),
    );
    const scim = createScimClient({
      name: 'the system',
      scimUrl: `http://${name}.invalid`,
      token: server.token,
      requestTimeoutMs: 30_000,
    });
    const real = createScimAdapter({ scim });
    const port = mistake.port?.(real) ?? real;
    const service = createAccessService({ match: byEmployeeId('externalId', 'userName'), port });
    this.service = mistake.service?.(service, port) ?? service;
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
    const { service, server, mistake } = this;
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
      hasEtags: server.hasEtags,
    });
    const problems: string[] = [];

    const blocking = hold.block();
    const block = engine.steps.get('block-access')!;
    await Promise.race([block.standing, engine.decidedEarly, blocking]);
    wire.mayDecide = false;
    if (block.view.state === 'done') problems.push(...problemsWhenBlocked(played()));
    if (block.view.state !== 'running') {
      ledger.tell(`-- block ${block.view.state}: ${block.view.error ?? block.view.note}`);
      await wire.enter('held');
      await wire.finish();
      if (!soon) await engine.letLateWritesLand();
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

    const stuck = last.state === 'needs-attention' ? last.error : undefined;
    problems.push(...problemsAlways(played()));
    if (stuck && !stuck.startsWith('cannot give back')) problems.push(`${last.name} ended in: ${stuck}`);
    if (ending === 'retained') problems.push(...problemsAfterRestore(played(), stuck));
    else problems.push(...problemsAfterRevoke(played()));
    for (const [cell, is] of await site.readBack()) {
      if (ledger.is(cell) !== is) problems.push(`the model is mistaken: ${cell} is ${is}`);
    }
    if (problems.length > 0) throw new Wrong(problems, ledger.story);
  }
}
