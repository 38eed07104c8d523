import type { VirtualFile } from "./tree.mjs";

type Files = [path: string, file: VirtualFile][];

/** Files of `ftp.ebi.ac.uk` and of `documents.epfl.ch`. `small`: of some megabytes, without an image in them. */
export function dataFiles(options?: { small?: boolean | undefined }): { archive: Files; documents: Files };
