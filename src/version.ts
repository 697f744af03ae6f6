/**
 * Whether a program or server has this version or a newer one.
 * @param output of its `--version`: "nats-server: v2.11.4"
 */
export function isAtLeast(output: string, [oldMajor, oldMinor]: readonly [number, number]): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(output) ?? [];
  return Number(major) > oldMajor || (Number(major) === oldMajor && Number(minor) >= oldMinor);
}
