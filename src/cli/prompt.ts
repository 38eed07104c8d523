import { createInterface, type Interface } from "node:readline";
import { type TextSink, visible } from "./terminal.js";

export interface Prompt {
  /** Writes the question and gives the next line; undefined when there is none. */
  ask(question: string): Promise<string | undefined>;
  close(): void;
}

/**
 * Questions on stderr, answers from stdin line by line, from a person or a pipe. Stdin is opened at the first question: a command
 * without questions must not keep the process waiting.
 */
export function makePrompt(stdin: NodeJS.ReadableStream | undefined, stderr: TextSink, signal: AbortSignal): Prompt {
  let lines: Interface | undefined;
  let iterator: NodeJS.AsyncIterator<string> | undefined;
  return {
    async ask(question) {
      if (!stdin || signal.aborted) return undefined;
      lines ??= createInterface({ input: stdin, terminal: false, signal });
      iterator ??= lines[Symbol.asyncIterator]();
      stderr.write(visible(question));
      const { value, done } = await iterator.next();
      return done ? undefined : value;
    },
    close: () => lines?.close(),
  };
}
