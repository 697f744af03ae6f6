/** Preloaded (`node --import`) into the children of the local stack: ends them when the parent ends, also on SIGKILL. */
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), 5_000).unref();
});
process.channel?.unref();
