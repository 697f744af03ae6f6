import type { StepService } from '../services/steps/step-service.js';
import { attempt } from './attempt.js';

type Input<K extends keyof StepService> = Parameters<StepService[K]>[0];

export function createStepActivities(steps: StepService) {
  return {
    callStep: (input: Input<'callStep'>) => attempt(({ signal }) => steps.callStep(input, signal)),

    askPerson: (input: Input<'askPerson'>) => attempt(({ signal }) => steps.askPerson(input, signal)),
  };
}

export type StepActivities = ReturnType<typeof createStepActivities>;
