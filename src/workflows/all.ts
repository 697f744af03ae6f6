export { exitEmployee } from './exit-employee.js';
export { sweepHolds } from './sweep-holds.js';
