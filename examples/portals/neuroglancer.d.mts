import type { Site } from "./server.mjs";
import type { VirtualFile } from "./tree.mjs";

export const HEMIBRAIN_BUCKET: string;
/** The view of the hemibrain with its six layers. */
export function hemibrainState(): Record<string, unknown>;
export function shortLinks(options: { hemibrain?: unknown }): Site;
/** The viewer's form without percent signs: `'` for strings, `_` for commas. */
export function urlSafe(value: unknown): string;
export function hemibrainFiles(options: { hemibrain?: unknown }): Iterable<[string, VirtualFile]>;
