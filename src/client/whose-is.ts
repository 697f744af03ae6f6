/** Whose an address is, which decides who may act. */
import type { Config } from '../config/config.js';
import type { Whose } from '../exit/acting.js';
import type { ExitsOfForm } from '../exit/evidence/evidence.js';
import { openExitsIn } from './forms.js';

/** How long the directory has to tell of a person. */
export const LOOK_WITHIN_MS = 2_000;

/**
 * @param address a mail address or a login
 * @param exits of the form in which the person would act; default: whether they have an open exit is not asked
 */
export type WhoseIs = (address: string, exits?: ExitsOfForm) => Promise<Whose>;

export const whoseIsOf =
  (config: () => Config | Promise<Config>): WhoseIs =>
  async (address, exits) => {
    const { createDirectory } = await import('../services/from-config.js');
    try {
      const signal = AbortSignal.timeout(LOOK_WITHIN_MS);
      const hasOpenExit = exits && openExitsIn(exits);
      return await createDirectory(await config(), hasOpenExit).whose(address, signal);
    } catch (error) {
      return { problem: (error as Error).message };
    }
  };
