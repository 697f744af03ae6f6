/** The two kinds of failure that services have: final ones, and outages, which are tried again. */
import assert from 'node:assert/strict';
import { FinalFailure, type FailureType } from '../../src/exit/failures.js';

/** @returns the message of the final failure that this ends in */
export async function finalFailure(type: FailureType, running: Promise<unknown>): Promise<string> {
  const error = await errorOf(running);
  assert.ok(error instanceof FinalFailure, `it would be tried again: ${error.message}`);
  assert.equal(error.type, type, error.message);
  return error.message;
}

/** @returns the message of the outage that this ends in */
export async function outage(running: Promise<unknown>): Promise<string> {
  const error = await errorOf(running);
  assert.ok(!(error instanceof FinalFailure), `it would not be tried again: ${error.message}`);
  return error.message;
}

/** @returns what this ends in */
export async function errorOf(running: Promise<unknown>): Promise<Error> {
  try {
    await running;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  return assert.fail('it did not fail');
}
