import type { Site } from "./server.mjs";

/** Paths on `documents.epfl.ch`. */
export const EPFL_FILES: readonly string[];
export const EPFL_DESCRIPTION: string;
export function epflPage(description?: string): string;
export function epflSite(options: { epflDescription?: string | undefined }): Site;
