import assert from 'node:assert/strict';
import { askedOnce, sharedLook } from '../../src/services/protocols/asked-once.js';

describe('questions that are equal', () => {
  let asked = 0;
  beforeEach(() => (asked = 0));
  const isEven = (answer: number): boolean => answer % 2 === 0;
  const ask = (question = 'who?', answers: (asked: number) => number | Error = () => 2) =>
    askedOnce(
      question,
      () => {
        asked += 1;
        const answer = answers(asked);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      isEven,
    );

  it('are asked once in one look, also at the same time, and anew in the next one', async () => {
    const look = sharedLook();
    await Promise.all([look(ask), look(ask), look(() => ask('where?'))]);
    await look(ask);
    assert.equal(asked, 2);
    await sharedLook()(ask);
    assert.equal(asked, 3);
  });

  it('are asked each time without a look', async () => {
    await ask();
    await ask();
    assert.equal(asked, 2);
  });

  it('are asked anew after a failure, or an answer that is none', async () => {
    const look = sharedLook();
    const unsure = () => ask('who?', (times) => [new Error('down'), 1, 2][times - 1]!);
    const [first, second] = await Promise.allSettled([look(unsure), look(unsure)]);
    assert.equal(first.status, 'rejected');
    assert.deepEqual(second, { status: 'fulfilled', value: 1 });
    assert.deepEqual(await Promise.all([look(unsure), look(unsure)]), [2, 2]);
    await look(unsure);
    assert.equal(asked, 3);
  });
});
