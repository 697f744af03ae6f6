export { exitEmployee } from './exit-employee.js';
