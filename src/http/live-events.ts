/** Server-sent events: tells a page that what it shows has changed, so that it shows itself anew. */
import type { FastifyReply } from 'fastify';

/** A change of an attempt adds no event to a history, so the exit is read again after this time. */
export const LOOK_EVERY_MS = 5_000;
/** A browser that lost the connection comes back after this time. */
const RETRY_MS = 3_000;

/** @param signal ends the stream: the session is over, or the server stops */
export async function sendChanges(
  reply: FastifyReply,
  changes: AsyncGenerator,
  signal: AbortSignal,
): Promise<void> {
  const { raw } = reply;
  const gone = new Promise<void>((resolve) => {
    raw.once('close', resolve);
    signal.addEventListener('abort', () => resolve());
  });
  reply.hijack();
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
  });
  raw.write(`retry: ${RETRY_MS}\n\n`);
  let last: string | undefined;
  try {
    for (;;) {
      const next = await Promise.race([changes.next(), gone]);
      if (!next || next.done) break;
      const now = JSON.stringify(next.value);
      // A comment keeps the connection through proxies, and finds out that the reader is gone.
      raw.write(now === last ? ':\n\n' : 'event: change\ndata: {}\n\n');
      last = now;
    }
    if (!signal.aborted && !raw.closed) raw.write('event: over\ndata: {}\n\n');
  } finally {
    raw.end();
    // It may still wait for its next look, and ends by itself then.
    void changes.return(undefined);
  }
}
