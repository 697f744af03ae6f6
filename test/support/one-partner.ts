/** Changes of ems.config.yaml: in tests and benches one HR partner has hundreds of exits, each with a slot of its own, and decides alone. */
export const onePartner: [from: string, to: string][] = [
  ["{ from: '09:00', to: '17:00' }", "{ from: '00:00', to: '23:30' }"],
  ['withinWorkingDays: 5', 'withinWorkingDays: 60'],
  ['secondPerson: [leaving]', 'secondPerson: []'],
  ["\ndigest: { day: monday, at: '08:00' }", ''],
];
