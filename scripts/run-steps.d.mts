import type { Step } from "./docs-pages.mjs";

/** Makes a folder what a reader has after installing: `emporium` on the PATH, the package for Node and for Python. @returns the environment of commands there */
export function readersPlace(folder: string, python?: string): NodeJS.ProcessEnv;

export interface Done {
  command: string;
  /** Exit status that the page names, and the one that came. */
  status: number;
  ended: number | null;
  /** Results and messages, in the order in which they were printed. */
  output: string;
}

/**
 * Writes files and runs commands one after the other; what they print says `127.0.0.1:8080` for the server of a step, which runs until the last one.
 *
 * @param options `skip`: commands that need no run, as they were run in this folder before
 */
export function runSteps(
  steps: readonly Step[],
  options: { folder: string; env: NodeJS.ProcessEnv; skip?: (command: string) => boolean },
): Promise<Done[]>;
