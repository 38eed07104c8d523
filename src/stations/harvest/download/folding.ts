import { stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Folding } from "./local-names.js";

/** What systems usually do, where nothing may be written to find out. */
export function usualFolding(platform: NodeJS.Platform = process.platform): Folding {
  return { case: platform === "win32" || platform === "darwin", unicode: platform === "darwin" };
}

/** Asks the disk itself, with an empty file that is removed again: file systems differ from mount to mount. */
export async function probeFolding(folder: string, token: string): Promise<Folding> {
  const name = (letter: string) => join(folder, `.emporium-${token}-${letter}.probe`);
  const composed = name("é".normalize("NFC"));
  const found = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );
  try {
    await writeFile(composed, "", { flag: "wx" });
    return {
      case: await found(join(folder, `.EMPORIUM-${token}-${"é".normalize("NFC")}.probe`)),
      unicode: await found(name("é".normalize("NFD"))),
    };
  } catch {
    return usualFolding();
  } finally {
    await unlink(composed).catch(() => {});
  }
}
