import { told } from './told.js';

/** One JSON array, printed an element at a time as things happen: one document, however it ends. */
export function jsonArray() {
  let printed = 0;
  return {
    print(value: unknown): void {
      process.stdout.write(`${printed === 0 ? '[\n' : ',\n'}${JSON.stringify(value)}`);
      printed += 1;
    },
    end(): void {
      process.stdout.write(printed === 0 ? '[]\n' : '\n]\n');
    },
    /** @throws the error where nothing is printed yet, so that it is the document */
    fail(error: Error): void {
      if (printed === 0) throw error;
      const { sentence, document } = told(error);
      process.stdout.write(`,\n${JSON.stringify(document)}\n]\n`);
      console.error(`ems: ${sentence}`);
      process.exitCode = 1;
    },
  };
}
