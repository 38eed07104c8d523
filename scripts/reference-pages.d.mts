import type { z } from "zod";
import type { Command } from "../src/cli/command.js";
import type { Flag } from "../src/cli/flags.js";
import type { PositionalHelp } from "../src/cli/help.js";

export function errorsPage(errors: Readonly<Record<string, { exit: number; summary: string }>>): string;

/** What of the command line's own modules renders a command. */
export interface Renderers {
  usageLine(command: Command): string;
  positional(command: Command, key: string): PositionalHelp;
  flagRow(flag: Flag): [string, string];
  flagsOf(options: z.ZodObject, leaveOut?: readonly string[]): Flag[];
  GlobalOptions: z.ZodObject;
}

export function cliPage(commands: readonly Command[], renderers: Renderers): string;

/** emporium(1), for man. */
export function manPage(commands: readonly Command[], renderers: Renderers): string;

/** What a reference page tells of a check. */
export interface CheckRow {
  readonly id: string;
  readonly statement: string;
  readonly suites: readonly string[];
  readonly marks: readonly string[];
  readonly severity: string;
}

export function checksPage(checks: readonly CheckRow[]): string;
