import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isSeq, parseDocument, type YAMLSeq } from "yaml";
import { EmporiumError } from "../../core/errors.js";
import { TOKEN_BYTES } from "../../stores/file/token-file.js";
import { hashOfKey, parseAccessRules } from "./rules.js";

export interface NewLink {
  readonly name: string;
  readonly datasets: readonly number[];
  readonly depositions: readonly number[];
  /** Last day on which the link shows anything. */
  readonly until: string;
}

/**
 * Adds a link to a file of rules, which gets the hash of its key. Everything else in the file stays as a person wrote it, and whoever reads it meanwhile
 * reads it whole. A file that is not there is made.
 *
 * @returns the key, which is nowhere else
 * @throws {EmporiumError} USAGE for a name that another link has, for a link to nothing, and where the file cannot be written; CONFIG_… for a wrong file
 */
export function addLink(file: string, { name, datasets, depositions, until }: NewLink): string {
  if (datasets.length + depositions.length === 0) {
    throw new EmporiumError("USAGE", "a link needs something to show", {
      hint: "give --dataset ID or --deposition ID, each as often as needed",
    });
  }
  const isThere = existsSync(file);
  const before = isThere ? readFileSync(file, "utf8") : "";
  if (parseAccessRules(before, file).links.some((link) => link.name === name)) {
    throw new EmporiumError("USAGE", `${file} already has a link ${name}`, {
      place: { file },
      hint: "choose another --name, or remove the old link: whoever has it sees nothing any more",
    });
  }
  const key = randomBytes(TOKEN_BYTES).toString("base64url");
  const document = parseDocument(before);
  if (!isSeq(document.get("links"))) document.set("links", document.createNode([]));
  const link = document.createNode({
    name,
    ...(datasets.length > 0 && { datasets: [...datasets] }),
    ...(depositions.length > 0 && { depositions: [...depositions] }),
    key: `sha256:${hashOfKey(key).toString("hex")}`,
    until,
  });
  const links = document.get("links") as YAMLSeq;
  links.flow = false;
  links.add(link);
  const text = document.toString({ lineWidth: 0 });
  parseAccessRules(text, file);
  const part = `${file}.${randomBytes(4).toString("hex")}.part`;
  try {
    writeFileSync(part, text, { mode: isThere ? statSync(file).mode & 0o777 : 0o600, flag: "wx" });
    renameSync(part, file);
  } catch (cause) {
    rmSync(part, { force: true });
    throw new EmporiumError("USAGE", `${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  return key;
}
