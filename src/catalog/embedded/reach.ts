import { closeSync, existsSync, openSync } from "node:fs";
import type { ServerUser } from "./server-user.js";

/** Access of a child process to some folders and files: the paths to give it, and the open descriptors behind them. */
export interface Reach {
  /** Path by which the child reaches one of them. */
  path(name: string): string;
  /** Descriptors for the child's stdio from number 3 on. */
  readonly descriptors: readonly number[];
  close(): void;
}

const FIRST_DESCRIPTOR = 3;
const OWN_DESCRIPTORS = "/proc/self/fd";

/**
 * A server that root runs as `nobody` cannot open a workspace below a folder of mode 0700, such as root's home or a folder of `mktemp -d`. It can use descriptors that are already open: on Linux each folder is passed as a descriptor and named
 * `/proc/self/fd/3`, which no longer leads through the folders above. So the data stay in the workspace, whatever its parents allow.
 * Anybody else, and any other system, uses the plain paths.
 */
export function reach(user: ServerUser | undefined, names: readonly string[]): Reach {
  if (!user || !existsSync(OWN_DESCRIPTORS)) return { path: (name) => name, descriptors: [], close() {} };
  const descriptors = names.map((name) => openSync(name, "r"));
  return {
    path(name) {
      const [at, rest] = locate(names, name);
      return `${OWN_DESCRIPTORS}/${FIRST_DESCRIPTOR + at}${rest}`;
    },
    descriptors,
    close() {
      for (const descriptor of descriptors) closeSync(descriptor);
    },
  };
}

function locate(names: readonly string[], name: string): [at: number, rest: string] {
  const at = names.findIndex((folder) => name === folder || name.startsWith(`${folder}/`));
  return [at, name.slice(names[at]!.length)];
}
