import { stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Folding } from "./local-names.js";

/** The usual properties of the system, for runs that may not write. */
export function usualFolding(platform: NodeJS.Platform = process.platform): Folding {
  return { case: platform === "win32" || platform === "darwin", unicode: platform === "darwin" };
}

/** Tests the disk with an empty file, since file systems differ from mount to mount. The file is removed. */
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
