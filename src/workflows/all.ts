export { exitEmployee } from './exit-employee.js';
export { reportOrphanedHold } from './report-orphaned-hold.js';
export { sweepHolds } from './sweep-holds.js';
