import type { Site } from "./server.mjs";

export const EMPIAR_ID: string;
/** Paths below `empiar/world_availability/11759/`. */
export const EMPIAR_FILES: readonly string[];
export function empiarEntry(): Record<string, Record<string, unknown>>;
/** The same facts in the archive's XML. */
export function empiarXml(): string;
export const empiarSite: Site;
