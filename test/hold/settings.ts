/** How the model is run: with a fixed seed, so that CI can be repeated, or with another on demand. */
const { EMS_MODEL_SEED: wanted = '20261123', EMS_MODEL_RUNS: runs = '2000' } = process.env;

/** `EMS_MODEL_SEED=random`, or a number to try again what has failed. */
export const modelSeed = wanted === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(wanted);
export const modelRuns = Number(runs);
