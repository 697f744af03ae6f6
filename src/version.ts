/**
 * Whether a program or a server is not older than what we need.
 * @param said what it says of itself: "nats-server: v2.11.4"
 */
export function isAtLeast(said: string, [oldMajor, oldMinor]: readonly [number, number]): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(said) ?? [];
  return Number(major) > oldMajor || (Number(major) === oldMajor && Number(minor) >= oldMinor);
}
