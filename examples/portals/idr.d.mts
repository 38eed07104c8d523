import type { Site } from "./server.mjs";

export const IDR_STUDY: string;
/** Paths of the files below `pub/databases/IDR/`. */
export const IDR_FILES: readonly string[];
export const idrSite: Site;
/** The study's list of files, as its repository on GitHub has it: eleven in two data sets. */
export function filePathsTable(): string;
