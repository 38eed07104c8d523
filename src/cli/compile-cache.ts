import * as module from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** What Node 22.1 and later have: compiled code is kept in a folder, and the next process reads it from there. */
type EnableCompileCache = (folder?: string) => unknown;

/**
 * Lets Node keep what it compiles of the program in the user's cache folder: `$XDG_CACHE_HOME/emporium/compiled`, without the variable
 * `~/.cache/emporium/compiled`. `NODE_COMPILE_CACHE` and `NODE_DISABLE_COMPILE_CACHE` go before, as for any program. Does nothing where Node has no
 * such cache (Node 20) or the folder cannot be written: then everything is compiled, as without it.
 */
export function keepCompiledCode(
  env: Readonly<Record<string, string | undefined>>,
  enable = (module as { enableCompileCache?: EnableCompileCache }).enableCompileCache,
): void {
  try {
    enable?.(env.NODE_COMPILE_CACHE ? undefined : join(cacheOf(env), "emporium", "compiled"));
  } catch {
    // a user without a home, or a folder that Node refuses: the program starts all the same
  }
}

/** A relative path is to be ignored: XDG Base Directory Specification. */
function cacheOf({ XDG_CACHE_HOME: folder }: Readonly<Record<string, string | undefined>>): string {
  return folder !== undefined && isAbsolute(folder) ? folder : join(homedir(), ".cache");
}
