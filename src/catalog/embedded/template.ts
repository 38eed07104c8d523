import { chmod, chown, cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { EmporiumError } from "../../core/errors.js";
import { fileError } from "../../stores/file/errors.js";
import type { ServerUser } from "./server-user.js";
import type { Binaries } from "./tool.js";

/**
 * A new database's data folder as a copy of one that lies ready, `$EMPORIUM_POSTGRES_TEMPLATE`: the `catalog/postgres/data` of a workspace whose
 * server has been stopped. initdb starts its programs through `/bin/sh`, which an image without a shell does not have.
 * The template's roles have passwords of its own: who copies it sets others.
 *
 * @throws {EmporiumError} DATABASE_EMBEDDED if it is no such folder, or of another PostgreSQL than the programs
 */
export async function copyTemplate(
  template: string,
  data: string,
  binaries: Binaries,
  user: ServerUser | undefined,
): Promise<void> {
  const version = await readFile(join(template, "PG_VERSION"), "utf8").catch((error: unknown) => {
    throw fileError(error, join(template, "PG_VERSION"), "read");
  });
  const names = await readdir(template);
  const found =
    Number.parseInt(version, 10) !== binaries.major
      ? `made by PostgreSQL ${version.trim()}, the programs here are of version ${binaries.version}`
      : names.includes("postmaster.pid") && "a folder whose server runs, or was killed";
  if (found) {
    throw new EmporiumError(
      "DATABASE_EMBEDDED",
      `$EMPORIUM_POSTGRES_TEMPLATE is ${found}; a stopped database of version ${binaries.major} is needed`,
      {
        place: { file: template },
        hint: "make the template again with these programs: emporium catalog init --workspace DIR, then DIR/catalog/postgres/data",
      },
    );
  }
  await cp(template, data, { recursive: true });
  // the template may be readable for all, and owned by anybody; PostgreSQL wants data that are its user's alone
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    await chmod(path, entry.isDirectory() ? 0o700 : 0o600);
    if (user) await chown(path, user.uid, user.gid);
  }
  await chmod(data, 0o700);
  if (user) await chown(data, user.uid, user.gid);
}
