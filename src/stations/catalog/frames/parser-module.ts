import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { EmporiumError } from "../../../core/errors.js";
import {
  checkParsedMetadata,
  checkParsedName,
  fileNameOf,
  NAME_PARSERS,
  type NameParser,
  type NameParsers,
} from "./name-parsers.js";

/**
 * The built-in parsers, and those of a user's module:
 *
 * ```js
 * export const frameNameParsers = {
 *   parse_my_name: (name, channels) => ({ channel_name, channel_idx, slice_idx, time_idx, pos_idx }),
 * };
 * export const datasetNameParsers = { parse_my_plate: (name) => ({ plate: name.slice(0, 3) }) };
 * ```
 *
 * The module runs with the user's rights, so only the command line can name one. Configurations and tables cannot, because people
 * exchange them. Parsers get the name of a file without its folder; their results are checked.
 *
 * @throws {EmporiumError} USAGE: no such module, one that fails, or one without a parser
 */
export async function loadNameParsers(file: string | undefined): Promise<NameParsers> {
  if (file === undefined) return NAME_PARSERS;
  let loaded: Record<string, unknown>;
  try {
    loaded = (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  } catch (cause) {
    throw new EmporiumError(
      "USAGE",
      `--parser-module: ${file} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        place: { file },
        hint: "give a JavaScript module (.mjs) that exports frameNameParsers or datasetNameParsers",
        cause,
      },
    );
  }
  const parsers = new Map(NAME_PARSERS);
  for (const [of, key] of [
    ["frame", "frameNameParsers"],
    ["dataset", "datasetNameParsers"],
  ] as const) {
    for (const [name, parse] of Object.entries((loaded[key] ?? {}) as Record<string, unknown>)) {
      if (typeof parse !== "function") {
        throw new EmporiumError("USAGE", `--parser-module: ${key}.${name} is a ${typeof parse}; expected a function`, {
          place: { file },
        });
      }
      parsers.set(name, guarded(of, parse as (...args: unknown[]) => unknown, name, file));
    }
  }
  if (parsers.size === NAME_PARSERS.size && ![...parsers].some(([name, parser]) => NAME_PARSERS.get(name) !== parser)) {
    throw new EmporiumError("USAGE", `--parser-module: ${file} exports no parser`, {
      place: { file },
      hint: "export const frameNameParsers = { NAME: (name, channels) => ({ … }) }",
    });
  }
  return parsers;
}

function guarded(of: NameParser["of"], parse: (...args: unknown[]) => unknown, parser: string, file: string): NameParser {
  const call = (name: string, ...more: unknown[]): unknown => {
    try {
      return parse(name, ...more);
    } catch (cause) {
      throw new EmporiumError(
        "CONFIG_FIELD",
        `${parser} fails on the file name ${JSON.stringify(name)}: ${cause instanceof Error ? cause.message : String(cause)}`,
        {
          place: { file },
          cause,
        },
      );
    }
  };
  if (of === "frame") {
    return { of, parse: (path, channels) => checkParsedName(call(fileNameOf(path), channels), fileNameOf(path)) };
  }
  return { of, parse: (path) => checkParsedMetadata(call(fileNameOf(path)), fileNameOf(path)) };
}
