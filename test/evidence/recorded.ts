/** The recorded histories of test/histories, as evidence. */
import { readFileSync } from 'node:fs';
import { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { factsOf, type RunHistory } from '../../src/temporal/history-facts.js';
import type { Evidence } from '../../src/exit/evidence/evidence.js';
import { evidenceOf } from '../../src/exit/evidence/evidence-of.js';
import type { Fact } from '../../src/exit/evidence/facts.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { payloadConverterPath } from '../../src/temporal/namespace.js';

const converter = loadDataConverter({ payloadConverterPath });

export const source = {
  record: 'exit-E-1',
  earlierRuns: [],
  events: 0,
  readAt: '2026-11-24T09:00:00.000Z',
  version: '0',
};

function recordedRun(name: string): RunHistory {
  const { events } = historyFromJSON(JSON.parse(readFileSync(`test/histories/${name}.json`, 'utf8')));
  const runId = events![0]!.workflowExecutionStartedEventAttributes!.originalExecutionRunId!;
  return { runId, events: events! };
}

export const recordedFacts = (name: string): Promise<Fact[]> => factsOf([recordedRun(name)], converter);

/** @param status what the exit would answer, for those whose history does not end with it */
export async function recorded(name: string, status?: ExitStatus): Promise<Evidence> {
  const facts = await recordedFacts(name);
  const ended = facts.findLast((fact) => fact.kind === 'ended');
  return evidenceOf({
    employeeId: 'E-1',
    facts,
    form: 'orchestrated',
    status: status ?? ended?.status,
    missing: [],
    source,
  });
}
