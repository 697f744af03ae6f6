import assert from 'node:assert/strict';

/** A deployed file with the addresses and folders of a test. @throws AssertionError where it has not each of them once */
export function replaced(text: string, changes: Record<string, string>): string {
  return Object.entries(changes).reduce((before, [from, to]) => {
    assert.equal(before.split(from).length, 2, `the file has "${from}" once`);
    return before.replace(from, to);
  }, text);
}
