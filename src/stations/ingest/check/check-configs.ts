import { stat } from "node:fs/promises";
import { join } from "node:path";
import { asEmporiumError, type ErrorRecord, formatError, toErrorRecord } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { formatAccount } from "../account/print.js";
import type { IngestConfig } from "../config/schema.js";
import { type CheckedConfig, checkNode } from "./check.js";
import { isUrl, readConfigFile, readExclusions } from "./config-file.js";
import type { Exclusions } from "./exclusions.js";
import type { Registries } from "./network.js";
import type { RegistryName } from "./registry-client.js";

export interface CheckConfigsOptions extends GivenEnv {
  /** Paths or URLs of files; a folder means the configurations in it. */
  configs: readonly string[];
  /** A file of exclusions, in place of the built-in ones. */
  exclusions?: string | undefined;
  /** Ask public registries. Without it nothing but the files themselves is read. */
  network?: { bases?: Readonly<Partial<Record<RegistryName, string>>> | undefined } | undefined;
  /** Sources that the configuration is held against. Default: none is looked at. */
  source?: { location: string; target?: string | undefined; strict?: boolean | undefined } | undefined;
  /** Keeps the registries' answers. */
  workspace: string;
  anonymous?: boolean | undefined;
  /** Pictures at private addresses are asked for, too. Default false. */
  allowPrivate?: boolean | undefined;
}

export interface CheckReport {
  readonly files: readonly CheckedConfig[];
  /** Files of folders that are no configurations: drafts, templates. */
  readonly skipped: readonly string[];
  /** 0 all are well · 4 errors were found · 2 a file could not be read or is no YAML. */
  readonly exitStatus: 0 | 2 | 4;
  toText(): string;
}

/**
 * Checks configurations, each on its own. The errors of each are in a list of its own.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD for a bad file of exclusions; CANCELLED
 */
export async function checkConfigs(options: CheckConfigsOptions): Promise<CheckReport> {
  const { anonymous, network } = options;
  const exclusions = await readExclusions(options.exclusions, anonymous);
  const { files: names, skipped } = await findConfigs(options.configs, anonymous);
  const registries = network && (await openRegistries(options));
  const files: CheckedConfig[] = [];
  try {
    for (const name of names) files.push(await checkOne(name, exclusions, registries, options));
  } finally {
    await registries?.answers.save();
    await registries?.client.close();
  }
  const isNothing = files.length === 0 && skipped.length === 0;
  const exitStatus = isNothing || files.some(({ readable }) => !readable) ? 2 : files.some(({ ok }) => !ok) ? 4 : 0;
  return { files, skipped, exitStatus, toText: () => formatChecked(files, skipped) };
}

/** Loaded only when asked for: an offline check of one file is over before a client of HTTP is loaded. */
async function openRegistries(options: CheckConfigsOptions): Promise<Registries> {
  const { registryClient } = await import("./registry-client.js");
  const { openAnswers } = await import("./registry-answers.js");
  const env = envOf(options);
  return {
    client: registryClient({ ...env, bases: options.network?.bases, allowPrivate: options.allowPrivate }),
    answers: await openAnswers(options.workspace, env.clock),
  };
}

async function checkOne(
  name: string,
  exclusions: Exclusions,
  registries: Registries | undefined,
  options: CheckConfigsOptions,
): Promise<CheckedConfig> {
  const { anonymous, signal } = options;
  let bytes: Uint8Array;
  try {
    bytes = await readConfigFile(name, anonymous);
  } catch (error) {
    const fault = asEmporiumError(error);
    if (fault.code === "CANCELLED") throw fault;
    return { file: name, ok: false, readable: false, errors: [{ ...toErrorRecord(fault), file: name }], warnings: [] };
  }
  const { checked: alone, root, config, structure } = checkNode(bytes, name, { exclusions });
  const checked = config && structure.length === 0 ? await besideSource(alone, config, options) : alone;
  if (!registries || !root) return checked;
  signal?.throwIfAborted();
  const errors = [...checked.errors];
  const warnings = [...checked.warnings];
  const { checkRegistries } = await import("./network.js");
  await checkRegistries(root, exclusions, registries, {
    fault: (fault) => errors.push(fault),
    warning: (warning) => warnings.push(warning),
  });
  const byLine = (a: ErrorRecord, b: ErrorRecord) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
  return { ...checked, ok: errors.length === 0, errors: errors.sort(byLine), warnings: warnings.sort(byLine) };
}

