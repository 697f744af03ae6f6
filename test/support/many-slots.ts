/** Changes of ems.config.yaml: tests and benches have hundreds of exits with one HR partner, each with a slot of its own. */
export const manySlots: [from: string, to: string][] = [
  ["{ from: '09:00', to: '17:00' }", "{ from: '00:00', to: '23:30' }"],
  ['withinWorkingDays: 5', 'withinWorkingDays: 60'],
];
