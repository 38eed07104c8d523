import { parseXml } from "../../../../../formats/alignment/xml.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf, namedFrom } from "../common/paths.js";
import { orReason } from "../common/reading.js";

/** A `.settings` file: where data are, and where results go. */
export interface Settings {
  readonly path: string;
  /** Folder of frames, or of `.tomostar` files; as it stands below the laboratory, undefined where it leads out. */
  readonly dataFolder?: string | undefined;
  readonly processingFolder?: string | undefined;
  /** As it is written. */
  readonly gain?: string | undefined;
  readonly defects?: string | undefined;
  readonly isTilts: boolean;
}

const TEXT_BYTES_MAX = 1024 * 1024;

/**
 * Source: `OptionsWarp.Save` in warpem/warp's WarpLib: `<Settings><Import><Param Name="DataFolder" Value="frames" />…`; paths are relative to the file.
 */
export async function readSettings(laboratory: Laboratory): Promise<{ all: Settings[]; notes: string[] }> {
  const notes: string[] = [];
  const files = laboratory.files.filter(
    ({ path, format, size }) => /\.settings$/i.test(path) && format === "text" && size <= TEXT_BYTES_MAX,
  );
  const all = await mapLimit(files, 8, async ({ path }): Promise<Settings | undefined> => {
    const text = await laboratory.text(path, TEXT_BYTES_MAX);
    if (text === undefined || !/<Settings[\s/>]/.test(text)) return undefined;
    const read = await orReason(() => parseXml(text, path));
    if ("reason" in read) {
      notes.push(`${read.reason}. What it says of gain references and folders is not known.`);
      return { path, isTilts: false };
    }
    const parameters = new Map<string, string>();
    for (const { name, attributes } of read.value.children.find((one) => one.name === "Import")?.children ?? [])
      if (name === "Param") parameters.set(attributes.get("Name") ?? "", (attributes.get("Value") ?? "").trim());
    const value = (key: string) => parameters.get(key) || undefined;
    const data = namedFrom(folderOf(path), value("DataFolder")) ?? ownFolder(path, value("Folder"));
    return {
      path,
      dataFolder: data,
      processingFolder: namedFrom(folderOf(path), value("ProcessingFolder")) ?? data,
      gain: value("GainPath"),
      defects: value("DefectsPath"),
      isTilts: /tomostar/i.test(value("Extension") ?? ""),
    };
  });
  return { all: all.filter((one) => one !== undefined), notes };
}

/**
 * Warp 1 keeps everything in the folder of its input, which its settings name by the path of a machine that is gone, and keeps them there. Source:
 * `Options.Save(Options.Import.Folder + DefaultOptionsName)` in `MainWindow.xaml.cs` of cramerlab/warp
 */
function ownFolder(path: string, named: string | undefined): string | undefined {
  const own = folderOf(path);
  const last = named?.split(/[\\/]/).findLast((part) => part !== "");
  return last !== undefined && (own === "" || baseName(own).toLowerCase() === last.toLowerCase()) ? own : undefined;
}