/** With what its sources say, where they are given. */
async function besideSource(checked: CheckedConfig, config: IngestConfig, options: CheckConfigsOptions): Promise<CheckedConfig> {
  if (!options.source) return checked;
  const { location, target, strict } = options.source;
  const { checkSource } = await import("../account/check-source.js");
  const { anonymous, allowPrivate, signal } = options;
  const found = await checkSource(config, { source: location, target, strict, anonymous, allowPrivate, signal });
  const errors = [...checked.errors, ...found.errors];
  const { account } = found;
  return { ...checked, ok: errors.length === 0, errors, warnings: [...checked.warnings, ...found.warnings], account };
}

/** Names of files that people keep beside configurations. */
const NO_CONFIG = /draft|^template\.ya?ml$|^dataset_config_merged\.ya?ml$/;

async function findConfigs(
  locations: readonly string[],
  anonymous: boolean | undefined,
): Promise<{ files: string[]; skipped: string[] }> {
  const files: string[] = [];
  const skipped: string[] = [];
  for (const location of locations) {
    if (!(await isFolder(location))) {
      files.push(location);
      continue;
    }
    const { openStore } = await import("../../../stores/url.js");
    const store = await openStore(location, { anonymous, readOnly: true });
    const keys: string[] = [];
    for await (const { key } of store.list("")) if (/\.ya?ml$/.test(key)) keys.push(key);
    for (const key of keys.sort()) {
      const shown = isUrl(location) ? `${location.replace(/\/$/, "")}/${key}` : join(location, key);
      if (NO_CONFIG.test(key.slice(key.lastIndexOf("/") + 1))) skipped.push(shown);
      else files.push(shown);
    }
  }
  return { files: [...new Set(files)], skipped };
}

async function isFolder(location: string): Promise<boolean> {
  if (isUrl(location)) return location.endsWith("/");
  return (await stat(location).catch(() => undefined))?.isDirectory() ?? false;
}

/** Grouped by file. Errors that aliases repeat are listed once. */
function formatChecked(files: readonly CheckedConfig[], skipped: readonly string[]): string {
  const lines: string[] = [];
  for (const { file, errors, warnings: all, account } of files) {
    const placeholders = all.filter(({ code }) => code === "CONFIG_PLACEHOLDER");
    const warnings = all.filter(({ code }) => code !== "CONFIG_PLACEHOLDER");
    const counts = [
      count(errors.length, "error"),
      count(warnings.length, "warning"),
      placeholders.length === 0 ? "" : `${counted(placeholders.length, "line")} to fill in or to check`,
    ].filter((text) => text !== "");
    lines.push(`${file}: ${counts.join(", ") || "ok"}`);
    lines.push(...formatGroups(errors, "error"), ...formatGroups(warnings, "warning"));
    for (const { line, message } of placeholders) lines.push(visible(`  line ${line}: ${message}`));
    if (account) lines.push(...formatAccount(account).map(visible));
    if (counts.length > 0 || account) lines.push("");
  }
  for (const file of skipped) lines.push(`${file}: skipped, a draft or template by its name`);
  const bad = files.filter(({ ok }) => !ok).length;
  if (files.length > 1) lines.push(`${counted(files.length, "configuration")}: ${files.length - bad} ok, ${bad} with errors`);
  if (files.length === 0) lines.push("no configuration found");
  return lines.join("\n").trimEnd();
}

function count(number: number, what: string): string {
  return number === 0 ? "" : counted(number, what);
}

/** Faults of one file that people are shown; programs get all. */
const SHOWN_MAX = 500;

function formatGroups(faults: readonly ErrorRecord[], what: "error" | "warning"): string[] {
  const groups = grouped(faults);
  const lines = groups.slice(0, SHOWN_MAX).flatMap((group) => formatGroup(group, what));
  if (groups.length > SHOWN_MAX) lines.push(`and ${groups.length - SHOWN_MAX} more ${what}s: --json lists all`);
  return lines;
}

function grouped(faults: readonly ErrorRecord[]): ErrorRecord[][] {
  const groups = new Map<string, ErrorRecord[]>();
  for (const fault of faults) {
    const key = `${fault.line}:${fault.column} ${fault.code} ${fault.message}`;
    const group = groups.get(key);
    if (group) group.push(fault);
    else groups.set(key, [fault]);
  }
  return [...groups.values()];
}

/** Names of a file may hold anything; a terminal is not to obey it. */
function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function formatGroup([first, ...others]: readonly ErrorRecord[], what: "error" | "warning"): string[] {
  const { message, path } = first!;
  const lines = formatError({ ...first!, message: visible(message), path: path && visible(path) })
    .replace(/^error/, what)
    .split("\n");
  if (others.length > 0) {
    const shown = others.slice(0, 3).map(({ path }) => visible(path ?? ""));
    const more = others.length > shown.length ? ` and ${others.length - shown.length} more` : "";
    lines.splice(2, 0, `  used by alias at ${shown.join(", ")}${more}`);
  }
  return lines;
}
