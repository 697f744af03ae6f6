/** Below the grace period of a container, and above the 20 s after which the Temporal SDK gives up its running attempts. */
const END_WITHIN_MS = 25_000;

/** Aborts on SIGINT or SIGTERM. A second signal ends the process at once, and so does the end of its grace. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      if (stop.signal.aborted) return;
      setTimeout(() => {
        process.stderr.write(
          `The process did not end within ${END_WITHIN_MS / 1000} s of ${name}: it is ended\n`,
        );
        process.exit(1);
      }, END_WITHIN_MS).unref();
      stop.abort();
    });
  return stop.signal;
}
