/** Preloaded (`node --import`) into the children of the local stack: when the parent is gone, perhaps by kill -9, they go too. */
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), 5_000).unref();
});
process.channel?.unref();
