import type { Metafile } from "esbuild";

export function mergedImports(metafile: Pick<Metafile, "outputs">, start: string): Map<string, string[]>;
