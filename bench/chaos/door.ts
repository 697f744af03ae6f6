/** The door of an HTTP server: what EMS asks goes through it, and the faults of wires and servers happen here. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  startFaultProxy,
  type ProxiedAnswer,
  type ProxiedRequest,
  type Quirk,
} from '../../test/support/fault-proxy.js';
import { eventually } from '../../test/support/eventually.js';
import type { Chance } from './chance.js';

export const wireFaults = [
  'unreachable',
  'writes unreachable',
  'answer lost',
  '429 with Retry-After',
  '500',
  'timeout after writing',
] as const;
/** Reads show a write late, by less than `settle`. */
export const LAGGING = 'lagging reads';
export type WireFault = (typeof wireFaults)[number] | typeof LAGGING;

const LAG_MS = 700;

/** The server is down just now. */
export class Away extends Error {}

interface DoorOptions {
  name: string;
  target: string;
  chance: Chance;
  /** A request of EMS takes at most this long. */
  requestTimeoutMs: number;
  /** Counts a request that was spoilt. */
  spoilt: (fault: WireFault) => void;
  /** Is called after each write that the server took, before EMS hears of it. */
  wrote?: (request: ProxiedRequest) => Promise<void>;
}

export interface Door {
  name: string;
  url: string;
  /** What half of the requests suffer from now on, or every write; undefined: none. */
  spoil: (fault: WireFault | undefined) => void;
  /** For others than EMS: while the door is open, and unspoilt. */
  through: <T>(ask: () => Promise<T>) => Promise<T>;
  /** Lets nothing through, once what is under way is answered: the server may be killed, and its last writes are known. */
  close: () => Promise<void>;
  open: () => void;
  stop: () => Promise<void>;
}

export async function startDoor(options: DoorOptions): Promise<Door> {
  const { name, target, chance, requestTimeoutMs, spoilt, wrote } = options;
  const proxy = await startFaultProxy(target);
  let fault: WireFault | undefined;
  let isClosed = false;
  let underWay = 0;
  /** By path: what a lagging server still shows. */
  const stale = new Map<string, { until: number; answer: ProxiedAnswer }>();

  const through = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (isClosed) throw new Away(name);
    underWay += 1;
    try {
      return await ask();
    } finally {
      underWay -= 1;
    }
  };

  const quirk: Quirk = (forward) => async (request) => {
    const isWrite = !['GET', 'HEAD', 'REPORT', 'PROPFIND'].includes(request.method);
    const isHit = fault === 'writes unreachable' ? isWrite : chance.isOneIn(2);
    const hit = isHit ? fault : undefined;
    if (hit === 'timeout after writing' && !isWrite) return forwarded();
    if (hit) spoilt(hit);
    if (hit === 'unreachable' || hit === 'writes unreachable') throw new Error('unreachable');
    if (hit === '429 with Retry-After') return answer(429, { 'retry-after': '1' });
    if (hit === '500') return answer(500);
    const old = stale.get(pathOf(request));
    if (hit === LAGGING && !isWrite && old && old.until > Date.now()) return old.answer;
    const answered = await forwarded();
    if (hit === 'answer lost') throw new Error('the answer is lost');
    if (hit === 'timeout after writing') await pause(requestTimeoutMs + 500);
    return answered;

    function forwarded(): Promise<ProxiedAnswer> {
      return through(async () => {
        if (fault === LAGGING && isWrite) {
          const { authorization = '' } = request.headers;
          const before = await forward({ ...request, method: 'GET', body: '', headers: { authorization } });
          stale.set(pathOf(request), { until: Date.now() + LAG_MS, answer: before });
        }
        const answered = await forward(request);
        if (isWrite && answered.status < 300) await wrote?.(request);
        return answered;
      });
    }
  };
  proxy.quirk(quirk);

  return {
    name,
    url: proxy.url,
    spoil: (next) => {
      fault = next;
    },
    through,
    async close() {
      isClosed = true;
      await eventually(`${name} to have answered`, () => underWay === 0 || undefined);
      stale.clear();
    },
    open: () => {
      isClosed = false;
    },
    stop: () => proxy.stop(),
  };
}

const pathOf = ({ path }: ProxiedRequest): string => path.split('?')[0]!;

const answer = (status: number, headers: Record<string, string> = {}): ProxiedAnswer => ({
  status,
  headers: { 'content-type': 'application/scim+json', ...headers },
  body: JSON.stringify({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    detail: 'chaos',
  }),
});
