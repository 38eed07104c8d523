import type { Site } from "./server.mjs";
import type { VirtualFile } from "./tree.mjs";

export const ORGANELLE_ID: string;
export const ORGANELLE_BUCKET: string;
/** A data set that the manifests know, with a volume in N5. */
export const OLD_ORGANELLE_ID: string;
/** The key of the offline database. */
export const ORGANELLE_KEY: string;
export function organelleSite(options: { organellePage?: "filled" | "empty" | undefined }): Site;
export function organelleManifest(): Record<string, unknown>;
export const organelleDatabase: Site;
/** What the bucket holds, by key. */
export function organelleFiles(): Iterable<[string, VirtualFile]>;
