import type { z } from "zod";
import type { JobField } from "../model/page-api.js";

/** What a location of a job is for. `source`: an address or accession of a portal. */
export type LocationUse = "read" | "write" | "source";

export interface NamedLocation {
  readonly name: string;
  readonly text: string;
  readonly use: LocationUse;
}

export type JobInput = Readonly<Record<string, unknown>>;

/** A command that pages may start, and what they may give it. */
export interface JobKind {
  /** `ingest.run`. */
  readonly kind: string;
  readonly summary: string;
  /** Of the JSON that asks for it: `kind`, and options of the command by their names. */
  readonly body: z.ZodObject;
  /** Which of the options are locations: a text, or a list of texts. */
  readonly locations: Readonly<Record<string, LocationUse>>;
  /** The options, in the order of the command's help. */
  readonly fields: readonly JobField[];
  /**
   * Where a file of the input names locations itself: they are checked as if they were options, and the input is of that very file from then on.
   *
   * @throws {EmporiumError} as the command for a file that it would not understand, STORE_DENIED for one that names what pages may not start, CHANGED_MEANWHILE
   */
  named?(input: JobInput): Promise<{ readonly locations: readonly NamedLocation[]; readonly input: JobInput }>;
  /** The words behind `emporium`. @param globals options that stand before names */
  words(input: JobInput, globals: readonly string[]): string[];
  /** Of the command that shows as JSON what the job would do. Undefined where there is none: then the job is its own plan. */
  planWords(input: JobInput, globals: readonly string[]): string[] | undefined;
  /**
   * What words of a terminal mean, typed in a folder; undefined where they are another command.
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
