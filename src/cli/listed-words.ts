import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import type { Io } from "./command.js";

/** More addresses than anybody has typed, in a file or from another program. */
export const fromFile = z.string().optional().meta({
  description: "also take the lines of this file; - reads stdin. Empty lines and lines that begin with # are skipped",
  value: "LIST",
});

/**
 * The addresses of a command line and those of its list, in this order.
 *
 * @throws {EmporiumError} USAGE for a list that cannot be read, and where neither has a word; CONFIG_LIMIT
 */
export async function withListed(command: string, words: readonly string[], list: string | undefined, io: Io): Promise<string[]> {
  const listed = list === undefined ? [] : wordsOf(list === "-" ? await linesOfStdin(io) : await linesOfFile(list));
  const all = [...words, ...listed];
  if (all.length > 0) return all;
  if (list === undefined) {
    throw new EmporiumError("USAGE", `${command} needs a URL, or --from-file with a list of URLs`, {
      hint: `see emporium ${command} --help`,
    });
  }
  throw new EmporiumError("USAGE", `${list === "-" ? "stdin" : list} has no URL: all of its lines are empty or comments`, {
    hint: "write one URL on each line",
  });
}

function wordsOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

async function linesOfFile(file: string): Promise<string[]> {
  const { readText } = await import("../stations/catalog/inputs/json-file.js");
  return (await readText(file, "list")).split(/\r\n?|\n/);
}

async function linesOfStdin(io: Io): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await io.ask(""); line !== undefined; line = await io.ask("")) lines.push(line);
  return lines;
}
