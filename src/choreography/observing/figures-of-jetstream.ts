import { figuresOf, type Figures } from '../../exit/figures.js';
import type { Finding } from '../../exit/finding.js';
import type { Openings } from '../../exit/opening.js';
import type { Bus } from '../jetstream/bus.js';
import { DEAD_LETTERS } from '../jetstream/streams.js';
import { openRows, readExitList } from './exit-list.js';
import { inspectConsumers } from './inspect-jetstream.js';

interface FiguresOfJetStream extends Figures {
  consumers: Finding[];
  /** Messages in the stream of dead letters, also those that were replayed. */
  deadLetters: number;
}

export async function figuresOfJetStream(bus: Bus, openings: Openings): Promise<FiguresOfJetStream> {
  const [rows, waiting, consumers, { state }] = await Promise.all([
    readExitList(bus),
    openings.waiting(),
    inspectConsumers(bus),
    bus.jsm.streams.info(DEAD_LETTERS),
  ]);
  const figures = figuresOf(openRows(rows), waiting, new Date().toISOString());
  return { ...figures, consumers, deadLetters: state.messages };
}
