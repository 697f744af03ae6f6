import assert from 'node:assert/strict';
import { askedTogether } from '../../src/services/protocols/asked-together.js';

describe('equal questions at the same time', () => {
  const answers: PromiseWithResolvers[] = [];
  interface PromiseWithResolvers {
    resolve: (answer: string) => void;
    reject: (error: Error) => void;
  }
  beforeEach(() => (answers.length = 0));
  const server = {};
  const { signal } = new AbortController();
  const ask = (question: string, of: AbortSignal = signal): Promise<string> =>
    askedTogether(
      server,
      question,
      () => new Promise<string>((resolve, reject) => answers.push({ resolve, reject })),
      of,
    );
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('share the next answer, and none that was asked for before them', async () => {
    const first = ask('whose?');
    const others = [ask('whose?'), ask('whose?'), ask('whose?')];
    assert.equal(answers.length, 1);
    answers[0]!.resolve('old');
    assert.equal(await first, 'old');
    await turn();
    assert.equal(answers.length, 2);
    answers[1]!.resolve('new');
    assert.deepEqual(await Promise.all(others), ['new', 'new', 'new']);
  });

  it('do not wait for other questions, nor for another server', async () => {
    const [one, other] = [ask('whose?'), ask('who?')];
    const elsewhere = askedTogether({}, 'whose?', () => Promise.resolve('there'), signal);
    assert.equal(await elsewhere, 'there');
    answers.forEach(({ resolve }, i) => resolve(String(i)));
    assert.deepEqual(await Promise.all([one, other]), ['0', '1']);
  });

  it('share a failure, but not the end of the patience of one who asked', async () => {
    const [patience, others] = [new AbortController(), new AbortController()];
    const first = ask('whose?');
    const [hasty, patient, weary] = [
      ask('whose?', patience.signal),
      ask('whose?'),
      ask('whose?', others.signal),
    ];
    answers[0]!.reject(new Error('down'));
    await assert.rejects(first, /down/);
    await turn();
    others.abort(new Error('weary'));
    await assert.rejects(weary, /weary/);
    patience.abort(new Error('hasty'));
    answers[1]!.reject(new Error('aborted'));
    await assert.rejects(hasty, /aborted/);
    await turn();
    answers[2]!.resolve('new');
    assert.equal(await patient, 'new');
    const [one, two, three] = [ask('whose?'), ask('whose?'), ask('whose?')];
    answers[3]!.resolve('up');
    await one;
    await turn();
    answers[4]!.reject(new Error('down'));
    await assert.rejects(two, /down/);
    await assert.rejects(three, /down/);
    assert.equal(answers.length, 5);
  });
});
