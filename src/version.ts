/**
 * Whether the version of a program or server is at least the required one.
 * @param output text with a version, such as "nats-server: v2.11.4"
 */
export function isAtLeast(output: string, [oldMajor, oldMinor]: readonly [number, number]): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(output) ?? [];
  return Number(major) > oldMajor || (Number(major) === oldMajor && Number(minor) >= oldMinor);
}
