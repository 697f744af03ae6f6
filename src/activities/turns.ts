/**
 * Turns on a server that many exits need at once. It answers so many attempts in their time. With more of them, each runs out of its time, and
 * begins anew: all ask for ever, and none ends. So the others wait, as the choreographed form leaves their messages in the stream.
 */
import PQueue from 'p-queue';

export interface Crowded {
  server: string;
  /** How many attempts of this process. */
  atOnce: number;
}

const queues = new Map<string, PQueue>();

/**
 * @returns what ends the turn
 * @throws the reason of the signal where it aborts before the turn
 */
export function turnOn({ server, atOnce }: Crowded, signal: AbortSignal): Promise<() => void> {
  const queue = queues.get(server) ?? new PQueue({ concurrency: atOnce });
  queues.set(server, queue);
  return new Promise((resolve, reject) => {
    const turn = () => new Promise<void>((end) => resolve(end));
    queue.add(turn, { signal }).catch(reject);
  });
}
