import type { z } from "zod";
import type { JobField } from "../model/page-api.js";

/** Use of a location by a job. `source`: an address or accession of a portal. */
export type LocationUse = "read" | "write" | "source";

export interface NamedLocation {
  readonly name: string;
  readonly text: string;
  readonly use: LocationUse;
}

export type JobInput = Readonly<Record<string, unknown>>;

/** A command that pages may start, and the options that they may give it. */
export interface JobKind {
  /** Name of the command with a dot: `ingest.run`. */
  readonly kind: string;
  readonly summary: string;
  /** Schema of the JSON that asks for the job: `kind`, and options of the command by their names. */
  readonly body: z.ZodObject;
  /** The options that are locations: a text, or a list of texts. */
  readonly locations: Readonly<Record<string, LocationUse>>;
  /** The options, in the order of the command's help. */
  readonly fields: readonly JobField[];
  /**
   * Reads the locations that a file of the input names. They are checked as if they were options, and the returned input refers
   * to that very version of the file.
   *
   * @throws {EmporiumError} as the command for a file that it would not understand, STORE_DENIED for one that names what pages
   * may not start, CHANGED_MEANWHILE
   */
  named?(input: JobInput): Promise<{ readonly locations: readonly NamedLocation[]; readonly input: JobInput }>;
  /** The words after `emporium`. @param globals options that stand before names */
  words(input: JobInput, globals: readonly string[]): string[];
  /**
   * The words of the command that prints as JSON what the job would do. Undefined where there is none: then the job is its own
   * plan.
   */
  planWords(input: JobInput, globals: readonly string[]): string[] | undefined;
  /**
   * Parses the words of a command line, typed in a folder; undefined where they are another command.
   *
   * @throws {EmporiumError} USAGE for an option that pages may not give
   */
  inputOf(words: readonly string[], folder: string): JobInput | undefined;
}

/** The locations in an input, each with the option that it stands in. */
export function locationsOf({ locations }: JobKind, input: JobInput): NamedLocation[] {
  return Object.entries(locations).flatMap(([name, use]) =>
    [input[name] ?? []].flat().map((text) => ({ name, text: String(text), use })),
  );
}
